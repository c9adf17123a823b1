/** What is wrong, put together by what seems to be its cause: a vantage, a system that is read, a tunnel. Pure. */

import type {UnknownReason} from '../../engine/types.ts';
import type {VantageState} from '../../vantages/types.ts';
import type {CheckView, SourceView} from '../types.ts';
import type {Snapshot} from './snapshot.ts';
import {badness, isUnsound} from './words.ts';

/** Checks that were last seen down or that could not be looked at, and what belongs to them. */
export interface CheckTrouble {
	view: CheckView;
	/** Failing checks of the node whose tunnel this is. */
	behind: readonly CheckView[];
	/** The tunnel to the node of this check, where it is known to be up. */
	tunnel?: CheckView;
}

export interface VantageTrouble {
	state: VantageState;
	/** Its checks that are unknown for no reason of their own. */
	blind: readonly CheckView[];
	/** All of its checks. */
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
}

export interface Troubles {
	down: readonly CheckTrouble[];
	vantages: readonly VantageTrouble[];
	sources: readonly SourceTrouble[];
	unknown: readonly CheckTrouble[];
}

/** Failures newest first. Each check that ran and is not up is in there once. */
export function groupTroubles(snapshot: Snapshot): Troubles {
	const bad = snapshot.checks.filter(({ran, verdict}) => ran && verdict !== 'up').toSorted(compareTroubles);
	const vantages = groupByVantage(bad, snapshot);
	const blind = new Set(vantages.flatMap(trouble => trouble.blind));
	return {
		down: groupByTunnel(
			bad.filter(({verdict}) => verdict === 'down'),
			snapshot.checks,
		),
		vantages,
		sources: groupSources(snapshot),
		unknown: bad.filter(view => view.verdict === 'unknown' && !blind.has(view)).map(view => ({view, behind: []})),
	};
}

/**
 * Failing sources; those of one system that fail for the same reason together, and those of one tailscaled whatever they say: each of
 * its parts fails in words of its own. What a vantage that cannot look has of its own tailscaled is the vantage's trouble.
 */
export function groupSources(snapshot: Pick<Snapshot, 'sources' | 'vantages' | 'platform'>): SourceTrouble[] {
	const unsound = new Set(snapshot.vantages.filter(isUnsound).map(({name}) => name));
	const failing = snapshot.sources.filter(({ok}) => ok === false);
	const alone = failing.filter(source => !unsound.has(vantageOf(source, snapshot) ?? ''));
	const alike = Map.groupBy(alone, source =>
		JSON.stringify([systemOf(source), vantageOf(source, snapshot) ?? reasonOf(source.detail ?? '')]),
	);
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
function reasonOf(detail: string): string {
	return detail
		.replace(/\b(?:GET |HEAD )?https?:\/\/\S*[^\s:.,;]/g, '')
		.replace(/\d+/g, '#')
		.trim();
}

/** Newest minute first; within a minute the tunnel before what runs through it. */
function compareTroubles(one: CheckView, other: CheckView): number {
	const minute = ({downSince = 0}: CheckView) => Math.floor(downSince / 60_000);
	const rank = ({check}: CheckView) => (check.type === 'tunnel' ? 0 : 1);
	return (
		badness(other) - badness(one) ||
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
/** So many checks of a vantage are asked since when they could not be looked at. */
const checksAsked = 20;

function groupByVantage(bad: readonly CheckView[], snapshot: Snapshot): VantageTrouble[] {
	const unsound = snapshot.vantages.filter(isUnsound);
	return unsound.map(state => {
		const blind = bad.filter(
			({check, verdict, last}) =>
				verdict === 'unknown' && check.vantage === state.name && !ownReasons.includes(last?.reason ?? ''),
		);
		const total = snapshot.checks.filter(({check}) => check.vantage === state.name).length;
		const sources = snapshot.sources.filter(
			source => source.ok === false && vantageOf(source, snapshot) === state.name,
		);
		const sinces = blind.slice(0, checksAsked).flatMap(view => blindSince(view, snapshot) ?? []);
		const since = sinces.toSorted((one, other) => one.ms - other.ms)[0];
		return {state, blind, total, ...(since ? {since} : {}), sources};
	});
}

/** Where its runs in a row that could not look begin; to the minute where the outcomes do not reach that far back. */
function blindSince({check, strip}: CheckView, {recent, nowMs}: Snapshot): VantageTrouble['since'] {
	const outcomes = recent(check.key);
	const sound = outcomes.findIndex(({verdict}) => verdict !== 'unknown');
	const oldest = outcomes[(sound === -1 ? outcomes.length : sound) - 1];
	if (!oldest) return undefined;
	if (sound !== -1) return {ms: oldest.startedAt, atLeast: false};
	const seen = strip.findLastIndex(bucket => bucket !== undefined && bucket.up + bucket.down > 0);
	const first = strip.findIndex((bucket, at) => at > seen && bucket !== undefined);
	if (first === -1) return {ms: oldest.startedAt, atLeast: true};
	const minuteMs = (Math.floor(nowMs / 60_000) - (strip.length - 1 - first)) * 60_000;
	return {ms: Math.min(oldest.startedAt, minuteMs), atLeast: true};
}
