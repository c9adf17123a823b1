/** The status page of a fake daemon, read as text, and the checks on it. */

import type {Incident} from '../../src/diagnosis/incidents.ts';
import type {NamedCause} from '../../src/diagnosis/types.ts';
import {noMachines} from '../../src/inventory/machine-types.ts';
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
		machines: noMachines,
		incidents: [],
		platform: {tailscaled: []},
		landmarks: {headscale: [], dnsServer: '100.100.100.100'},
		isNode: () => false,
		problems: [],
		ownNotes: [],
		recent: () => [],
		...part,
	};
}

/** The page as text without tags, one space between words. */
export function readPage(part: Partial<DaemonView>): string {
	const main = renderPage(fakeDaemon(part), nowMs)
		.replace(/^.*<main[^>]*>/s, '')
		.replace(/<\/main>.*$/s, '');
	return asText(main);
}

/** Without tags and what only pointers and screen readers tell, one space between words. */
export function asText(markup: string): string {
	return markup
		.replace(/<title>.*?<\/title>/g, '')
		.replace(/<[^>]*>/g, ' ')
		.replace(/\s+/g, ' ');
}

/** A cause with everything that a card shows; `part` replaces what a test is about. */
export function aCause(part: Partial<NamedCause> = {}): NamedCause {
	return {
		id: 'service-refused',
		rung: 'connect',
		title: 'The service does not listen',
		means: 'Restart it with `systemctl`.',
		effect: 'breaks',
		confidence: 'certain',
		about: 'port 8000 on gpu-1',
		says: 'gpu-1 refuses connections to port 8000',
		evidence: [{says: 'tts gpu-1 from cluster is down', wanted: 'a connection', atMs: nowMs - 3000}],
		next: [
			{where: 'on gpu-1', run: 'ss -ltnp', why: 'Whether a program listens.'},
			{where: 'wherever tailprobe is', run: 'tailprobe probe', why: 'Whether it still refuses.'},
		],
		...part,
	};
}

/** One fault of which a check tells, for a minute. */
export function anIncident(part: Partial<Incident> = {}): Incident {
	return {
		id: 'service-refused port 8000 on gpu-1',
		state: 'down',
		cause: aCause(),
		sinceMs: someTime,
		checks: [downView('tts', 'gpu-1', someTime)],
		about: 'tts on gpu-1',
		...part,
	};
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
