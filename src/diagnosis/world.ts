/** Everything that is known at one moment, indexed as diagnoses ask for it. */

import type {CheckView, DaemonView, Outcome} from '../server/types.ts';
import {type Fresh, freshAround} from './fresh.ts';

/** So much of a daemon as diagnoses are made of. */
export type WorldSource = Pick<
	DaemonView,
	| 'checks'
	| 'history'
	| 'vantages'
	| 'sources'
	| 'nodes'
	| 'listedNodes'
	| 'platform'
	| 'landmarks'
	| 'pools'
	| 'machines'
>;

/** A check with the newest that is known of it. */
export interface Look {
	view: CheckView;
	/** The newest outcome, of any kind: asked for this diagnosis, else the last one. That a sound vantage could not look now outdates nothing. */
	outcome: Outcome | undefined;
	/** As that outcome says; unknown before the first. */
	verdict: Outcome['verdict'];
	/** It was asked for this diagnosis. */
	isFresh: boolean;
}

/** All that is known at one moment. Nothing in it changes. */
export interface World {
	/** Milliseconds since 1970. */
	nowMs: number;
	vantages: ReturnType<DaemonView['vantages']>;
	sources: ReturnType<DaemonView['sources']>;
	nodes: ReturnType<DaemonView['nodes']>;
	/** The list of nodes is what headscale says now. */
	nodesAreFresh: boolean;
	platform: ReturnType<DaemonView['platform']>;
	landmarks: ReturnType<DaemonView['landmarks']>;
	machines: ReturnType<DaemonView['machines']>;
	pools: ReturnType<DaemonView['pools']>;
	checks: readonly CheckView[];
	/** What was asked for this diagnosis. */
	fresh: Fresh | undefined;
	/** The same world, with only so much of what was asked as is about this vantage and node, or this link. */
	around(vantage: string, peer: string, key?: string): World;
	check(key: string): CheckView | undefined;
	/** All checks of a vantage. */
	fromVantage(vantage: string): readonly CheckView[];
	/** All checks to a node, from anywhere, those that run on it included. */
	ofPeer(peer: string): readonly CheckView[];
	/** Tunnels to a node, from anywhere. */
	tunnelsTo(peer: string): readonly CheckView[];
	/** The first GPU look on a node. */
	gpuLookOn(peer: string): CheckView | undefined;
	/** All checks of a vantage to a node. */
	between(vantage: string, peer: string): readonly CheckView[];
	/** Checks that dial the same, from anywhere. */
	ofAddress(address: string): readonly CheckView[];
	ofType(type: string): readonly CheckView[];
	node(name: string): World['nodes'][number] | undefined;
	vantage(name: string): World['vantages'][number] | undefined;
	look(view: CheckView): Look;
	/**
	 * The last outcomes of a check, newest first, what was asked for this diagnosis included. They are unpacked once, but for the many
	 * thousands that nobody keeps.
	 */
	recent(view: CheckView): readonly Outcome[];
}

/** Reads each part of the daemon when it is first asked for, and once. */
export function createWorld(source: WorldSource, nowMs: number, fresh?: Fresh): World {
	const checks = once(() => source.checks());
	const nodes = once(() => source.nodes());
	const vantages = once(() => source.vantages());
	const byKey = once(() => new Map(checks().map(view => [view.check.key, view])));
	const byVantage = once(() => Map.groupBy(checks(), ({check}) => check.vantage));
	const byPeer = once(() => Map.groupBy(checks(), ({check}) => check.target.peer));
	const byAddress = once(() => Map.groupBy(checks(), ({check}) => check.target.address));
	const byType = once(() => Map.groupBy(checks(), ({check}) => check.type));
	const tunnelsByPeer = once(() => Map.groupBy(byType().get('tunnel') ?? [], ({check}) => check.target.peer));
	const gpusByPeer = once(() => Map.groupBy(byType().get('gpu') ?? [], ({check}) => check.target.peer));
	const byPlace = once(() => Map.groupBy(checks(), ({check}) => placeOf(check.vantage, check.target.peer)));
	const nodesByName = once(() => new Map(nodes().map(view => [view.node.name, view])));
	const vantagesByName = once(() => new Map(vantages().map(state => [state.name, state])));
	const rest = {
		sources: once(() => source.sources()),
		nodesAreFresh: once(() => source.listedNodes() !== undefined),
		platform: once(() => source.platform()),
		landmarks: once(() => source.landmarks()),
		machines: once(() => source.machines()),
		pools: once(() => source.pools()),
	};
	const narrowed = new Map<string, World>();
	const histories = new Map<string, readonly Outcome[]>();
	return withFresh(fresh);

	function recentOf(key: string): readonly Outcome[] {
		const known = histories.get(key);
		if (known) return known;
		const asked = fresh?.outcomes.get(key);
		const kept = source.history(key)?.recent ?? [];
		const recent = asked ? [asked, ...kept] : kept;
		if (histories.size < historiesKept) histories.set(key, recent);
		return recent;
	}

	/** What was asked; where that could not look although its vantage can, what is known already tells more. */
	function newsOf({check, verdict, last}: CheckView): Outcome | undefined {
		const asked = fresh?.outcomes.get(check.key);
		if (asked?.verdict !== 'unknown' || verdict === 'unknown' || last?.verdict !== verdict) return asked;
		return vantagesByName().get(check.vantage)?.condition === 'sound' ? undefined : asked;
	}

	function around(vantage: string, peer: string, key: string | undefined): World {
		const isNode = fresh?.of?.vantage === vantage && fresh.of.peer === peer;
		const isLink = fresh?.of?.key !== undefined && fresh.of.key === key;
		const name = `${isNode} ${isLink}`;
		let world = narrowed.get(name);
		if (!world) {
			world = withFresh(fresh && freshAround(fresh, isNode, isLink));
			narrowed.set(name, world);
		}
		return world;
	}

	function withFresh(shown: Fresh | undefined): World {
		const world: World = {
			nowMs,
			fresh: shown,
			around: (vantage, peer, key) => (fresh?.of ? around(vantage, peer, key) : world),
			get checks() {
				return checks();
			},
			get nodes() {
				return nodes();
			},
			get vantages() {
				return vantages();
			},
			get sources() {
				return rest.sources();
			},
			get nodesAreFresh() {
				return rest.nodesAreFresh();
			},
			get platform() {
				return rest.platform();
			},
			get landmarks() {
				return rest.landmarks();
			},
			get machines() {
				return rest.machines();
			},
			get pools() {
				return rest.pools();
			},
			check: key => byKey().get(key),
			fromVantage: vantage => byVantage().get(vantage) ?? [],
			ofPeer: peer => (peer === '' ? [] : (byPeer().get(peer) ?? [])),
			tunnelsTo: peer => (peer === '' ? [] : (tunnelsByPeer().get(peer) ?? [])),
			gpuLookOn: peer => (peer === '' ? undefined : gpusByPeer().get(peer)?.[0]),
			between: (vantage, peer) => (peer === '' ? [] : (byPlace().get(placeOf(vantage, peer)) ?? [])),
			ofAddress: address => byAddress().get(address) ?? [],
			ofType: type => byType().get(type) ?? [],
			node: name => nodesByName().get(name),
			vantage: name => vantagesByName().get(name),
			recent: ({check: {key}}) => recentOf(key),
			look(view) {
				const asked = newsOf(view);
				const outcome = asked ?? view.last;
				return {
					view,
					outcome,
					verdict: asked?.verdict ?? view.verdict,
					isFresh: asked !== undefined,
				};
			},
		};
		return world;
	}
}

/** Of each of so many tunnels and pings, twice over. */
const historiesKept = 4000;

/** Names hold no blanks. */
function placeOf(vantage: string, peer: string): string {
	return `${vantage} ${peer}`;
}

/** Makes it when it is first asked for, and only then. */
export function once<T>(make: () => T): () => T {
	let made: {value: T} | undefined;
	return () => {
		made ??= {value: make()};
		return made.value;
	};
}
