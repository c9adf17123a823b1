/** One probe drawn for a person: verdict, reason, phases as bars, and the facts that matter. Pure. */

import {assumesPort80, describeResolver, type OutcomeJson, type ProbeJson} from '../server/json.ts';
import {sayAlike} from '../server/say-alike.ts';
import {formatLatency, formatPath} from '../util/readable.ts';
import {drawCommand} from './draw-cause.ts';
import {clean, type DrawOptions, headline, paint, verdictColor, wrap} from './draw-lines.ts';
import {drawStrip} from './draw-strip.ts';

/**
 * The whole drawing, ending with a line break; no line but a command is longer than `columns`, and nothing in it moves the cursor. `asked` is the
 * URL of the daemon that probed; undefined when this program did it itself.
 */
export function drawProbe(
	{check, module, outcome, checks, path, record}: ProbeJson,
	asked: string | undefined,
	options: DrawOptions,
): string {
	const {verdict, reason, detail, late, facts = {}} = outcome;
	const who = asked === undefined ? 'without a daemon' : `says ${asked}`;
	const word = verdict === 'up' ? 'up' : verdict.toUpperCase();
	const lines = [
		...headline(word, verdictColor[verdict], check.target.address, options, verdict.length + 2),
		...wrap(
			`${module?.name ?? `check ${check.name}${check.expect ? ' (nothing may answer there)' : ''}`} from ${check.vantage}, via ${check.target.via}, ${whenDone(outcome)}, ${who}`,
			options,
			2,
		),
	];
	if (reason || detail)
		lines.push('', ...wrap(`${reason ? `${reason}: ` : ''}${detail ?? 'no more is known'}`, options, 2));
	if (verdict === 'down' && assumesPort80(check.type, check.target.address))
		lines.push('', ...wrap('The target names neither scheme nor port: port 80 was assumed.', options, 2));
	if (facts.body_start) lines.push('', ...wrap(`The answer begins: ${facts.body_start}`, options, 2));
	if (late) lines.push('', ...wrap(sayLate(outcome), options, 2));
	const bars = check.type === 'tunnel' ? drawRungs(outcome, options) : drawPhases(outcome, options);
	if (bars.length > 0) lines.push('', ...bars);
	const notes = listNotes(outcome, facts, path);
	if (notes.length > 0) lines.push('', ...pack(notes, options));
	const strip = record ? drawStrip(record.lastHour, options, module ? `check ${record.check}` : '') : [];
	if (strip.length > 0) lines.push('', ...strip);
	const alike = sayAlike(checks, Date.parse(outcome.startedAt), asked);
	if (alike.length > 0) lines.push('', ...alike.flatMap(line => drawAlike(line, options)));
	return `${lines.join('\n')}\n`;
}

/** What is wrong with a whole answer: no phase broke. */
const judgedAfterwards: readonly string[] = ['status', 'content', 'loss', 'expected_unreachable'];
/** Width of the names and of the times in front of the bars. */
const nameWidth = 12;
const timeWidth = 9;

function sayLate({latenessSeconds}: OutcomeJson): string {
	const much = latenessSeconds === undefined ? 'late' : `${formatLatency(latenessSeconds)} late`;
	return `tailprobe's own thread was ${much} during this run: the times are too high.`;
}

function whenDone({verdict, durationSeconds}: OutcomeJson): string {
	return verdict === 'unknown'
		? durationSeconds < 0.001
			? 'was not run'
			: `gave up after ${formatLatency(durationSeconds)}`
		: `took ${formatLatency(durationSeconds)}`;
}

/** A command at its end can be copied whole. */
function drawAlike(line: string, options: DrawOptions): string[] {
	const end = line.indexOf(': tailprobe probe ') + 1;
	return end === 0
		? wrap(line, options, 2)
		: [...wrap(line.slice(0, end), options, 2), drawCommand(line.slice(end).trim())];
}

/** Each phase begins where the one before it ended; on failure the last one is marked. */
function drawPhases({phases, values, verdict, reason, facts}: OutcomeJson, options: DrawOptions): string[] {
	const {rtt_seconds: rtt} = values ?? {};
	const entries = Object.entries({...phases, ...(rtt === undefined ? {} : {rtt})});
	const total = entries.reduce((sum, [, seconds]) => sum + seconds, 0);
	const broke = verdict === 'down' && reason !== undefined && !judgedAfterwards.includes(reason);
	const failed = broke ? (facts?.phase ?? entries.at(-1)?.[0]) : undefined;
	let passed = 0;
	return entries.map(([name, seconds]) => {
		const bar = {from: passed / (total || 1), to: (passed + seconds) / (total || 1)};
		passed += seconds;
		return drawBar(name, seconds, bar, name === failed, options);
	});
}

/** Round trips side by side, from the lowest rung up. */
function drawRungs({values = {}}: OutcomeJson, options: DrawOptions): string[] {
	const rungs = ['disco', 'tsmp', 'icmp'].flatMap(name => {
		const seconds = values[`${name}_seconds`];
		return seconds === undefined ? [] : [{name, seconds}];
	});
	const longest = Math.max(...rungs.map(({seconds}) => seconds));
	return rungs.map(({name, seconds}) =>
		drawBar(name, seconds, {from: 0, to: seconds / (longest || 1)}, false, options),
	);
}

function drawBar(
	name: string,
	seconds: number,
	share: {from: number; to: number},
	failed: boolean,
	options: DrawOptions,
): string {
	const room = Math.max(options.columns - 2 - nameWidth - timeWidth - 2, 1);
	const from = Math.min(Math.round(clamp(share.from) * room), room - 1);
	const length = Math.max(Math.round(clamp(share.to) * room) - from, 1);
	const [block, cross] = options.unicode ? ['█', '✗'] : ['#', 'x'];
	const bar = paint(block.repeat(length), failed ? 'red' : 'cyan', options);
	const label = clean(name, nameWidth - 1, options).padEnd(nameWidth);
	return `${failed ? cross : ' '} ${label}${formatLatency(seconds).padStart(timeWidth)}  ${' '.repeat(from)}${bar}`;
}

function listNotes(
	{values = {}, phases = {}}: OutcomeJson,
	facts: Record<string, string>,
	lastPath: string | undefined,
): string[] {
	const {address, resolved_by: by, http_version: version, tls_version: tls, path, derp_region: region} = facts;
	const expiry = values.tls_earliest_cert_expiry_seconds;
	const share = (name: string) =>
		values[name] === undefined ? undefined : `${Number((values[name] * 100).toFixed(1))} %`;
	const span = (name: string) => (values[name] === undefined ? undefined : formatLatency(values[name]));
	const notes: [name: string, value: string | number | undefined][] = [
		['path', formatPath(path ?? lastPath, region)],
		['status', values.status_code],
		['HTTP', version],
		['', tls],
		['certificate until', expiry === undefined ? undefined : dayOf(expiry)],
		['redirects', values.redirects || undefined],
		['body', sizeOf(values)],
		['jitter', span('jitter_seconds')],
		['loss', share('loss_ratio')],
		['overhead', span('overhead_seconds')],
		[
			'address',
			address && by ? `${address} (${describeResolver(by, phases.resolve ?? values.resolve_seconds)})` : address,
		],
	];
	return notes
		.filter(([, value]) => value !== undefined && value !== '')
		.map(([name, value]) => `${name} ${value}`.trim());
}

/** Of what came over the wire; where it was packed, of what was in it too. */
function sizeOf({body_bytes: bytes, uncompressed_body_bytes: unpacked}: Record<string, number>): string | undefined {
	if (bytes === undefined) return undefined;
	return unpacked === undefined ? `${bytes} bytes` : `${unpacked} bytes unpacked (${bytes} packed)`;
}

/** As many notes to a line as fit. */
function pack(notes: readonly string[], options: DrawOptions): string[] {
	const {columns, unicode} = options;
	const lines: string[] = [];
	for (const note of notes) {
		const joined = `${lines.at(-1)}${unicode ? ' · ' : ', '}${clean(note, columns, options)}`;
		if (lines.length > 0 && joined.length <= columns) lines[lines.length - 1] = joined;
		else lines.push(...wrap(note, options, 2));
	}
	return lines;
}

function dayOf(unixSeconds: number): string | undefined {
	const date = new Date(unixSeconds * 1000);
	return Number.isNaN(date.getTime()) ? undefined : date.toISOString().slice(0, 10);
}

function clamp(share: number): number {
	return Math.min(Math.max(share, 0), 1);
}
