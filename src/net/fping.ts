/** Runs fping for a list of addresses and reads what it prints. On the main thread only: it starts child processes. */

import {isIP} from 'node:net';
import {CannotLookError, oneLine} from '../util/errors.ts';
import {smallEnvironment} from '../util/small-environment.ts';

export interface PingPlan {
	/** Literals that passed the guard; never names. */
	addresses: readonly string[];
	count: number;
	/** Wished pause between two pings to one address. */
	pauseMs: number;
	payloadBytes: number;
	dontFragment: boolean;
	/** Time for everything. */
	budgetMs: number;
}

/** Kept for starting the process and for reading its answer. */
const overheadMs = 200;
/** An fping that is still there so long before the end of the budget hangs, and is ended. */
const endingMs = 50;
/** What the last ping waits for its answer, unless the time is short. */
const lastWaitMs = 1000;
/** fping sends one packet a millisecond, so a longer list would stretch its own pauses. */
const addressesPerProcess = 200;

/**
 * Seconds of each ping by address, undefined for a lost one; an address without a line of output is left out.
 * Throws CannotLookError when fping is missing (`unsupported`), may not send (`denied`), fails or hangs (`incomplete`).
 */
export async function pingAddresses(plan: PingPlan, signal: AbortSignal): Promise<Map<string, (number | undefined)[]>> {
	const chunks: (readonly string[])[] = [];
	for (let at = 0; at < plan.addresses.length; at += addressesPerProcess)
		chunks.push(plan.addresses.slice(at, at + addressesPerProcess));
	const endsAt = performance.now() + plan.budgetMs;
	const outputs = await Promise.all(chunks.map(addresses => runFping(plan, addresses, endsAt, signal)));
	return new Map(outputs.flatMap(output => [...parseFping(output)]));
}

/** The arguments; pauses are divided so that the round ends within its budget. Pure. */
export function fpingArguments(plan: PingPlan, addresses: readonly string[]): string[] {
	const wrong = addresses.find(address => isIP(address) === 0);
	if (wrong !== undefined) throw new TypeError(`${JSON.stringify(wrong)} is no address`);
	const timeMs = Math.max(100, Math.floor(plan.budgetMs) - overheadMs);
	const waitMs = Math.min(lastWaitMs, Math.floor(timeMs / 2));
	const pauseMs = Math.max(10, Math.min(plan.pauseMs, Math.floor((timeMs - waitMs) / plan.count)));
	return [
		...['-C', plan.count, '-q', '-i', 1, '-p', pauseMs, '-t', waitMs, '-b', plan.payloadBytes].map(String),
		...(plan.dontFragment ? ['-M'] : []),
		// fping 5.1 without raw sockets hears no answer unless it is told from where to ask: any address will do.
		...(addresses.some(address => isIP(address) === 4) ? ['-S', '0.0.0.0'] : []),
		...(addresses.some(address => isIP(address) === 6) ? ['-S', '::'] : []),
		...addresses,
	];
}

/** Reads the lines `ADDRESS : 0.05 - 0.04` (milliseconds, `-` for a lost ping) and passes over all others. Pure. */
export function parseFping(output: string): Map<string, (number | undefined)[]> {
	const found = new Map<string, (number | undefined)[]>();
	for (const line of output.split('\n')) {
		const [, address, times] = /^(\S+)\s+:((?: +(?:-|\d+(?:\.\d+)?))+)\s*$/.exec(line) ?? [];
		if (address === undefined || times === undefined || isIP(address) === 0) continue;
		found.set(
			address,
			times
				.trim()
				.split(/ +/)
				.map(time => (time === '-' ? undefined : Number(time) / 1000)),
		);
	}
	return found;
}

async function runFping(
	plan: PingPlan,
	addresses: readonly string[],
	endsAt: number,
	signal: AbortSignal,
): Promise<string> {
	// Loaded here because the measuring thread reads this file too and never runs it.
	const {execa} = await import('execa');
	const budgetMs = endsAt - performance.now();
	const timeoutMs = Math.max(1, Math.floor(budgetMs - endingMs));
	const result = await execa('fping', fpingArguments({...plan, budgetMs}, addresses), {
		reject: false,
		cancelSignal: signal,
		timeout: timeoutMs,
		// It has nothing to tidy up; and whatever it may have started must not hold its output open.
		killSignal: 'SIGKILL',
		killDescendants: true,
		maxBuffer: 1_048_576,
		stdin: 'ignore',
		stdout: 'ignore',
		stripFinalNewline: false,
		extendEnv: false,
		env: smallEnvironment(['PATH']),
	});
	const hung = result.timedOut || isDeadline(signal);
	if (signal.aborted && !hung) throw signal.reason;
	const stderr = String(result.stderr ?? '');
	if (result.code === 'ENOENT')
		throw new CannotLookError('unsupported', 'fping is not installed where tailprobe runs; install the package fping.');
	if (hung) throw new CannotLookError('incomplete', `fping hung: it did not end within ${timeoutMs} ms and was ended.`);
	if (mayNotSend(result.code, stderr))
		throw new CannotLookError(
			'denied',
			'fping may not send ICMP here: give it the capability (setcap cap_net_raw+ep) or allow the group in net.ipv4.ping_group_range.',
		);
	// 0: all answered, 1: some did not, 2: some were not found; anything else is a failure of fping itself.
	if (result.exitCode === undefined || result.exitCode > 2)
		throw new CannotLookError(
			'incomplete',
			`fping for ${addresses.length} addresses ended with ${result.exitCode ?? result.signal ?? result.code}: ${oneLine(stderr, 150)}`,
		);
	return stderr;
}

/** fping divides its time so that it ends before the run's deadline, whatever the targets do: a passed deadline is its own fault. */
function isDeadline({aborted, reason}: AbortSignal): boolean {
	return aborted && reason instanceof Error && reason.name === 'TimeoutError';
}

/** A capability that the container forbids makes the program impossible to start at all. */
function mayNotSend(code: string | undefined, stderr: string): boolean {
	if (code === 'EPERM' || code === 'EACCES') return true;
	return (
		/can't create (raw )?socket|Operation not permitted|must run as root/i.test(stderr) && parseFping(stderr).size === 0
	);
}
