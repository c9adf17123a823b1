/** The shapes of `/api/v1` and of `/probe` as JSON. Times are RFC 3339 texts, durations seconds; what is not known is left out. */

import type {Check, Outcome, PhaseName, Reason, Verdict} from '../engine/types.ts';
import {splitTarget} from '../net/target.ts';
import type {VantageState} from '../vantages/types.ts';
import type {AdhocAnswer, CheckView, DaemonView, NodeView, SourceView, StripBucket} from './types.ts';

/** A check without its options, which may hold secrets. */
export interface CheckJson {
	key: string;
	name: string;
	type: string;
	vantage: string;
	target: {name: string; address: string; via: string; peer: string};
	intervalSeconds: number;
	timeoutSeconds: number;
}

export interface OutcomeJson {
	startedAt: string;
	durationSeconds: number;
	kind: Outcome['kind'];
	verdict: Verdict;
	reason?: Reason;
	detail?: string;
	/** Our own thread was too late for the times to be true. */
	late: boolean;
	/** By how much, when late. */
	latenessSeconds?: number;
	phases?: Partial<Record<PhaseName, number>>;
	values?: Record<string, number>;
	facts?: Record<string, string>;
}

/** What an ad hoc run found. */
export interface ProbeJson {
	check: CheckJson;
	module: {name: string; prober: string};
	outcome: OutcomeJson;
}

export function describeProbe(answer: AdhocAnswer & {kind: 'ran'}): ProbeJson {
	const {name, prober} = answer.module;
	const check = {...describeCheck(answer.check), timeoutSeconds: answer.timeoutMs / 1000};
	return {check, module: {name, prober}, outcome: describeOutcome(answer.outcome)};
}

export function describeCheck({key, name, type, vantage, target, intervalMs, timeoutMs}: Check): CheckJson {
	const {name: targetName, address, via, peer} = target;
	return {
		key,
		name,
		type,
		vantage,
		target: {name: targetName, address: withoutUserInfo(address), via, peer},
		intervalSeconds: intervalMs / 1000,
		timeoutSeconds: timeoutMs / 1000,
	};
}

export function describeOutcome({
	startedAt,
	durationMs,
	latenessMs,
	kind,
	verdict,
	reason,
	detail,
	late,
	reading,
}: Outcome): OutcomeJson {
	return {
		startedAt: formatTime(startedAt) ?? '',
		durationSeconds: durationMs / 1000,
		kind,
		verdict,
		...(reason === undefined ? {} : {reason}),
		...(detail === undefined ? {} : {detail}),
		late,
		...(late ? {latenessSeconds: latenessMs / 1000} : {}),
		...(reading?.phases === undefined ? {} : {phases: finiteOnly(reading.phases)}),
		...(reading === undefined ? {} : {values: finiteOnly(reading.values), facts: reading.facts}),
	};
}

/** A check with what is known of it now. */
export function describeCheckView({check, verdict, ran, confirmed, downSince, last}: CheckView) {
	return {
		...describeCheck(check),
		verdict,
		/** False before the first run. */
		ran,
		/** Down as many times in a row as the configuration wants before it is told to people. */
		confirmed,
		downSince: formatTime(downSince),
		last: last && describeOutcome(last),
	};
}

/** A minute of the last hour; null where nothing ran. */
export function describeStrip(strip: CheckView['strip']): (StripBucket | null)[] {
	return strip.map(bucket => bucket ?? null);
}

export function describeVantage({
	name,
	type,
	condition,
	detail,
	latenessMs,
	runsInFlight,
	skippedSlots,
	threadRestarts,
	facts,
}: VantageState) {
	return {
		name,
		type,
		condition,
		detail,
		latenessSeconds: latenessMs / 1000,
		runsInFlight,
		skippedSlots,
		threadRestarts,
		facts,
	};
}

export function describeSource({name, ok, detail, seconds, lastTriedAt, lastSuccessAt}: SourceView) {
	return {
		name,
		/** Absent before the first try. */
		ok,
		detail,
		durationSeconds: seconds,
		lastTriedAt: formatTime(lastTriedAt),
		lastSuccessAt: formatTime(lastSuccessAt),
	};
}

export function describeNode({node, tunnels, disagreement}: NodeView) {
	const {
		id,
		name,
		addresses,
		owner,
		tags,
		online,
		ephemeral,
		lastSeenMs,
		keyExpiryMs,
		createdMs,
		registerMethod,
		routes,
	} = node;
	return {
		id,
		name,
		addresses,
		owner,
		tags,
		/** What the source says; absent where it cannot tell. */
		online,
		ephemeral,
		lastSeen: formatTime(lastSeenMs),
		keyExpiry: formatTime(keyExpiryMs),
		created: formatTime(createdMs),
		registerMethod,
		routes,
		tunnels,
		disagreement,
	};
}

/** How many checks are up, down, unknown, and not run yet. */
export function countChecks(checks: readonly CheckView[]) {
	const counts = {total: checks.length, up: 0, down: 0, unknown: 0, pending: 0};
	for (const {ran, verdict} of checks) counts[ran ? verdict : 'pending']++;
	return counts;
}

export function describeStatus(view: DaemonView) {
	const checks = view.checks();
	return {
		version: view.version,
		startedAt: formatTime(view.startedAt),
		ready: view.ready(),
		checks: {...countChecks(checks), confirmedDown: checks.filter(({confirmed}) => confirmed).length},
		nodes: view.nodes().length,
		vantages: view.vantages().map(({name, condition, detail}) => ({name, condition, detail})),
		sources: view.sources().map(describeSource),
		/** What could not be planned or used, as sentences. */
		problems: view.problems(),
	};
}

/** Without numbers that JSON and the exposition cannot say, such as a length that a server made up. */
export function finiteOnly(values: Readonly<Record<string, number>>): Record<string, number> {
	return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)));
}

/** RFC 3339, or undefined where no time is known (or the world sent one that is none). */
export function formatTime(wallMs: number | undefined): string | undefined {
	const date = new Date(wallMs ?? Number.NaN);
	return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** Whether the port of an http target was not written down: then it was 80, because no scheme was written either. */
export function assumesPort80(type: string, address: string): boolean {
	return type === 'http' && !address.includes('://') && splitTarget(address)?.port === undefined;
}

/** Names came from tailscaled's list of peers: what that says of MagicDNS. Silence takes time; where it was not asked, or refused, there is none. */
export function describeResolver(by: string, resolveSeconds: number | undefined): string {
	if (by !== 'peers') return by;
	return `from tailscaled's list of peers${(resolveSeconds ?? 0) >= silenceSeconds ? ': MagicDNS did not answer' : ''}`;
}

/** MagicDNS is waited for at least a quarter of a second. */
const silenceSeconds = 0.2;

/** An address as it may be shown: a password in a URL stays out. */
export function withoutUserInfo(address: string): string {
	return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1<redacted>@');
}
