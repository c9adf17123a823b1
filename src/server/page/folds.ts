/** Several checks that fail by one cause become one trouble: a node whose tunnel is up, MagicDNS, headscale, one reason not to look. Pure. */

import {isSilence} from '../../engine/silence.ts';
import {splitTarget} from '../../net/target.ts';
import type {CheckView, Landmarks} from '../types.ts';

/** Checks that fail alike, worst and newest first; at least two. */
export interface FoldTrouble {
	/** `alike`: nobody could look, for the same reason. */
	cause: 'peer' | 'magicdns' | 'alike';
	/** The node, for `peer`; else ''. */
	peer: string;
	views: readonly CheckView[];
	/** Its tunnel, where it is known to be up. */
	tunnel?: CheckView;
	/** Milliseconds since 1970 of the first run of this trouble, as far as is known. */
	sinceMs?: number;
}

/** A check with the tunnel to its node, where that is known to be up. */
interface Failing {
	view: CheckView;
	behind: readonly CheckView[];
	tunnel?: CheckView;
}

/** Questions to MagicDNS that nobody answered, together for each vantage. */
export function foldMagicDns(down: readonly CheckView[], {dnsServer}: Landmarks): FoldTrouble[] {
	const asked = down.filter(view => isSilent(view) && isMagicDns(view, dnsServer));
	return several(asked, ({check}) => check.vantage).map(views => fold('magicdns', views));
}

/** Checks of one node that get no connection though the way to it is not known to be down, whoever looks. */
export function foldPeers(failing: readonly Failing[]): FoldTrouble[] {
	const silent = failing.filter(
		({view, behind}) =>
			isSilent(view) && view.check.target.peer !== '' && view.check.type !== 'tunnel' && behind.length === 0,
	);
	const tunnels = new Map(silent.map(({view, tunnel}) => [view, tunnel]));
	return several(
		silent.map(({view}) => view),
		({check}) => check.target.peer,
	).map(views => {
		const known = views.map(view => tunnels.get(view));
		// One that nobody knows to be up says nothing for the others.
		const tunnel = known.includes(undefined) ? undefined : known[0];
		return {
			...fold('peer', views),
			peer: views[0]?.check.target.peer ?? '',
			...(tunnel ? {tunnel} : {}),
		};
	});
}

/** Checks that one vantage could not look at, for the same reason and with the same sentence but for the target. */
export function foldUnknown(unknown: readonly CheckView[]): FoldTrouble[] {
	return several(unknown, view => JSON.stringify([view.check.vantage, view.last?.reason, sentenceOf(view)])).map(
		views => fold('alike', views),
	);
}

/** Failing checks of the hosts where headscale answers; not those that want nothing to answer there. */
export function findBehindHeadscale(
	down: readonly CheckView[],
	checks: readonly CheckView[],
	{headscale}: Landmarks,
): CheckView[] {
	const hosts = new Set(headscale);
	// The address of its name, as the checks of that name resolved it.
	for (const view of checks) if (hosts.has(hostOf(view))) for (const address of addressOf(view)) hosts.add(address);
	return down.filter(
		view => !view.check.expect && (hosts.has(hostOf(view)) || addressOf(view).some(address => hosts.has(address))),
	);
}

/** Since when most of them fail as they do now: those that failed long before have another cause, perhaps. */
export function sinceOfAll(views: readonly CheckView[]): number | undefined {
	const sinces = views
		.flatMap(({reasonSince, downSince}) => reasonSince ?? downSince ?? [])
		.toSorted((one, other) => other - one);
	let [since] = sinces;
	for (const earlier of sinces) if (since !== undefined && since - earlier < oneIncidentMs) since = earlier;
	return since;
}

/** What fails so soon after another failure is taken for a part of it. */
export const oneIncidentMs = 60_000;

function fold(cause: FoldTrouble['cause'], views: readonly CheckView[]): FoldTrouble {
	const sinceMs = sinceOfAll(views);
	return {cause, peer: '', views, ...(sinceMs === undefined ? {} : {sinceMs})};
}

function several(views: readonly CheckView[], alike: (view: CheckView) => string): CheckView[][] {
	return [...Map.groupBy(views, alike).values()].filter(group => group.length > 1);
}

function isSilent({last, check}: CheckView): boolean {
	return isSilence(last?.reason) && check.expect === undefined;
}

const serviceAddresses: readonly string[] = ['100.100.100.100', 'fd7a:115c:a1e0::53'];

function isMagicDns({check: {type, target}}: CheckView, dnsServer: string): boolean {
	const asked = splitTarget(target.address);
	if (type !== 'dns' || target.via !== 'tailnet' || !asked) return false;
	const configured = splitTarget(dnsServer);
	const isConfigured = asked.host === configured?.host && (asked.port ?? 53) === (configured.port ?? 53);
	return serviceAddresses.includes(asked.host) || isConfigured;
}

function sentenceOf({check: {target}, last}: CheckView): string {
	const written = [target.address, splitTarget(target.address)?.host ?? '', target.name, target.peer];
	// The longest first: a part of it must not be taken out of its middle.
	const names = written.filter(each => each !== '').toSorted((one, other) => other.length - one.length);
	const without = (text: string, name: string) =>
		text.replace(new RegExp(`(?<![\\w.-])${RegExp.escape(name)}(?![\\w-])`, 'g'), '…');
	return names.reduce(without, last?.detail ?? '').replace(/\d+/g, '#');
}

function hostOf({check}: CheckView): string {
	return splitTarget(check.target.address)?.host.toLowerCase() ?? '';
}

function addressOf({last}: CheckView): string[] {
	const address = last?.reading?.facts.address;
	return address === undefined ? [] : [address];
}
