/**
 * The measuring thread: the schedule and the probes of the local vantage, away from scrapes, pages and child processes.
 * Lists of checks come in, outcomes go out in batches. It must stay small: no zod, no undici, no express.
 */

import {parentPort, workerData} from 'node:worker_threads';
import {createLatenessMeter} from '../engine/lateness.ts';
import {runCheck} from '../engine/run.ts';
import {createSchedule} from '../engine/schedule.ts';
import {judgeExpectation} from '../engine/turn-round.ts';
import type {Check, Outcome} from '../engine/types.ts';
import {findProbe} from '../probes/registry.ts';
import type {Probe} from '../probes/types.ts';
import {systemClock} from '../util/clock.ts';
import {messageOf} from '../util/errors.ts';
import {createBelief} from './belief.ts';
import {createDirectHealth} from './direct-health.ts';
import {createOwnHealth} from './own-health.ts';
import {createSelfCheck} from './self-check.ts';
import type {FromThread, ThreadData, ToThread} from './thread-messages.ts';

const batchMs = 250;
const stateMs = 1000;
/** How far back the reported lateness looks. */
const latenessWindowMs = 30_000;

const port = parentPort;
if (!port) throw new Error('this file runs as a worker thread');
const {place, belief} = workerData as ThreadData;
const lateness = createLatenessMeter();
const stopping = new AbortController();
const skippedSlots = {overlap: 0, late: 0};
const adhocRuns = new Map<number, {run: Promise<Outcome>; cancel: AbortController}>();
let batch: Outcome[] = [];
let started = 0;

const selfCheck =
	place.tailscaled === undefined
		? undefined
		: createSelfCheck({socket: place.tailscaled, tailnet: place.tailnet, allowLoopback: place.allowLoopback});
const health = createOwnHealth(selfCheck, stopping.signal, {belief: createBelief(belief)});
const direct = createDirectHealth({selfCheck, stopping: stopping.signal});

const schedule = createSchedule<Check>({
	clock: systemClock,
	async run(check, kind) {
		started++;
		const outcome = await measure(check, kind, check.timeoutMs);
		batch.push(outcome);
		return outcome.verdict === 'down';
	},
	onSkip(_check, why, slots) {
		skippedSlots[why] += slots;
	},
});

const batchTimer = setInterval(sendBatch, batchMs);
const stateTimer = setInterval(sendState, stateMs);
port.on('message', (message: ToThread) => {
	if (message.kind === 'assign') schedule.update(message.checks);
	else if (message.kind === 'run') void runNow(message.id, message.check, message.deadlineMs);
	else if (message.kind === 'cancel') adhocRuns.get(message.id)?.cancel.abort('its caller went away');
	else void stop();
});
health.watch(sendState);
sendState();

async function runNow(id: number, check: Check, deadlineMs: number): Promise<void> {
	const cancel = new AbortController();
	const run = measure(check, 'adhoc', deadlineMs, cancel.signal);
	adhocRuns.set(id, {run, cancel});
	send({kind: 'ran', id, outcome: await run});
	adhocRuns.delete(id);
}

/** Runs the check; a failure that our own tailscaled or network may have caused is only believed when those are sound. */
async function measure(
	check: Check,
	kind: Outcome['kind'],
	deadlineMs: number,
	canceled: AbortSignal = stopping.signal,
): Promise<Outcome> {
	const probe = findProbe(check.type) as Probe;
	const overTailnet = check.target.via === 'tailnet' && selfCheck !== undefined;
	// A run in trouble has the self-check begin meanwhile, so that a failure is told hardly later than its deadline.
	const early = overTailnet
		? setTimeout(() => void selfCheck.look(stopping.signal).catch(() => {}), deadlineMs / 2)
		: undefined;
	const outcome = await runCheck(check, probe, place as never, {
		clock: systemClock,
		lateness,
		kind,
		deadlineMs,
		stopping: canceled,
		onBug: (error, broken) =>
			send({
				kind: 'bug',
				text: `${broken.type} probe: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`,
			}),
	});
	clearTimeout(early);
	direct.note(check, outcome);
	const excused = check.target.via === 'tailnet' ? health.excuse(outcome) : direct.excuse(check, outcome);
	return judgeExpectation(check, await excused);
}

function sendBatch(): void {
	if (batch.length === 0 && started === 0) return;
	send({kind: 'outcomes', outcomes: batch, started});
	batch = [];
	started = 0;
}

function sendState(): void {
	send({
		kind: 'state',
		state: {
			...health.state(),
			latenessMs: lateness.worst(latenessWindowMs),
			runsInFlight: lateness.runsInFlight(),
			skippedSlots: {...skippedSlots},
		},
	});
}

async function stop(): Promise<void> {
	stopping.abort();
	for (const {cancel} of adhocRuns.values()) cancel.abort();
	await Promise.all([schedule.stop(), ...[...adhocRuns.values()].map(({run}) => run)]);
	clearInterval(batchTimer);
	clearInterval(stateTimer);
	health.stop();
	sendBatch();
	port?.close();
}

function send(message: FromThread): void {
	port?.postMessage(message);
}
