/** One round of checks over there: names, one script (more only where it would be too long), and what each answer means. */

import {setImmediate as breathe} from 'node:timers/promises';
import type {Check, Reading} from '../engine/types.ts';
import type {AddressRule} from '../net/types.ts';
import {findProbe} from '../probes/registry.ts';
import type {Probe, ShellPlace} from '../probes/types.ts';
import {CannotLookError, messageOf, TargetDownError} from '../util/errors.ts';
import {fairMs, type ShellTransport} from '../vantages/shell-transport.ts';
import {
	type Execution,
	execute,
	mostOutputBytes,
	outputBytes,
	type Ran,
	scriptBytes,
	scriptSeconds,
} from './execution.ts';
import {addressOf, askForName, familyOf, type Named, type NameRules, nameOf, type PeerLookup} from './names.ts';
import {askStatus, type OwnStatus, readStatus} from './own-status.ts';
import type {ScriptCommand} from './script.ts';

export interface RoundOptions {
	transport: ShellTransport;
	place: Omit<ShellPlace, 'timeoutMs' | 'address'> & {allowLoopback: boolean};
	peers: PeerLookup;
	/** Commands at a time. */
	lanes: number;
	/** The whole round, milliseconds. */
	deadlineMs: number;
	signal: AbortSignal;
	onBug(text: string): void;
}

export interface RoundResult {
	/** By key: a reading, or what stood in the way. */
	found: Map<string, Found>;
	/** Whether anything of what was to be looked at was run; false without a refusal: there was nothing to send. */
	ran: boolean;
	/** Undefined where no tailscaled is known there, or nothing ran. */
	status?: OwnStatus;
	/** Why nothing ran. */
	refusal?: CannotLookError;
	/** The refusal says nothing about the place: there was no time to answer. */
	hurried?: true;
}

export interface Found {
	result: Reading | Error;
	/** Milliseconds that it took there. */
	durationMs: number;
}

/** Commands at a time, so that their times stay true; more where the round could not end otherwise. */
export function lanesFor(checks: number, timeoutMs: number, intervalMs: number): number {
	const needed = Math.ceil((checks * timeoutMs) / Math.max(timeoutMs, intervalMs - overheadMs));
	return Math.max(4, Math.min(8, needed));
}

/** Time for a round of so many checks: never more than an interval, never less than a timeout. */
export function roundDeadlineMs(checks: number, timeoutMs: number, intervalMs: number): number {
	const waves = Math.ceil(checks / lanesFor(checks, timeoutMs, intervalMs));
	return Math.max(timeoutMs, Math.min(intervalMs, waves * timeoutMs + overheadMs));
}

/** Runs the checks, all of which have the same timeout. Never rejects; every check is among what was found. */
export async function runShellRound(checks: readonly Check[], options: RoundOptions): Promise<RoundResult> {
	const begunAt = performance.now();
	const found = new Map<string, Found>();
	const say = (check: Check, result: Reading | Error, durationMs = 0) => found.set(check.key, {result, durationMs});
	const named = checks.flatMap((check): Aimed[] => {
		try {
			return [aimAt(check, options)];
		} catch (error) {
			say(check, asError(error));
			return [];
		}
	});
	const {aimed, ...resolving} = await resolveThere(named, options, say);
	if (resolving.refusal) return {found, ran: false, ...resolving};

	const deadlineMs = options.deadlineMs - (performance.now() - begunAt);
	const asked = aimed.flatMap((aim): Asked[] => {
		try {
			return [commandFor(aim, options, deadlineMs)];
		} catch (error) {
			say(aim.check, asError(error));
			return [];
		}
	});
	const {tailscaled} = options.place;
	const isLook = checks.length === 0;
	const status = tailscaled === undefined ? [] : [askStatus(tailscaled)];
	const parts = splitUp(asked, status, options.transport.maxScriptBytes);
	for (const one of parts.tooLong)
		say(
			one.check,
			new CannotLookError(
				'unsupported',
				'What is to be sent, or the largest answer to it (body_size_limit), is too long for this way.',
			),
		);
	if (asked.length === parts.tooLong.length && !isLook) return {found, ran: false};

	const [first = []] = parts.fitting;
	const groups = [
		[...status, ...(isLook ? [sign] : []), ...first.map(({command}) => command)],
		...parts.fitting.slice(1).map(part => part.map(({command}) => command)),
	];
	const executions: Execution[] = [];
	for (const wave of wavesOf(groups)) {
		const leftMs = options.deadlineMs - (performance.now() - begunAt);
		const lanes = Math.max(2, Math.ceil(options.lanes / wave.length));
		const how = {deadlineMs: leftMs, lanes, signal: options.signal};
		const runs = wave.map(commands =>
			executions.length > 0 && leftMs < leastMs ? notBegun(commands) : execute(options.transport, commands, how),
		);
		// Read at once, so that no more than one wave's answers are kept.
		for (const execution of await Promise.all(runs)) {
			const at = executions.length;
			const own = at === 0 ? status.length : 0;
			executions.push({...execution, results: execution.results.slice(0, own)});
			await readPart(parts.fitting[at] ?? [], execution.results.slice(own));
		}
	}
	return {found, ...told(executions, status.length > 0, deadlineMs)};

	async function readPart(part: readonly Asked[], results: Execution['results']): Promise<void> {
		let breatheAt = performance.now() + sliceMs;
		for (const [index, one] of part.entries()) {
			const ran = results[index];
			if (ran) say(one.check, read(one, ran, options), durationOf(ran));
			if (performance.now() < breatheAt) continue;
			await breathe();
			breatheAt = performance.now() + sliceMs;
		}
	}
}

interface Aimed {
	check: Check;
	shell: NonNullable<Probe['shell']>;
	/** Absent for what dials nothing. */
	named?: Named;
	rules: NameRules;
}

interface Asked extends Aimed {
	command: ScriptCommand;
	place: ShellPlace;
}

const overheadMs = 3000;
/** Judging a large body takes a while: everything else goes on in between. */
const sliceMs = 15;
/** In less time no script comes to its end. */
const leastMs = 1500;
/** Runs where a shell does. */
const sign: ScriptCommand = {argv: ['true'], maxBytes: 10, limitSeconds: 1};

function aimAt(check: Check, {place, peers}: RoundOptions): Aimed {
	const {target, type} = check;
	const probe = findProbe(type);
	if (!probe?.shell)
		throw new CannotLookError(
			'unsupported',
			`The type ${type} needs more than a shell: it is measured by an agent or from here.`,
		);
	const rule: AddressRule = {
		via: target.via,
		prefixes: place.tailnet.prefixes,
		allowLoopback: place.allowLoopback,
		...(target.only === undefined ? {} : {only: target.only}),
	};
	const rules = {rule, choice: familyOf(check)};
	if (probe.address === 'self') return {check, shell: probe.shell, rules};
	return {check, shell: probe.shell, rules, named: nameOf(target, rules, peers)};
}

/** Asks that machine for the names that only it knows, all in one script. */
async function resolveThere(
	aimed: readonly Aimed[],
	options: RoundOptions,
	say: (check: Check, error: Error) => void,
): Promise<{aimed: Aimed[]} & Pick<RoundResult, 'refusal' | 'hurried'>> {
	const hosts = [...new Set(aimed.flatMap(({named}) => (named && named.address === undefined ? [named.host] : [])))];
	if (hosts.length === 0) return {aimed: [...aimed]};
	const limitMs = options.deadlineMs / 2;
	const limitSeconds = Math.max(1, scriptSeconds(limitMs) - 1);
	const commands = hosts.map(host => ({argv: askForName(host), maxBytes: 8192, limitSeconds}));
	const how = {deadlineMs: limitMs, lanes: 8, signal: options.signal};
	const {results, refusal, hurried} = await execute(options.transport, commands, how);
	const answers = new Map(hosts.map((host, at) => [host, results[at]]));
	const known = aimed.flatMap((aim): Aimed[] => {
		const {named} = aim;
		if (!named || named.address !== undefined) return [aim];
		try {
			const answer = answers.get(named.host);
			if (!answer || answer instanceof Error)
				throw answer ?? new CannotLookError('incomplete', `${named.host} was not asked for.`);
			return [{...aim, named: {...named, address: addressOf(named, answer.output, aim.rules)}}];
		} catch (error) {
			say(aim.check, asError(error));
			return [];
		}
	});
	if (!refusal) return {aimed: known};
	for (const aim of known) say(aim.check, refusal);
	return {aimed: [], refusal, ...(hurried ? {hurried} : {})};
}

function commandFor(aim: Aimed, {place, transport}: RoundOptions, deadlineMs: number): Asked {
	const {check, shell, named} = aim;
	// What it takes to say so must fit before the script's own end.
	const timeoutMs = Math.max(300, Math.min(check.timeoutMs, scriptSeconds(deadlineMs) * 1000 - 200));
	const {allowLoopback: _allow, ...rest} = place;
	const there: ShellPlace = {...rest, timeoutMs, ...(named?.address === undefined ? {} : {address: named.address})};
	const command = shell.command(check.target, check.options, there);
	if ('unsupported' in command) throw new CannotLookError('unsupported', `${command.unsupported}.`);
	// Over ssh the script goes in by standard input, and is no argument of anything.
	if (transport.type === 'pod' && (command.input ?? '') !== '')
		throw new CannotLookError(
			'unsupported',
			'A request body is not sent through exec: every process there, and the log of the API server, would show it.',
		);
	if ([...command.argv, command.input ?? ''].some(text => text.includes('\0')))
		throw new CannotLookError('unsupported', 'A NUL cannot be sent from where only a shell is.');
	// The program's own end comes first, so that it can tell its times.
	const limitSeconds = Math.max(1, Math.min(Math.ceil((timeoutMs + 300) / 1000), scriptSeconds(deadlineMs)));
	return {...aim, place: there, command: {...command, limitSeconds}};
}

/** Groups that may run at the same time: what they can write together is bounded, so that a place that lies fills no memory. */
function wavesOf(groups: readonly (readonly ScriptCommand[])[]): (readonly ScriptCommand[])[][] {
	const waves: (readonly ScriptCommand[])[][] = [];
	let bytes = Number.POSITIVE_INFINITY;
	for (const group of groups) {
		const more = outputBytes(group);
		bytes += more;
		if (bytes <= mostOutputBytes) waves.at(-1)?.push(group);
		else {
			waves.push([group]);
			bytes = more;
		}
	}
	return waves;
}

function notBegun(commands: readonly ScriptCommand[]): Execution {
	const refusal = new CannotLookError('incomplete', 'There was no time left in the round: what came before took long.');
	return {ran: false, hurried: true, refusal, results: commands.map(() => refusal)};
}

/** Several scripts where one, or what it can answer, would be too long; what is too long alone goes nowhere. */
function splitUp(
	asked: readonly Asked[],
	status: readonly ScriptCommand[],
	maxBytes: number,
): {fitting: Asked[][]; tooLong: Asked[]} {
	const fits = (commands: readonly ScriptCommand[]) =>
		outputBytes(commands) <= mostOutputBytes && scriptBytes(commands) <= maxBytes;
	const fitting: Asked[][] = [];
	const tooLong: Asked[] = [];
	let part: Asked[] = [];
	for (const one of asked) {
		const before = fitting.length === 0 ? status : [];
		const commands = [...before, ...part.map(({command}) => command), one.command];
		if (fits(commands)) part.push(one);
		else if (!fits([...status, one.command])) tooLong.push(one);
		else {
			fitting.push(part);
			part = [one];
		}
	}
	if (part.length > 0 || fitting.length === 0) fitting.push(part);
	return {fitting: fitting.filter((one, at) => at === 0 || one.length > 0), tooLong};
}

function read(one: Asked, ran: Ran | CannotLookError, {onBug}: RoundOptions): Reading | Error {
	if (ran instanceof Error) return ran;
	const {check, shell, named, place} = one;
	try {
		const reading = shell.parse(ran.output, check.target, check.options, place);
		if (named) reading.facts.resolved_by = named.by;
		return reading;
	} catch (error) {
		if (!(error instanceof CannotLookError) && !(error instanceof TargetDownError))
			onBug(error instanceof Error ? (error.stack ?? error.message) : String(error));
		return asError(error);
	}
}

function told(executions: readonly Execution[], asksStatus: boolean, deadlineMs: number): Omit<RoundResult, 'found'> {
	if (!executions.some(({ran}) => ran)) {
		// What says something about the place counts before what had no time.
		const {refusal, hurried} = executions.find(one => !one.hurried) ?? executions[0] ?? {};
		return {ran: false, ...(refusal ? {refusal} : {}), ...(hurried ? {hurried} : {})};
	}
	const answer = asksStatus ? executions[0]?.results[0] : undefined;
	if (!answer || answer instanceof Error) return {ran: true};
	// Ended by us before its own limit: that it hangs is not known.
	if (answer.output.timedOut && deadlineMs < fairMs) return {ran: true};
	return {ran: true, status: readStatus(answer.output)};
}

function durationOf(ran: Ran | CannotLookError): number {
	return ran instanceof Error ? 0 : (ran.seconds ?? 0) * 1000;
}

function asError(error: unknown): Error {
	return error instanceof Error ? error : new Error(messageOf(error));
}
