/** Nodes that left the tailnet within the last hour, with what was known of them last: their checks end soon after, and the questions do not. */

import {canonicalAddress} from '../net/guard.ts';
import type {CheckView} from '../server/types.ts';
import type {Clock} from '../util/clock.ts';
import type {VantageState} from '../vantages/types.ts';
import type {WorldSource} from './world.ts';

export interface DepartedNode {
	name: string;
	addresses: readonly string[];
	/** Milliseconds since 1970 when it was first missing. */
	leftAtMs: number;
	/** Of its checks, and those that it ran, as they stood last. */
	checks: readonly CheckView[];
	/** The vantage that it was. */
	vantage?: VantageState;
}

export interface Departed {
	/** Compares the list of nodes with the one before. To be called several times within the grace of checks whose node left. */
	look(now: Pick<WorldSource, 'listedNodes' | 'vantages' | 'checks'>): void;
	/** The node that the text names: by its name, in MagicDNS or with `node` or `vantage` before it, an address, or a check of it. */
	find(text: string): DepartedNode | undefined;
}

const keptMs = 3_600_000;
const nodesAtMost = 200;
const checksAtMost = 10;

export function createDeparted(clock: Pick<Clock, 'wall'>): Departed {
	const gone = new Map<string, DepartedNode>();
	/** Those of them that had checks, or were a vantage, at the last look. */
	const inGrace = new Set<string>();
	let listed = new Map<string, readonly string[]>();

	return {
		look(now) {
			// A list that does not come says nothing of who left.
			const list = now.listedNodes();
			if (!list) return;
			const before = listed;
			listed = new Map(list.nodes.map(({name, addresses}) => [name, addresses]));
			const atMs = clock.wall();
			for (const [name, addresses] of before)
				if (!listed.has(name)) {
					gone.set(name, {name, addresses, leftAtMs: atMs, checks: []});
					inGrace.add(name);
				}
			forget(atMs);
			if (inGrace.size > 0) remember(now);
		},
		find(text) {
			const wanted = text
				.trim()
				.replace(/^(?:node|vantage)\s+/i, '')
				.replace(/\.$/, '')
				.toLowerCase();
			const key = keyOf(text.trim());
			const address = canonicalAddress(wanted.replace(/^\[(.*)\]$/, '$1'));
			return [...gone.values()].find(
				({name, addresses, checks}) =>
					wanted === name.toLowerCase() ||
					wanted.startsWith(`${name.toLowerCase()}.`) ||
					(address !== undefined && addresses.includes(address)) ||
					checks.some(({check}) => check.key === key || `${check.name} ${check.target.name}` === key.replace('/', ' ')),
			);
		},
	};

	function forget(nowMs: number): void {
		for (const [name, {leftAtMs}] of gone) if (listed.has(name) || nowMs - leftAtMs > keptMs) gone.delete(name);
		for (const name of gone.keys()) {
			if (gone.size <= nodesAtMost) break;
			gone.delete(name);
		}
		for (const name of inGrace) if (!gone.has(name)) inGrace.delete(name);
	}

	/** While its grace lasts they are there still. */
	function remember(now: Pick<WorldSource, 'vantages' | 'checks'>): void {
		const vantages = new Map(now.vantages().map(state => [state.name, state]));
		const checks = now.checks();
		const byPeer = Map.groupBy(checks, ({check}) => check.target.peer);
		const byVantage = Map.groupBy(checks, ({check}) => check.vantage);
		for (const name of inGrace) {
			const known = gone.get(name);
			if (!known) continue;
			const own = new Set([...(byPeer.get(name) ?? []), ...(byVantage.get(name) ?? [])]);
			const state = vantages.get(name);
			if (own.size === 0 && !state) {
				inGrace.delete(name);
				continue;
			}
			gone.set(name, {
				...known,
				leftAtMs: Math.min(state?.leftSinceMs ?? known.leftAtMs, known.leftAtMs),
				...(own.size === 0 ? {} : {checks: Array.from(own).slice(0, checksAtMost).map(asItStands)}),
				...(state ? {vantage: state} : {}),
			});
		}
	}
}

/** Plain data: a view unpacks what is asked of it, and would hold the whole history of its check. */
function asItStands(view: CheckView): CheckView {
	const {last, strip: _strip, ...rest} = view;
	return {...rest, strip: [], ...(last ? {last} : {})};
}

/** Everything that is known, and besides what was known of this node before it left. */
export function withDeparted(source: WorldSource, {name, checks, vantage}: DepartedNode): WorldSource {
	return {
		...withChecks(source, checks),
		vantages() {
			const now = source.vantages();
			return !vantage || now.some(state => state.name === name) ? now : [...now, vantage];
		},
	};
}

/** Everything that is known, and besides those of the checks that are there no more. */
export function withChecks(source: WorldSource, checks: readonly CheckView[]): WorldSource {
	return {
		...source,
		checks() {
			const now = source.checks();
			const keys = new Set(now.map(({check}) => check.key));
			return [...now, ...checks.filter(({check}) => !keys.has(check.key))];
		},
	};
}

/** The key in the address of a check's page; else the text itself. */
function keyOf(text: string): string {
	const [, encoded] = /(?:^|[/#])checks\/([^?#]+)/i.exec(text) ?? [];
	try {
		return encoded === undefined ? text : decodeURIComponent(encoded.replace(/\/(?:history|diagnose)?\/?$/, ''));
	} catch {
		return text;
	}
}
