/**
 * Many agents in one process, as far as a daemon can tell: what they say goes through the agent's own code, each at an address of its
 * own, but nothing is measured. Each check has at each of its slots the outcome that the http probe has for a target that answers
 * after 20 ms.
 */

import {boundAgentConnections} from '../../src/agent/connections.ts';
import {createGate} from '../../src/agent/gate.ts';
import {createHandler} from '../../src/agent/handler.ts';
import {createCheckList} from '../../src/agent/list.ts';
import {listenAt} from '../../src/agent/listening.ts';
import {createOutbox} from '../../src/agent/outbox.ts';
import {newNonce} from '../../src/agent/proof.ts';
import {createSyncDesk} from '../../src/agent/sync.ts';
import {type AgentState, syncRequestSchema} from '../../src/agent/wire.ts';
import {createSchedule} from '../../src/engine/schedule.ts';
import type {Check, Outcome} from '../../src/engine/types.ts';
import {systemClock} from '../../src/util/clock.ts';
import {version} from '../../src/util/version.ts';
import {createRunTally} from '../../src/vantages/run-tally.ts';

export type FarmCommand =
	/** Answers with how many listen. */
	| {do: 'listen'; addresses: readonly string[]; port: number; secret: string}
	/** Answers with what they have done since then (FarmCounts). */
	| {do: 'count'};

export interface FarmCounts {
	/** Outcomes that were made up. */
	made: number;
	/** Those of them that a daemon has received, and those that were given up. */
	received: number;
	dropped: number;
	/** Answers to a daemon. */
	answers: number;
}

if (import.meta.main) {
	let agents: readonly FarmAgent[] = [];
	process.on('disconnect', () => process.exit());
	process.on('message', async (command: FarmCommand) => {
		if (command.do === 'listen') {
			const {addresses, port, secret} = command;
			agents = await Promise.all(addresses.map(address => startFarmAgent(address, port, secret)));
			process.send?.(agents.length);
		} else process.send?.(sum(agents.map(agent => agent.counts())));
	});
}

interface FarmAgent {
	counts(): FarmCounts;
}

async function startFarmAgent(address: string, port: number, secret: string): Promise<FarmAgent> {
	const clock = systemClock;
	const boot = newNonce();
	const outbox = createOutbox({clock, historyMs: 600_000, maxCount: 10_000, maxBytes: 6_000_000});
	const tally = createRunTally();
	const connections = boundAgentConnections();
	let made = 0;
	let answers = 0;
	const keep = (outcomes: readonly Outcome[]) => {
		made += outcomes.length;
		outbox.add(outcomes);
		desk.wake();
	};
	const schedule = createSchedule<Check>({
		clock,
		async run(check, kind) {
			tally.begin(1);
			const outcome = upOutcome(check, kind);
			tally.end([outcome]);
			keep([outcome]);
			return false;
		},
		onSkip() {},
	});
	const list = createCheckList({
		clock,
		allow: {rules: [{via: 'direct'}], files: [], env: []},
		limits: {checks: 500, cutOffMs: 900_000},
		assign: checks => schedule.update(checks),
		onOutcomes: keep,
		onCutOff() {},
	});
	const state = (): AgentState => ({
		condition: 'sound',
		latenessMs: 0,
		runsInFlight: 0,
		facts: {backendState: 'Running', version: '1.102.3'},
		version,
		addresses: [address],
		runs: list.withDenied(tally.counts()),
		skippedSlots: {overlap: 0, late: 0},
		threadRestarts: 0,
		denied: list.denied(),
		dropped: outbox.dropped(),
	});
	const desk = createSyncDesk({clock, list, outbox, state, onDaemon() {}, onList() {}});
	const secrets = () => [secret];
	const isOurs = (dialled: string) => dialled === address;
	const handler = createHandler({
		clock,
		boot,
		gate: createGate({boot, now: clock.now, secrets, isOurs}),
		connections,
		secrets,
		isOurs,
		async sync(json, signal) {
			const read = syncRequestSchema.parse(json);
			const answer = await desk.answer(read as never, signal);
			answers++;
			return answer ?? {status: 409, refused: 'superseded'};
		},
		// Nobody asks these for a run of its own.
		run: async () => ({status: 429, refused: 'busy'}),
		onRefused: code => process.stderr.write(`bench: an agent of the farm refused a request (${code})\n`),
		onBug(error) {
			throw error;
		},
	});
	await listenAt(address, {
		clock,
		port,
		prefixes: [],
		connections,
		handler,
		onListening() {},
		onFailure() {},
	});
	return {
		counts: () => ({made, received: made - outbox.size() - outbox.dropped(), dropped: outbox.dropped(), answers}),
	};
}

function upOutcome({key, target}: Check, kind: Outcome['kind']): Outcome {
	return {
		key,
		startedAt: Date.now(),
		durationMs: 21.401611328125,
		latenessMs: 0.337066,
		late: false,
		kind,
		verdict: 'up',
		reading: {
			ok: true,
			phases: {resolve: 0.000235501, connect: 0.001368361, processing: 0.02045129, transfer: 0.000104},
			values: {redirects: 0, failed_due_to_regex: 0, ssl: 0, status_code: 200, body_bytes: 2, content_length: 2},
			facts: {
				resolved_by: 'literal',
				address: '100.64.0.1',
				family: '4',
				answered: 'true',
				http_version: '1.1',
				final_url: target.address,
				phase: 'transfer',
			},
		},
	};
}

function sum(counts: readonly FarmCounts[]): FarmCounts {
	const total = {made: 0, received: 0, dropped: 0, answers: 0};
	for (const each of counts) {
		total.made += each.made;
		total.received += each.received;
		total.dropped += each.dropped;
		total.answers += each.answers;
	}
	return total;
}
