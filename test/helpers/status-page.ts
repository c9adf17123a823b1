/** The status page of a fake daemon, read as text, and the checks on it. */

import {renderPage} from '../../src/server/page/page.ts';
import type {Snapshot} from '../../src/server/page/snapshot.ts';
import type {CheckView, DaemonView} from '../../src/server/types.ts';
import {aCheck, aCheckView, anOutcome, fakeDaemon, someTime} from './fake-daemon.ts';

/** When the page is looked at. */
export const nowMs = someTime + 60_000;

/** What a page without anything on it is made of; `part` replaces what a test is about. */
export function aSnapshot(part: Partial<Snapshot> = {}): Snapshot {
	return {
		nowMs,
		checks: [],
		vantages: [],
		sources: [],
		nodes: [],
		pools: [],
		rented: undefined,
		platform: {tailscaled: []},
		landmarks: {headscale: [], dnsServer: '100.100.100.100'},
		problems: [],
		recent: () => [],
		...part,
	};
}

/** The page as text without tags, one space between words. */
export function readPage(part: Partial<DaemonView>): string {
	const main = renderPage(fakeDaemon(part), nowMs)
		.replace(/^.*<main>/s, '')
		.replace(/<\/main>.*$/s, '');
	return main
		.replace(/<title>.*?<\/title>/g, '')
		.replace(/<[^>]*>/g, ' ')
		.replace(/\s+/g, ' ');
}

/** A check from a vantage to a target, up unless told otherwise. */
export function view(name: string, target: string, part: Partial<CheckView> = {}, vantage = 'cluster'): CheckView {
	const check = aCheck({
		key: `${name}/${vantage}/${target}`,
		name,
		vantage,
		target: {name: target, address: target, via: 'tailnet', peer: ''},
	});
	return aCheckView({check, ...part});
}

/** The same, down by a refused connection. */
export function downView(name: string, target: string, downSince: number, part: Partial<CheckView> = {}): CheckView {
	const last = anOutcome({verdict: 'down', reason: 'refused', detail: `${target} refused the connection.`});
	return view(name, target, {verdict: 'down', confirmed: true, downSince, last, ...part});
}
