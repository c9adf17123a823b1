/** Tunnels between a vantage and a node as causes look at them. */

import type {Fresh} from '../../src/diagnosis/fresh.ts';
import type {CheckHistory, CheckView, NodeView, Outcome} from '../../src/server/types.ts';
import {aNode, aNodeView, anOutcome, aReading, someTime} from './fake-daemon.ts';
import {aTunnel, isDown, isUp} from './scenes.ts';

/** Up, and direct unless told otherwise. */
export function tunnelUp(
	peer: string,
	vantage = 'cluster',
	facts: Record<string, string> = {},
	values: Record<string, number> = {},
): CheckView {
	const check = aTunnel({vantage, target: {peer, name: peer, address: peer}});
	return isUp(check, {
		facts: {path: 'direct', disco: 'answered', tsmp: 'answered', ...facts},
		values: {tsmp_seconds: 0.012, disco_seconds: 0.01, pings_sent: 3, pings_lost: 0, ...values},
	});
}

export const relayed = {path: 'derp', derp_region: 'fra'};

/** Nothing answers, or only what `facts` tell. */
export function tunnelDown(peer: string, vantage = 'cluster', facts: Record<string, string> = {}): CheckView {
	const check = aTunnel({vantage, target: {peer, name: peer, address: peer}});
	return isDown(check, 'timeout', `None of 3 TSMP pings to ${peer} was answered.`, {
		facts: {disco: 'silent', tsmp: 'silent', icmp: 'silent', ...facts},
		values: {pings_sent: 3, pings_lost: 3},
	});
}

/** The history of tunnels: runs that were up with these facts and values, newest first. */
export function pastRuns(
	runs: readonly {facts?: Record<string, string>; values?: Record<string, number>}[],
): (key: string) => CheckHistory {
	return key => ({
		recent: runs.map(({facts = {}, values = {}}, at) =>
			anOutcome({key, startedAt: someTime - 3000 - at * 15_000, reading: aReading({facts, values})}),
		),
		failures: [],
	});
}

export function aFresh(part: Partial<Fresh> = {}): Fresh {
	return {atMs: someTime, durationMs: 2000, outcomes: new Map<string, Outcome>(), unasked: [], ...part};
}

/** Listed by headscale, so that it is not for their record that nothing reaches them. */
export function listed(...names: string[]): () => NodeView[] {
	return () => names.map((name, at) => aNodeView({node: aNode({id: String(at + 1), name, online: true}), tunnels: []}));
}
