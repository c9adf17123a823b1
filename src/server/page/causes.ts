/** What is wrong, put together by what seems to be its cause: a vantage, a system that is read, a tunnel. Pure. */

import type {UnknownReason} from '../../engine/types.ts';
import type {PoolView} from '../../pools/types.ts';
import {verdictOf} from '../../pools/view.ts';
import type {VantageState} from '../../vantages/types.ts';
import type {CheckView, SourceView} from '../types.ts';
import {type FoldTrouble, findBehindHeadscale, foldMagicDns, foldPeers, foldUnknown} from './folds.ts';
import type {Snapshot} from './snapshot.ts';
import {isUnsupported} from './unsupported-notes.ts';
import {isUnsound} from './words.ts';

/** Checks that were last seen down or that could not be looked at, and what belongs to them. */
export interface CheckTrouble {
	view: CheckView;
	/** Failing checks of the node whose tunnel this is. */
	behind: readonly CheckView[];
	/** The tunnel to the node of this check, where it is known to be up. */
	tunnel?: CheckView;
	/** Where nobody can look: milliseconds since 1970 of the first run in a row that could not. */
	sinceMs?: number;
}

export interface VantageTrouble {
	state: VantageState;
	/** Vantages that are reached through it, and so not at present. */
	behind: readonly string[];
	/** Its checks and theirs that are unknown for no reason of their own. */
	blind: readonly CheckView[];
	/** All of its checks and theirs. */
	total: number;
	/** Milliseconds since 1970 of the first run that could not look; `atLeast`: perhaps even longer. */
	since?: {ms: number; atLeast: boolean};
	/** What cannot be read of its own tailscaled. */
	sources: readonly SourceView[];
}

export interface SourceTrouble {
	/** `headscale` where several of its sources fail alike, `tailscaled` where several of one fail, else the source's own name. */
	name: string;
	sources: readonly SourceView[];
	/** Failing checks of the hosts where headscale answers, while it does not. */
	behind: readonly CheckView[];
}

export interface Troubles {
	/** Newest first. */
	down: readonly CheckTrouble[];
	/** Several checks with one cause, down or unknown. */
	folds: readonly FoldTrouble[];
	/** With fewer usable machines than they must have. */
	pools: readonly PoolView[];
	vantages: readonly VantageTrouble[];
	sources: readonly SourceTrouble[];
	unknown: readonly CheckTrouble[];
}

/** Each check that ran and is not up is in there once, but for those that cannot run where they are asked to. */
export function groupTroubles(snapshot: Snapshot): Troubles {
	const {checks, landmarks} = snapshot;
	const bad = checks
		.filter(view => view.ran && view.verdict !== 'up' && !isUnsupported(view) && !isToBeLookedAt(view, snapshot))
		.toSorted(compareTroubles);
	const vantages = groupByVantage(bad, snapshot);
	const magicDns = foldMagicDns(bad.filter(isDown), landmarks);
	// On one machine MagicDNS may have the address of headscale: what it does not answer is its own matter.
	const unanswered = new Set(magicDns.flatMap(({views}) => views));
	const mayHang = bad.filter(view => isDown(view) && !unanswered.has(view));
	const sources = explainChecks(groupSources(snapshot), mayHang, snapshot);
	const told = new Set([
		...vantages.flatMap(({blind}) => blind),
		...sources.flatMap(({behind}) => behind),
		...unanswered,
	]);
	const rest = bad.filter(view => !told.has(view));
	const down = groupByTunnel(rest.filter(isDown), checks);
	const peers = foldPeers(down);
	const unknown = rest.filter(view => !isDown(view));
	const alike = foldUnknown(unknown).map(fold => ({
		...fold,
		...sinceOf(firstBlind(fold.views)),
	}));
	const folded = new Set([...peers, ...alike].flatMap(({views}) => views));
	return {
		down: down.filter(({view}) => !folded.has(view)),
		folds: [...magicDns, ...peers, ...alike],
		pools: snapshot.pools.filter(pool => verdictOf(pool).verdict === 'short'),
		vantages,
		sources,
		unknown: unknown.filter(view => !folded.has(view)).map(view => ({view, behind: [], ...sinceOf(view.unknownSince)})),
	};
}

/** Its vantage was out of reach at its last slot and is not any more: its next run tells. */
function isToBeLookedAt({check, verdict, last}: CheckView, {vantages}: Pick<Snapshot, 'vantages'>): boolean {
	const vantage = vantages.find(({name}) => name === check.vantage);
	return (
		verdict === 'unknown' && last?.reason === 'vantage' && vantage?.group !== undefined && vantage.condition === 'sound'
	);
}

const sinceOf = (first: VantageTrouble['since']) => (first ? {sinceMs: first.ms} : {});

const isDown = ({verdict}: CheckView) => verdict === 'down';

/** While headscale says nothing of its health, what fails on its hosts fails behind it. */
function explainChecks(
	groups: readonly Omit<SourceTrouble, 'behind'>[],
	down: readonly CheckView[],
	{checks, landmarks}: Snapshot,
): SourceTrouble[] {
	return groups.map(group => {
		const isCause = group.sources.some(({name}) => name === healthSource);
		return {...group, behind: isCause ? findBehindHeadscale(down, checks, landmarks) : []};
	});
}

const healthSource = 'headscale-health';

/**
 * Failing sources; those of one system that fail for the same reason together, and whatever they say those of one tailscaled and of a
 * headscale that says nothing of its health: each part fails in words of its own. What a vantage that cannot look has of its own tailscaled is the vantage's trouble.
 */
export function groupSources(
	snapshot: Pick<Snapshot, 'sources' | 'vantages' | 'platform'>,
): Omit<SourceTrouble, 'behind'>[] {
	const unsound = new Set(snapshot.vantages.filter(isUnsound).map(({name}) => name));
	const failing = snapshot.sources.filter(({ok}) => ok === false);
	const alone = failing.filter(source => !unsound.has(vantageOf(source, snapshot) ?? ''));
	const isOut = failing.some(({name}) => name === healthSource);
	const alike = Map.groupBy(alone, source => {
		const system = systemOf(source);
		const whole = isOut && system === 'headscale' ? system : vantageOf(source, snapshot);
		return JSON.stringify([system, whole ?? reasonOf(source.detail ?? '')]);
	});
	return Array.from(alike.values(), group => {
		const [first] = group;
		return {name: group.length > 1 && first ? systemOf(first) : (first?.name ?? ''), sources: group};
	});
}

const systemOf = ({name}: SourceView) => name.split('-', 1)[0] ?? name;

/** The vantage whose tailscaled it is: the one that it is named after, or the only one that has a tailscaled. */
function vantageOf(source: SourceView, {platform: {tailscaled}}: Pick<Snapshot, 'platform'>): string | undefined {
	if (systemOf(source) !== 'tailscaled') return undefined;
	const [only, ...others] = tailscaled;
	if (only && others.length === 0) return only.vantage;
	const [, name] = /^tailscaled-[^-]+-(.*)$/.exec(source.name) ?? [];
	return name;
}

/** A sentence without what differs between two requests to the same system. */
export function reasonOf(detail: string): string {
	return detail
		.replace(/\b(?:GET |HEAD )?https?:\/\/\S*[^\s:.,;]/g, '')
		.replace(/\d+/g, '#')
		.trim();
}

/** Down before unknown, then the newest minute; within a minute the tunnel before what runs through it. */
function compareTroubles(one: CheckView, other: CheckView): number {
	const minute = ({downSince = 0}: CheckView) => Math.floor(downSince / 60_000);
	const rank = ({check}: CheckView) => (check.type === 'tunnel' ? 0 : 1);
	return (
		Number(isDown(other)) - Number(isDown(one)) ||
		minute(other) - minute(one) ||
		rank(one) - rank(other) ||
		(one.check.key < other.check.key ? -1 : 1)
	);
}

const placeOf = ({check}: CheckView) => JSON.stringify([check.vantage, check.target.peer]);

function groupByTunnel(down: readonly CheckView[], checks: readonly CheckView[]): CheckTrouble[] {
	const tunnels = new Map<string, CheckView>();
	for (const view of checks) {
		const known = tunnels.get(placeOf(view));
		if (view.check.type !== 'tunnel' || view.check.target.peer === '' || known?.verdict === 'down') continue;
		if (!known || view.verdict === 'down') tunnels.set(placeOf(view), view);
	}
	const tunnelOf = (view: CheckView) => (view.check.type === 'tunnel' ? undefined : tunnels.get(placeOf(view)));
	const behind = Map.groupBy(down, tunnelOf);
	return down
		.filter(view => tunnelOf(view)?.verdict !== 'down')
		.map(view => {
			const tunnel = tunnelOf(view);
			const known = tunnel?.ran && tunnel.verdict === 'up';
			const own = view.check.type === 'tunnel' ? (behind.get(view) ?? []) : [];
			return {view, behind: own, ...(known ? {tunnel} : {})};
		});
}

/** Unknown for a reason that says something about the check itself, whatever the vantage is like. */
const ownReasons: readonly string[] = ['unsupported', 'denied', 'incomplete', 'internal'] satisfies UnknownReason[];

function groupByVantage(bad: readonly CheckView[], snapshot: Snapshot): VantageTrouble[] {
	const unsound = snapshot.vantages.filter(isUnsound);
	const causes = unsound.filter(({behind}) => !unsound.some(({name}) => name === behind));
	return causes.map(state => {
		const behind = unsound.filter(other => other.behind === state.name).map(({name}) => name);
		const names = new Set([state.name, ...behind]);
		const blind = bad.filter(
			({check, verdict, last}) =>
				verdict === 'unknown' && names.has(check.vantage) && !ownReasons.includes(last?.reason ?? ''),
		);
		const total = snapshot.checks.filter(({check}) => names.has(check.vantage)).length;
		const sources = snapshot.sources.filter(
			source => source.ok === false && vantageOf(source, snapshot) === state.name,
		);
		// The local vantage's own checks date its trouble better than a look once a second does.
		const since =
			state.group === undefined || state.sinceMs === undefined
				? firstBlind(blind)
				: {ms: state.sinceMs, atLeast: false};
		return {state, behind, blind, total, ...(since ? {since} : {}), sources};
	});
}

/** The first run that could not look. A check that nobody ever could look at dates no fault that another saw begin. */
function firstBlind(views: readonly CheckView[]): VantageTrouble['since'] {
	const sinces = views.flatMap(({unknownSince}) => unknownSince ?? []);
	return sinces.toSorted((one, other) => Number(one.atLeast) - Number(other.atLeast) || one.ms - other.ms)[0];
}
