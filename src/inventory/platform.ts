/** Sums up what was read of headscale, of the vantages' own tailscaled and of the clients, by the same rules as the gauges. Pure. */

import {duplicateHostnames, isLingering, unservedRoutes} from '../collectors/records.ts';
import {isControlKeyAnswered, isInGrace} from '../headscale/fresh.ts';
import {known} from '../headscale/lenient.ts';
import {type PreAuthKey, preAuthKeyState} from '../headscale/pre-auth-keys.ts';
import type {HeadscaleSource} from '../headscale/source.ts';
import type {HeadscaleState} from '../headscale/types.ts';
import {freshValue, type Read} from '../sources/read.ts';
import {minimumClient} from '../tailscaled/client-versions.ts';
import type {TailscaledReading, TailscaledSource} from '../tailscaled/source.ts';
import {type ClientVersion, partIntervalsMs, type Part as TailscaledPart} from '../tailscaled/types.ts';
import type {
	ClientFacts,
	DuplicateFacts,
	HeadscaleFacts,
	LingeringFacts,
	Named,
	PlatformView,
	PreAuthKeyFacts,
	TailscaledFacts,
} from './platform-types.ts';
import type {TailnetNode} from './types.ts';

/** So much of headscale as a summary needs. */
export type HeadscaleReader = Pick<
	HeadscaleSource,
	'state' | 'intervalMs' | 'inventoryIntervalMs' | 'expectUsers' | 'lingerAfterMs'
>;

const weekMs = 7 * 86_400_000;
const namesAtMost = 20;

export function viewPlatform(
	headscale: HeadscaleReader | undefined,
	tailscaled: Pick<TailscaledSource, 'readings' | 'clientVersions'>,
	nowMs: number,
): PlatformView {
	const state = headscale?.state();
	const nodes = state?.nodes.value?.nodes ?? [];
	return {
		...known({
			headscale: headscale && sumUpHeadscale(headscale, nowMs),
			clients: sumUpClients(nodes, tailscaled.clientVersions() ?? [], state?.version.value),
		}),
		tailscaled: tailscaled.readings().map(reading => sumUpTailscaled(reading, nowMs)),
	};
}

function sumUpHeadscale(headscale: HeadscaleReader, nowMs: number): HeadscaleFacts {
	const {intervalMs, inventoryIntervalMs, expectUsers, lingerAfterMs} = headscale;
	const state = headscale.state();
	const fresh = <T>(read: Read<T> | undefined) => read && freshValue(read, inventoryIntervalMs, nowMs);
	const current = <T>(read: Read<T> | undefined) => (read?.error === undefined ? fresh(read) : undefined);
	const nodes = freshValue(state.nodes, intervalMs, nowMs)?.nodes;
	const settled = isInGrace(state, nowMs) ? undefined : nodes;
	const users = fresh(state.users)?.users;
	const keys = fresh(state.preAuthKeys)?.keys;
	return known({
		ownApiKeyExpiryMs: ownApiKeyExpiry(state, inventoryIntervalMs, nowMs),
		missingUsers: users && findMissing(expectUsers, new Set(users.map(({name}) => name))),
		preAuthKeys: keys && sumUpKeys(keys, nodes ?? [], nowMs),
		certificate: fresh(state.certificate),
		policy: fresh(state.policy)?.state,
		unservedRoutes: settled?.some(({routes}) => routes) ? named(unservedRoutes(settled)) : undefined,
		duplicateHostnames: nodes && sumUpDuplicates(nodes),
		lingering: settled && sumUpLingering(settled, lingerAfterMs, nowMs),
		isHealthy: state.health.error === undefined ? freshValue(state.health, intervalMs, nowMs) : undefined,
		isApiHealthy: current(state.apiHealth),
		isControlKeyAnswered: isControlKeyAnswered(state, inventoryIntervalMs, nowMs),
		graceUntilMs: isInGrace(state, nowMs) ? state.graceUntil : undefined,
	});
}

/** Once it expired the list cannot be read any more: then what was read before stands, until another key reads it. */
function ownApiKeyExpiry({apiKeys}: HeadscaleState, inventoryIntervalMs: number, nowMs: number): number | undefined {
	const list = apiKeys?.value;
	const expiryMs = list?.keys.find(({id}) => id === list.ownId)?.expiryMs;
	if (expiryMs === undefined || !apiKeys) return undefined;
	return expiryMs <= nowMs || freshValue(apiKeys, inventoryIntervalMs, nowMs) ? expiryMs : undefined;
}

function findMissing(expected: readonly string[], present: ReadonlySet<string>): Named | undefined {
	return expected.length === 0 ? undefined : named(expected.filter(user => !present.has(user)));
}

function sumUpKeys(keys: readonly PreAuthKey[], nodes: readonly TailnetNode[], nowMs: number): PreAuthKeyFacts {
	const byState = Map.groupBy(keys, key => preAuthKeyState(key, nowMs));
	const usable = byState.get('usable') ?? [];
	const expired = byState.get('expired') ?? [];
	const lasting = new Set(usable.filter(key => key.reusable && !isEnding(key, nowMs)).map(givesOf));
	const unreplaced = ({reusable, ...key}: PreAuthKey) => reusable && !lasting.has(givesOf(key));
	const ending = usable.filter(key => isEnding(key, nowMs) && unreplaced(key));
	const endingGives = new Set(ending.map(givesOf));
	const gone = expired.filter(
		key => (key.expiryMs ?? 0) > nowMs - weekMs && unreplaced(key) && !endingGives.has(givesOf(key)),
	);
	const expiries = (some: readonly PreAuthKey[]) => some.map(({expiryMs = 0}) => expiryMs);
	return {
		usable: usable.length,
		expired: expired.length,
		usedUp: byState.get('used_up')?.length ?? 0,
		areInUse: keys.length > 0 || nodes.some(({registerMethod}) => registerMethod === 'auth_key'),
		ending: {count: ending.length, ...known({earliestExpiryMs: lowest(expiries(ending))})},
		unreplaced: {count: gone.length, ...known({latestExpiryMs: highest(expiries(gone))})},
		lasting: usable.filter(key => key.reusable && !key.ephemeral).length,
	};
}

/** Keys with which a machine becomes the same. */
function givesOf({user, tags, ephemeral}: Pick<PreAuthKey, 'user' | 'tags' | 'ephemeral'>): string {
	return JSON.stringify([user, tags.toSorted(), ephemeral]);
}

function isEnding({expiryMs, createdMs}: PreAuthKey, nowMs: number): boolean {
	if (expiryMs === undefined) return false;
	const lifeMs = createdMs === undefined ? Number.POSITIVE_INFINITY : expiryMs - createdMs;
	return expiryMs - nowMs < Math.min(weekMs, lifeMs / 4);
}

function sumUpDuplicates(nodes: readonly TailnetNode[]): DuplicateFacts {
	const found = [...duplicateHostnames(nodes)];
	const cameBack = found.filter(
		([, records]) => records.some(({online}) => online === true) && records.some(({online}) => online === false),
	);
	return {...named(found.map(([hostname]) => hostname)), cameBack: cameBack.length};
}

function sumUpLingering(nodes: readonly TailnetNode[], lingerAfterMs: number, nowMs: number): LingeringFacts {
	const seenMs = ({lastSeenMs, createdMs}: TailnetNode) => lastSeenMs ?? createdMs ?? nowMs;
	const found = nodes
		.filter(node => isLingering(node, lingerAfterMs, nowMs))
		.toSorted((one, other) => seenMs(one) - seenMs(other));
	const [oldest] = found;
	return {
		...named(found.map(({name}) => name)),
		ephemeral: found.filter(({ephemeral}) => ephemeral === true).length,
		...(oldest ? {oldestSeenMs: seenMs(oldest)} : {}),
	};
}

function sumUpTailscaled({vantage, state}: TailscaledReading, nowMs: number): TailscaledFacts {
	// A failed read is told by its source; the state before it says nothing about now.
	const current = <T>(part: TailscaledPart, read: Read<T>) =>
		read.error === undefined ? freshValue(read, partIntervalsMs[part], nowMs) : undefined;
	const status = current('status', state.status);
	const {backendState, online, keyExpiryMs} = status ?? {};
	const warnings = current('health', state.health);
	const derpRegions = current('derpmap', state.derpmap)?.regions;
	return {vantage, ...known({backendState, online, keyExpiryMs, warnings, derpRegions})};
}

function sumUpClients(
	nodes: readonly TailnetNode[],
	versions: readonly (ClientVersion | undefined)[],
	headscaleVersion: string | undefined,
): ClientFacts | undefined {
	const minimum = minimumClient(headscaleVersion);
	const told = versions.flatMap((version, at) => (version ? [{version, name: nodes[at]?.name ?? ''}] : []));
	const sorted = told.toSorted((one, other) => compare(one.version, other.version));
	const [oldest, newest] = [sorted.at(0), sorted.at(-1)];
	if (!oldest || !newest) return undefined;
	const tooOld = minimum && sorted.filter(({version}) => compare(version, minimum) < 0);
	return {
		oldest: oldest.version.join('.'),
		newest: newest.version.join('.'),
		...known({
			minimum: minimum?.slice(0, 2).join('.'),
			belowMinimum: tooOld && named(tooOld.map(({name}) => name)),
			minorsApart: oldest.version[0] === newest.version[0] ? newest.version[1] - oldest.version[1] : undefined,
		}),
	};
}

function compare(one: ClientVersion, other: ClientVersion): number {
	return one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
}

function named(names: readonly string[]): Named {
	return {count: names.length, names: names.slice(0, namesAtMost)};
}

function lowest(numbers: readonly number[]): number | undefined {
	return numbers.length === 0 ? undefined : numbers.reduce((one, other) => Math.min(one, other));
}

function highest(numbers: readonly number[]): number | undefined {
	return numbers.length === 0 ? undefined : numbers.reduce((one, other) => Math.max(one, other));
}
