/** Tells the log what changed around the checks: vantages that become sick or sound, nodes that come and go, restarts of headscale. */

import type {HeadscaleState} from '../headscale/types.ts';
import type {Logger} from '../util/log.ts';
import type {VantageState} from '../vantages/types.ts';

export interface ChangeLog {
	vantages(states: readonly VantageState[]): void;
	headscale(state: HeadscaleState): void;
}

/** More nodes than this that come or go at once are told as a number. */
const namesTold = 10;

export function createChangeLog(log: Logger): ChangeLog {
	const conditions = new Map<string, VantageState['condition']>();
	let nodes: ReadonlySet<string> | undefined;
	let graceUntil: number | undefined;

	return {
		vantages(states) {
			for (const {name, condition, detail} of states) {
				const before = conditions.get(name);
				if (condition === before || condition === 'starting') continue;
				conditions.set(name, condition);
				if (condition !== 'sound')
					log.warn({vantage: name, detail}, `vantage is ${condition}, its tailnet checks are unknown`);
				else if (before !== undefined) log.info({vantage: name}, 'vantage is sound again');
			}
		},
		headscale(state) {
			if (state.graceUntil !== undefined && graceUntil === undefined)
				log.info(
					{until: new Date(state.graceUntil).toISOString()},
					'headscale restarted or came back, "offline" is not told for a while',
				);
			graceUntil = state.graceUntil !== undefined && state.graceUntil > Date.now() ? state.graceUntil : undefined;
			const list = state.nodes.value?.nodes;
			if (!list) return;
			const now = new Set(list.map(node => node.name));
			if (nodes) {
				tell(
					'nodes left the tailnet',
					[...nodes].filter(name => !now.has(name)),
				);
				tell(
					'nodes joined the tailnet',
					[...now].filter(name => !nodes?.has(name)),
				);
			}
			nodes = now;
		},
	};

	function tell(message: string, names: readonly string[]): void {
		if (names.length > 0) log.info({count: names.length, nodes: names.slice(0, namesTold)}, message);
	}
}
