/**
 * The vantage where tailprobe itself runs. Probes that measure in process run on the measuring thread; those that need a child
 * process (one fping for many targets) run here in rounds. Both by the same schedule.
 */

import {createLatenessMeter} from '../engine/lateness.ts';
import {runRound} from '../engine/run.ts';
import {judgeExpectation} from '../engine/turn-round.ts';
import type {Check, Outcome} from '../engine/types.ts';
import {findProbe} from '../probes/registry.ts';
import type {Place, Probe} from '../probes/types.ts';
import {systemClock} from '../util/clock.ts';
import {createBelief} from './belief.ts';
import {createDirectHealth} from './direct-health.ts';
import {type MeasuringThread, startMeasuringThread} from './measuring-thread.ts';
import {createOwnHealth} from './own-health.ts';
import {createRounds, type Round} from './rounds.ts';
import {addCounts} from './run-tally.ts';
import {createSelfCheck} from './self-check.ts';
import type {Vantage} from './types.ts';

export interface LocalVantageOptions {
	place: Omit<Place, 'timeoutMs'>;
	/** Outcomes of scheduled runs, in batches. */
	onOutcomes(outcomes: readonly Outcome[]): void;
	/** It is known for the first time what the vantage is like, or its own tailnet addresses changed. */
	onAddresses(): void;
	/** An error of ours. */
	onBug(text: string): void;
	/** The measuring thread ended unasked and starts again in `delayMs`. */
	onThreadDeath(why: string, delayMs: number): void;
}

/** One round: the checks of one type that share an interval, a deadline and the same arguments. */
interface ProbeRound extends Round {
	probe: Probe;
}

export function createLocalVantage(options: LocalVantageOptions): Vantage {
	const {place} = options;
	const lateness = createLatenessMeter();
	const stopping = new AbortController();
	let watching = false;
	const selfCheck =
		place.tailscaled === undefined
			? undefined
			: createSelfCheck({socket: place.tailscaled, tailnet: place.tailnet, allowLoopback: place.allowLoopback});
	const belief = createBelief();
	/** Of rounds; what the thread measures has its own there, and both believe from the same moment on. */
	const health = createOwnHealth(selfCheck, stopping.signal, {belief});
	const direct = createDirectHealth({selfCheck, stopping: stopping.signal});
	/** By key: those that run on the thread. */
	let threadChecks: ReadonlyMap<string, Check> = new Map();
	const thread: MeasuringThread = startMeasuringThread(
		{
			...options,
			onOutcomes(outcomes) {
				for (const outcome of outcomes) {
					const check = threadChecks.get(outcome.key);
					if (check) direct.note(check, outcome);
				}
				options.onOutcomes(outcomes);
			},
		},
		belief,
	);
	const rounds = createRounds<ProbeRound>({
		clock: systemClock,
		measure: (checks, {probe, timeoutMs}, kind) => measureRound(checks, probe, kind, timeoutMs),
		onOutcomes: options.onOutcomes,
	});

	return {
		name: place.vantage,
		assign(checks) {
			const measured = checks.filter(check => findProbe(check.type)?.measure);
			threadChecks = new Map(measured.map(check => [check.key, check]));
			thread.assign(measured);
			const wanted = groupRounds(checks.filter(check => findProbe(check.type)?.round));
			rounds.assign(wanted);
			// What a failed round is excused with must know what came before it.
			if (wanted.length > 0 && !watching) health.watch(() => {});
			watching ||= wanted.length > 0;
		},
		async run(check, deadlineMs, signal) {
			const probe = findProbe(check.type) as Probe;
			if (probe.measure) return thread.run(check, deadlineMs, signal);
			const [outcome] = await measureRound([check], probe, 'adhoc', deadlineMs, signal);
			return outcome as Outcome;
		},
		state() {
			const state = thread.state();
			const {overlap, late} = rounds.skippedSlots();
			return {
				...state,
				runsInFlight: state.runsInFlight + lateness.runsInFlight(),
				runs: addCounts(state.runs, rounds.counts()),
				skippedSlots: {
					overlap: state.skippedSlots.overlap + overlap,
					late: state.skippedSlots.late + late,
				},
			};
		},
		addresses: () => thread.addresses(),
		async stop() {
			stopping.abort();
			health.stop();
			await Promise.all([rounds.stop(), thread.stop()]);
		},
	};

	async function measureRound(
		checks: readonly Check[],
		probe: Probe,
		kind: Outcome['kind'],
		deadlineMs: number,
		signal?: AbortSignal,
	): Promise<Outcome[]> {
		const outcomes = await runRound(checks, probe, place as Place, {
			clock: systemClock,
			lateness,
			kind,
			deadlineMs,
			stopping: signal ? AbortSignal.any([stopping.signal, signal]) : stopping.signal,
			onBug: error => options.onBug(String(error instanceof Error ? error.stack : error)),
		});
		const byKey = new Map(checks.map(check => [check.key, check]));
		return Promise.all(
			outcomes.map(async outcome => {
				const check = byKey.get(outcome.key) as Check;
				// What this machine finds out about itself needs no network.
				if (probe.address === 'self') return outcome;
				const excused = check.target.via === 'tailnet' ? health.excuse(outcome) : direct.excuse(check, outcome);
				return judgeExpectation(check, await excused);
			}),
		);
	}
}

/** Checks that can share a round become one job. Pure. */
export function groupRounds(checks: readonly Check[]): ProbeRound[] {
	const groups = Map.groupBy(checks, check => {
		const group = findProbe(check.type)?.round?.group(check.options) ?? '';
		return `round ${check.type} ${check.intervalMs} ${check.timeoutMs} ${check.recheckMs ?? '-'} ${group}`;
	});
	return [...groups].flatMap(([key, members]) => {
		const [first] = members;
		const probe = first && findProbe(first.type);
		if (!first || !probe) return [];
		const {intervalMs, timeoutMs, recheckMs} = first;
		return [{key, intervalMs, timeoutMs, probe, checks: members, ...(recheckMs === undefined ? {} : {recheckMs})}];
	});
}
