/** The checks of a soak, one line each. */

import {restName} from './config.ts';
import {judgeFlatness} from './flat.ts';
import {kinds} from './kinds.ts';
import type {HeldPoint, Look, Notes} from './notes.ts';
import type {Report} from './report.ts';
import {sumOf} from './samples.ts';

const mb = 1_000_000;

/** How much more the last quarter may hold than the second. A short run is still warming up. */
const slacks: readonly {what: keyof HeldPoint; of: string; slack: (before: number, isShort: boolean) => number}[] = [
	{what: 'anonymousBytes', of: 'anonymous memory', slack: (before, isShort) => (isShort ? 0.3 : 0.08) * before},
	{what: 'threads', of: 'threads', slack: () => 1},
];

export function judgeHeld(report: Report, {held}: Notes, isShort: boolean): void {
	for (const {what, of, slack} of slacks) {
		const points = held
			.map(point => ({at: point.probes, value: point[what]}))
			.filter(({value}) => Number.isFinite(value));
		if (points.length < 8) {
			report.check(false, `${of} flat`, `only ${points.length} looks`);
			continue;
		}
		const allowed = slack(judgeFlatness(points, 0).before, isShort);
		const {before, after, rise, isFlat} = judgeFlatness(points, allowed);
		const show = (value: number) => (what === 'anonymousBytes' ? `${(value / mb).toFixed(1)} MB` : value.toFixed(0));
		const seen = `${show(before)} in the second quarter, ${show(after)} in the last, rise of the line ${show(rise)}; allowed ${show(allowed)} more, ${show(2 * allowed)} by the line`;
		report.check(isFlat, `${of} flat`, seen);
	}
}

/** What may be more after the soak than before it, with nothing configured at both times. */
const leftovers: readonly {what: keyof HeldPoint; of: string; slack: number}[] = [
	{what: 'descriptors', of: 'file descriptors', slack: 4},
	{what: 'sockets', of: 'sockets', slack: 2},
	{what: 'timers', of: 'timers of both threads', slack: 4},
	{what: 'mainHeapBytes', of: "the main thread's heap after collection", slack: 4 * mb},
	// At rest it has one of two levels, about 14 and 19 MB, before as well as after, and which one is by chance (seven runs of 54 to 180 s).
	{what: 'measuringHeapBytes', of: "the measuring thread's heap after collection", slack: 6 * mb},
];

export function judgeRest(report: Report, before: HeldPoint, after: HeldPoint): void {
	for (const {what, of, slack} of leftovers) {
		const show = (value: number) => (slack >= mb ? `${(value / mb).toFixed(1)} MB` : String(value));
		const seen = `${show(before[what])} before, ${show(after[what])} after; allowed ${show(slack)} more`;
		report.check(after[what] - before[what] <= slack, `at rest, ${of} as before`, seen);
	}
}

/**
 * Of all runs: those that waited for a core on both sides, again and again, and each time too shortly to be
 * told; and names of nodes that our MagicDNS did not answer in time, where nobody could look. */
const strayTimeouts = 0.0005;

export function judgeVerdicts(report: Report, notes: Notes): void {
	const {runs, oddities, targetsLate} = notes;
	const mismatches = notes.mismatches();
	const worstMs = Math.max(0, ...targetsLate.map(({ms}) => ms));
	const list = [...mismatches].map(([what, count]) => `${what} ×${count}`).join(', ');
	const strays = sumWhere(mismatches, what => /^\S+ timeout |^node vantage /.test(what));
	const others = sum(mismatches) - strays;
	const allowed = Math.floor(strayTimeouts * notes.seenRuns());
	report.check(
		others === 0 && strays <= allowed,
		'each verdict is what that kind of target deserves',
		`${list || 'all'}; ${strays} stray timeouts, allowed ${allowed}; targets were ${Math.round(worstMs)} ms late at worst`,
	);
	const idle = kinds.filter(({name, deserves}) =>
		deserves === 'up' ? !runs.get(`${name} up`) : !deserves.some(reason => runs.get(`${name} ${reason}`)),
	);
	report.check(
		idle.length === 0,
		`all ${kinds.length} kinds were seen as they are`,
		idle.map(({name}) => name).join(', ') || undefined,
	);
	report.check(
		oddities.length === 0,
		`${notes.reloads} reloads and ${sum(notes.adhoc)} ad hoc probes went well`,
		oddities.slice(0, 3).join('; ') || undefined,
	);
	judgeServed(report, notes);
}

/** What the targets served is what the daemon calls up: an answer less than a slot was under way, or its outcome was lost with a thread. */
function judgeServed(report: Report, {byTarget, served, servedBefore, killedAt}: Notes): void {
	const wrong: string[] = [];
	let compared = 0;
	for (const [id, all] of Object.entries(served)) {
		const count = all - (servedBefore[id] ?? 0);
		const target = targetOf(id);
		const known = target === undefined ? undefined : byTarget.get(target);
		if (target === undefined || known === undefined) continue;
		compared++;
		// What was served is told once a second: two slots.
		if (count < known.up - 3 || count > known.up + known.others + killedAt.length + 3)
			wrong.push(`${target} served ${count}, up ${known.up}, else ${known.others}`);
	}
	const seen = wrong.length === 0 ? `${compared} targets` : wrong.slice(0, 5).join('; ');
	report.check(wrong.length === 0 && compared > 0, 'targets served as often as they are called up', seen);
}

/** `kind address` as the targets tell it: the last part of the address is the number. */
function targetOf(id: string): string | undefined {
	const [kind, address = ''] = id.split(' ');
	const last = Number(address.split('.').at(-1));
	return kind === undefined || Number.isNaN(last) ? undefined : `${kind}-${last - 1}`;
}

/** More are never under way. */
const lostPerKill = 500;

/** A look when nothing was configured any more and no run was under way. */
export function judgeSums(report: Report, notes: Notes, {samples, started, inFlight}: Look): void {
	const of = (verdict: string) => sumOf(samples, 'tailprobe_vantage_runs_total', {verdict});
	const [up, down, unknown] = [of('up'), of('down'), of('unknown')];
	const ended = up + down + unknown;
	report.check(
		started === ended && started > 0 && inFlight === 0,
		'runs started = up + down + unknown',
		`${started} = ${up} + ${down} + ${unknown}`,
	);
	const unseen = ended - notes.seenRuns();
	report.check(
		unseen >= 0 && unseen <= notes.mayBeUnseen + lostPerKill * notes.killedAt.length,
		'and is the sum over checks that remain or were removed',
		`${notes.seenRuns()}; ${unseen} more were under way or not looked at yet at ${Math.round(notes.removedChecks())} removals of a check, or lost with a thread; at most ${Math.round(notes.mayBeUnseen)} and ${lostPerKill} per kill`,
	);
	const told = [...notes.adhoc].every(
		([verdict, count]) => sumOf(samples, 'tailprobe_adhoc_probes_total', {verdict}) === count,
	);
	report.check(told, 'ad hoc probes counted as answered', [...notes.adhoc].map(pair => pair.join(' ')).join(', '));
	const restarts = sumOf(samples, 'tailprobe_vantage_thread_restarts_total');
	report.check(
		restarts === notes.killedAt.length,
		'the measuring thread was started again after each kill',
		`${restarts} of ${notes.killedAt.length}`,
	);
	const bugs = sumOf(samples, 'tailprobe_internal_errors_total');
	report.check(bugs === 0, 'no internal error', String(bugs));
}

/** `exposition`: when only the check was left that never runs. */
export function judgeLeft(report: Report, exposition: string): void {
	const left = [...exposition.matchAll(/[{,]check="([^"]*)"/g)]
		.map(([, check]) => check)
		.filter(check => check !== restName);
	report.check(
		left.length === 0,
		'no series of removed checks is left',
		left.length === 0 ? undefined : `${left.length}, such as those of ${left[0]}`,
	);
}

/** `lines`: all that the daemon wrote. */
export function judgeEnd(
	report: Report,
	lines: readonly string[],
	end: {code: number | null; signal: string | null; seconds: number},
	{killedAt}: Notes,
): void {
	const strange = lines.filter(line => !isExpectedLine(line, killedAt.length > 0));
	report.check(
		strange.length === 0,
		'nothing strange in its log or on standard error',
		strange.slice(0, 3).join(' | ') || undefined,
	);
	const how = `${end.code === null ? end.signal : `exit ${end.code}`} after ${end.seconds.toFixed(1)} s`;
	report.check(end.code === 0 && end.seconds < 10, 'SIGTERM in the middle of runs ends it within 10 s', how);
}

/** Warnings about targets are the daemon's work; an error must have been provoked, and what is no log line was never meant to be there. */
export function isExpectedLine(line: string, mayDie: boolean): boolean {
	try {
		const {level, msg} = JSON.parse(line) as {level?: unknown; msg?: unknown};
		const isError = level === 'error' || level === 'fatal' || (typeof level === 'number' && level >= 50);
		return !isError || (mayDie && msg === 'the measuring thread ended and is started again');
	} catch {
		return false;
	}
}

function sum(counts: ReadonlyMap<string, number>): number {
	return [...counts.values()].reduce((total, count) => total + count, 0);
}

function sumWhere(counts: ReadonlyMap<string, number>, isMeant: (id: string) => boolean): number {
	return sum(new Map([...counts].filter(([id]) => isMeant(id))));
}
