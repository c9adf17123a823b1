/** The shapes of `/api/v1` and of `/probe` as JSON. Times are RFC 3339 texts, durations seconds; what is not known is left out. */

import type {z} from 'zod';
import type {Check, Outcome} from '../engine/types.ts';
import {splitTarget} from '../net/target.ts';
import {sayAlone} from '../notes/types.ts';
import {formatTime} from '../util/format-time.ts';
import type {VantageState} from '../vantages/types.ts';
import type * as schemas from './api-schemas.ts';
import {describePlatform} from './platform-json.ts';
import type {stripSchema} from './schema-parts.ts';
import type {AdhocAnswer, CheckView, DaemonView, NodeView, SourceView} from './types.ts';
import type {vantageSchema} from './vantages-schema.ts';

/** What a schema lets out. */
export type Json<S extends z.ZodType> = z.output<S>;

/** A check without its options, which may hold secrets. */
export type CheckJson = Json<typeof schemas.checkSchema>;
export type CheckViewJson = Json<typeof schemas.checkViewSchema>;
export type ProbeNowJson = Json<typeof schemas.probeAnswer>;
export type OutcomeJson = Json<typeof schemas.outcomeSchema>;
/** What an ad hoc run found. */
export type ProbeJson = Json<typeof schemas.probeSchema>;
/** A check that has the target of an ad hoc run. */
export type KnownCheckJson = schemas.KnownCheck;

/** `checks`: those of the same target (alike.ts); `view`: the daemon that knows more, where one runs. */
export function describeProbe(
	answer: AdhocAnswer & {kind: 'ran'},
	checks: readonly KnownCheckJson[],
	view?: Pick<DaemonView, 'checks' | 'nodes'>,
): ProbeJson {
	const check = {...describeCheck(answer.check), timeoutSeconds: answer.timeoutMs / 1000};
	const outcome = describeOutcome(answer.outcome);
	return {
		check,
		...describeModule(answer),
		outcome,
		checks: [...checks],
		...(view ? describeRecord(answer, view) : {}),
	};
}

function describeRecord(
	{check, module}: AdhocAnswer & {kind: 'ran'},
	view: Pick<DaemonView, 'checks' | 'nodes'>,
): Pick<ProbeJson, 'path' | 'record'> {
	const path = pathOfTunnel(check, view);
	const isRun = ({name, target, vantage}: Check) =>
		name === check.name && vantage === check.vantage && target.name === check.target.name;
	const known = view.checks().find(each => (module ? isSame(each.check, check) : isRun(each.check)));
	return {
		...(isPath(path) ? {path} : {}),
		...(known ? {record: {check: known.check.name, lastHour: describeStrip(known.strip)}} : {}),
	};
}

function describeModule({module}: AdhocAnswer & {kind: 'ran'}): Pick<ProbeJson, 'module'> {
	return module ? {module: {name: module.name, prober: module.prober}} : {};
}

/** What an ad hoc run found, beside what is known of its target: the checks that its vantage has of it, and the path to its peer. */
export function describeProbeNow(answer: AdhocAnswer & {kind: 'ran'}, view: DaemonView): ProbeNowJson {
	const {check} = answer;
	const {kind: _kind, ...outcome} = describeOutcome(answer.outcome);
	const {target, vantage, timeoutSeconds} = {...describeCheck(check), timeoutSeconds: answer.timeoutMs / 1000};
	const path = answer.outcome.reading?.facts.path ?? pathOfTunnel(check, view);
	return {
		...outcome,
		target: {...target, configured: check.target.only === undefined},
		vantage,
		...describeModule(answer),
		timeoutSeconds,
		...(isPath(path) ? {path} : {}),
		checks: view
			.checks()
			.filter(known => isSame(known.check, check))
			.map(known => ({...describeCheckView(known), lastHour: describeStrip(known.strip)})),
	};
}

export function describeCheck({key, name, type, vantage, target, intervalMs, timeoutMs, expect}: Check): CheckJson {
	const {name: targetName, address, via, peer} = target;
	return {
		key,
		name,
		type,
		vantage,
		target: {name: targetName, address: showAddress(address), via, peer},
		intervalSeconds: intervalMs / 1000,
		timeoutSeconds: timeoutMs / 1000,
		...(expect === undefined ? {} : {expect}),
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
	withheld,
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
		...(withheld === undefined ? {} : {withheld: [...withheld]}),
		late,
		...(late ? {latenessSeconds: latenessMs / 1000} : {}),
		...(reading?.phases === undefined ? {} : {phases: finiteOnly(reading.phases)}),
		...(reading === undefined ? {} : {values: finiteOnly(reading.values), facts: reading.facts}),
	};
}

/** A check with what is known of it now. */
export function describeCheckView({check, verdict, ran, confirmed, downSince, last}: CheckView): CheckViewJson {
	return {
		...describeCheck(check),
		verdict,
		ran,
		confirmed,
		downSince: formatTime(downSince),
		last: last && describeOutcome(last),
	};
}

/** A minute of the last hour; null where nothing ran. */
export function describeStrip(strip: CheckView['strip']): Json<typeof stripSchema> {
	return strip.map(bucket => bucket ?? null);
}

export function describeVantage({
	name,
	type,
	group,
	ways,
	condition,
	unsupported,
	detail,
	latenessMs,
	runsInFlight,
	skippedSlots,
	threadRestarts,
	facts,
}: VantageState): Json<typeof vantageSchema> {
	return {
		name,
		type,
		group,
		ways: ways?.map(way => ({...way})),
		condition,
		unsupported,
		detail,
		latenessSeconds: latenessMs / 1000,
		runsInFlight,
		skippedSlots,
		threadRestarts,
		facts,
	};
}

export function describeSource({
	name,
	ok,
	isUnsupported,
	detail,
	seconds,
	lastTriedAt,
	lastSuccessAt,
	failingSince,
}: SourceView): Json<typeof schemas.sourceSchema> {
	return {
		name,
		ok,
		unsupported: isUnsupported,
		detail,
		durationSeconds: seconds,
		lastTriedAt: formatTime(lastTriedAt),
		lastSuccessAt: formatTime(lastSuccessAt),
		failingSince: formatTime(failingSince),
	};
}

export function describeNode({node, tunnels, disagreement}: NodeView): Json<typeof schemas.nodeSchema> {
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
		addresses: [...addresses],
		owner,
		tags: [...tags],
		online,
		ephemeral,
		lastSeen: formatTime(lastSeenMs),
		keyExpiry: formatTime(keyExpiryMs),
		created: formatTime(createdMs),
		registerMethod,
		routes: routes && {
			approved: [...routes.approved],
			available: [...routes.available],
			served: [...routes.served],
		},
		tunnels: [...tunnels],
		disagreement,
	};
}

function isSame(known: Check, {type, vantage, target}: Check): boolean {
	return known.type === type && known.vantage === vantage && known.target.address === target.address;
}

/** What the vantage's last tunnel check of the peer saw. */
function pathOfTunnel({target, vantage}: Check, view: Pick<DaemonView, 'nodes'>): string | undefined {
	if (target.peer === '') return undefined;
	const tunnels = view.nodes().find(({node}) => node.name === target.peer)?.tunnels;
	return tunnels?.find(tunnel => tunnel.vantage === vantage)?.path;
}

function isPath(path: string | undefined): path is NonNullable<ProbeNowJson['path']> {
	return path === 'direct' || path === 'derp' || path === 'peer_relay';
}

/** How many checks are up, down, unknown, and not run yet. */
export function countChecks(checks: readonly CheckView[]) {
	const counts = {total: checks.length, up: 0, down: 0, unknown: 0, pending: 0};
	for (const {ran, verdict} of checks) counts[ran ? verdict : 'pending']++;
	return counts;
}

export function describeStatus(view: DaemonView): Json<typeof schemas.statusAnswer> {
	const checks = view.checks();
	return {
		version: view.version,
		startedAt: formatTime(view.startedAt) ?? '',
		ready: view.ready(),
		checks: {...countChecks(checks), confirmedDown: checks.filter(({confirmed}) => confirmed).length},
		nodes: view.nodes().length,
		vantages: view.vantages().map(({name, condition, detail}) => ({name, condition, detail})),
		sources: view.sources().map(describeSource),
		platform: describePlatform(view.platform()),
		problems: [...view.problems(), ...view.ownNotes().map(sayAlone)],
	};
}

/** Without numbers that JSON and the exposition cannot say, such as a length that a server made up. */
export function finiteOnly(values: Readonly<Record<string, number>>): Record<string, number> {
	return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)));
}

/** Whether the port of an http target was not written down: then it was 80, because no scheme was written either. */
export function assumesPort80(type: string, address: string): boolean {
	return (
		(type === 'http' || type === 'http_warm') && !address.includes('://') && splitTarget(address)?.port === undefined
	);
}

/** Names came from tailscaled's list of peers: what that says of MagicDNS. Silence takes time; where it was not asked, or refused, there is none. */
export function describeResolver(by: string, resolveSeconds: number | undefined): string {
	if (by !== 'peers') return by;
	return `from tailscaled's list of peers${(resolveSeconds ?? 0) >= silenceSeconds ? ': MagicDNS did not answer' : ''}`;
}

/** MagicDNS is waited for at least a quarter of a second. */
const silenceSeconds = 0.2;

/** An address as it may be shown: a password in a URL and what a query says, which may be a token, stay out. */
export function showAddress(address: string): string {
	return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1<redacted>@').replace(/\?.+$/s, '?…');
}
