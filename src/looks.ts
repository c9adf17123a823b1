/** What is looked at again and again, whether anybody asks or not: gauges that fell silent, machines, and changes that the log is told. */

import type {Departed} from './diagnosis/departed.ts';
import type {GpuSide} from './gpu-side.ts';
import {sayBlind} from './notes/own-troubles.ts';
import {sayAlone} from './notes/types.ts';
import type {DaemonView} from './server/types.ts';
import type {ChangeLog} from './sinks/change-log.ts';
import type {MetricsSink} from './sinks/metrics.ts';

export interface LooksOptions {
	view(): DaemonView;
	metrics: Pick<MetricsSink, 'sweep'>;
	gpuSide: Pick<GpuSide, 'update'>;
	departed: Pick<Departed, 'look'>;
	changes: Pick<ChangeLog, 'vantages' | 'platform' | 'problems'>;
	/** Problems that nobody else tells the log. */
	unlogged(): readonly string[];
	/** Tokens of callers that cannot be had now, as sentences. */
	tokenProblems(): readonly string[];
}

export interface Looks {
	/** Checks that cannot be looked at, as of the last look. */
	blind(): readonly string[];
	start(): void;
	stop(): void;
}

/** How often silent gauges and changes of the platform, for the log, are looked for. */
const sweepMs = 5000;
/** How often changes of vantages are looked for, for the log. */
const watchMs = 1000;

/** Looks at nothing before its start. */
export function createLooks(options: LooksOptions): Looks {
	const {metrics, gpuSide, departed, changes} = options;
	let blind: readonly string[] = [];
	let sweeper: NodeJS.Timeout | undefined;
	let watcher: NodeJS.Timeout | undefined;

	return {
		blind: () => blind,
		start() {
			sweeper = setInterval(sweep, sweepMs);
			watcher = setInterval(() => changes.vantages(options.view().vantages()), watchMs);
		},
		stop() {
			clearInterval(sweeper);
			clearInterval(watcher);
		},
	};

	function sweep(): void {
		const view = options.view();
		const checks = view.checks();
		metrics.sweep();
		gpuSide.update(() => ({nodes: view.nodes(), nodesAreFresh: view.listedNodes() !== undefined, checks}));
		changes.platform(view.platform());
		blind = sayBlind(checks, view.vantages());
		changes.problems([...options.unlogged(), ...options.tokenProblems(), ...blind, ...view.ownNotes().map(sayAlone)]);
		departed.look(view);
	}
}
