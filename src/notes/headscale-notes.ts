/** What is worth knowing of headscale besides nodes: keys, users, certificate, policy, routes, records. Each with what to do. Pure. */

import type {
	DuplicateFacts,
	HeadscaleFacts,
	LingeringFacts,
	Named,
	PreAuthKeyFacts,
} from '../inventory/platform-types.ts';
import {clockText} from '../util/format-time.ts';
import {formatSpan} from '../util/readable.ts';
import {count, listNames} from '../util/words.ts';
import type {Note, Noted} from './types.ts';

const dayMs = 86_400_000;
/** Our own API key ends within so long. */
const apiKeySoonMs = 14 * dayMs;
/** By then renewal is overdue, which mostly begins 30 days before the end. */
const certificateSoonMs = 21 * dayMs;

/** At most one for each matter. */
export function noteHeadscale({
	platform: {headscale},
	sources,
	nowMs,
}: Pick<Noted, 'platform' | 'sources' | 'nowMs'>): Note[] {
	if (!headscale) return [];
	const {certificate, preAuthKeys, missingUsers, unservedRoutes, duplicateHostnames, lingering} = headscale;
	// While headscale does not answer at all, that is told above.
	const answers = !sources.some(({name, ok}) => name === 'headscale-health' && ok === false);
	return [
		...(headscale.isHealthy === false ? [unhealthy] : []),
		...(headscale.isApiHealthy === false ? [apiUnhealthy] : []),
		...(answers && headscale.isControlKeyAnswered === false ? [noControlKey] : []),
		...(certificate ? noteCertificate(certificate, nowMs) : []),
		...noteApiKey(headscale.ownApiKeyExpiryMs, nowMs),
		...(headscale.policy === 'unreadable' ? [policyUnreadable] : []),
		...(missingUsers ? noteUsers(missingUsers) : []),
		...(preAuthKeys ? noteKeys(preAuthKeys, nowMs) : []),
		...(unservedRoutes ? noteRoutes(unservedRoutes) : []),
		...(duplicateHostnames ? noteDuplicates(duplicateHostnames) : []),
		...(lingering ? noteLingering(lingering, nowMs) : []),
	];
}

const unhealthy: Note = {
	about: 'headscale',
	subject: 'headscale',
	says: 'Says of itself that it is not well: its database does not answer. Look at its log and at the disk or server of its database.',
	also: [],
};

const apiUnhealthy: Note = {
	about: "headscale's API",
	subject: "headscale's API",
	says: 'Does not find its database: lists of nodes and keys may fail or be old. Look at its log and at the disk or server of its database.',
	also: [],
};

const noControlKey: Note = {
	about: 'control server',
	says: 'The page /key, with which every client begins its login, was not answered as by a control server: machines may not be able to join. See whether headscale.url and the proxy in front of it lead to headscale; the source headscale-key has the reason.',
	more: '#sources',
	also: [],
};

const policyUnreadable: Note = {
	about: 'policy',
	says: 'headscale cannot read its access policy, so it may not start again. `headscale policy get` and its log say why.',
	also: [],
};

function noteCertificate(
	{trusted, fault, expiryMs}: NonNullable<HeadscaleFacts['certificate']>,
	nowMs: number,
): Note[] {
	const about = "headscale's certificate";
	if (!trusted) {
		const why =
			fault === 'expired' && expiryMs !== undefined
				? `it expired ${spanTo(expiryMs, nowMs)}`
				: faults[fault ?? 'other'];
		return [
			{
				about,
				subject: about,
				says: `Is not trusted: ${why}. Clients that do not trust it cannot reach their control server. Renew or replace it; for a CA of your own set headscale.ca_file.`,
				also: [],
			},
		];
	}
	if (expiryMs === undefined || expiryMs >= nowMs + certificateSoonMs) return [];
	const when = `${spanTo(expiryMs, nowMs)}, ${clockText(expiryMs, nowMs)}`;
	return [
		{
			about,
			subject: about,
			says: `Expires ${when}: from then on no client reaches its control server. Its renewal seems to be stuck; look at what renews it.`,
			also: [],
		},
	];
}

const faults: Record<NonNullable<NonNullable<HeadscaleFacts['certificate']>['fault']>, string> = {
	none_presented: 'the server shows none',
	expired: 'it expired',
	not_yet_valid: 'it is not valid yet',
	wrong_host: 'it is for another name',
	self_signed: 'it signed itself',
	untrusted: 'no CA that is known here vouches for it',
	other: 'it is not sound',
};

function noteApiKey(expiryMs: number | undefined, nowMs: number): Note[] {
	if (expiryMs === undefined || expiryMs >= nowMs + apiKeySoonMs) return [];
	const todo = 'Create another with `headscale apikeys create` and put it where headscale.api_key points.';
	const says =
		expiryMs <= nowMs
			? `The key with which headscale is read expired ${spanTo(expiryMs, nowMs)}: nodes, users and keys cannot be read. ${todo}`
			: `The key with which headscale is read expires ${spanTo(expiryMs, nowMs)}, ${clockText(expiryMs, nowMs)}: from then on nodes, users and keys cannot be read. ${todo}`;
	return [{about: 'API key', says, also: []}];
}

function noteUsers(missing: Named): Note[] {
	if (missing.count === 0) return [];
	const [one] = missing.names;
	const says =
		missing.count === 1
			? `headscale has no user ${one}, which headscale.expect_users names. Create it with \`headscale users create ${one}\`, or take it off the list.`
			: `headscale lacks ${missing.count} users that headscale.expect_users names: ${listNames(missing)}. Create them with \`headscale users create\`, or take them off the list.`;
	return [{about: 'users', says, also: []}];
}

function noteKeys(
	{usable, expired, usedUp, areInUse, ending, unreplaced, lasting}: PreAuthKeyFacts,
	nowMs: number,
): Note[] {
	const about = 'pre-auth keys';
	const create = 'Create another with `headscale preauthkeys create` and put it where machines get theirs.';
	const noneLeft = areInUse && usable === 0;
	const urgent = [
		noneLeft
			? `None can be used (${expired} expired, ${usedUp} used up): no machine can join by itself. ${create}`
			: '',
		usable > 0 && unreplaced.latestExpiryMs !== undefined
			? `${count(unreplaced.count, 'reusable key')} expired ${spanTo(unreplaced.latestExpiryMs, nowMs)} and no other gives the same: machines that are set up with it cannot join. ${create}`
			: '',
		ending.earliestExpiryMs === undefined
			? ''
			: `${count(ending.count, 'reusable key expires', 'reusable keys expire')} soon, the first ${spanTo(ending.earliestExpiryMs, nowMs)}: machines that are set up with it cannot join from then on. ${create}`,
	].filter(part => part !== '');
	const subject = noneLeft ? {subject: `Of the ${about}`} : {};
	const notes: Note[] = urgent.length === 0 ? [] : [{about, ...subject, says: urgent.join(' '), also: []}];
	if (lasting > 0)
		notes.push({
			about,
			says: `${count(lasting, 'usable key is', 'usable keys are')} reusable and not ephemeral: machines that join with ${lasting === 1 ? 'it' : 'them'} leave their records behind. For machines that come and go, create keys with \`--ephemeral\`.`,
			isMild: true,
			also: [],
		});
	return notes;
}

function noteRoutes(unserved: Named): Note[] {
	if (unserved.count === 0) return [];
	const says = `${count(unserved.count, 'route is', 'routes are')} approved and served by no node: ${listNames(unserved)}. ${unserved.count === 1 ? 'Its network' : 'Their networks'} cannot be reached. See whether the nodes that offer them are online (\`headscale nodes list-routes\`).`;
	return [{about: 'routes', says, more: '#nodes', also: []}];
}

function noteDuplicates(duplicates: DuplicateFacts): Note[] {
	if (duplicates.count === 0) return [];
	const {cameBack} = duplicates;
	const what =
		duplicates.count === 1
			? 'One record is online and one is not'
			: `${count(cameBack, 'has', 'have')} a record that is online and one that is not`;
	const back =
		cameBack > 0
			? `${what}: a machine came back while its old record was still there. Delete the old one with \`headscale nodes delete\`, so that the name leads to the new one.`
			: 'MagicDNS gives the later ones another name.';
	return [
		{
			about: 'hostnames',
			says: `${count(duplicates.count, 'name is', 'names are')} used by several records: ${listNames(duplicates)}. ${back}`,
			...(cameBack > 0 ? {} : {isMild: true}),
			more: '#nodes',
			also: [],
		},
	];
}

function noteLingering({ephemeral, oldestSeenMs, ...lingering}: LingeringFacts, nowMs: number): Note[] {
	if (lingering.count === 0) return [];
	const [oldest] = lingering.names;
	const since = oldestSeenMs === undefined ? '' : `; ${oldest} was last seen ${spanTo(oldestSeenMs, nowMs)}`;
	const undead =
		ephemeral > 0
			? ` ${count(ephemeral, 'is', 'are')} ephemeral, and headscale should have removed ${ephemeral === 1 ? 'it' : 'them'}: look at its log.`
			: '';
	return [
		{
			about: 'old records',
			says: `${count(lingering.count, 'node has', 'nodes have')} been offline for long: ${listNames(lingering)}${since}.${undead} Records of machines that are gone keep their names and addresses; \`headscale nodes delete\` removes them.`,
			...(ephemeral > 0 ? {} : {isMild: true}),
			more: '#nodes',
			also: [],
		},
	];
}

/** `in 2 h`, `3 d ago`. */
function spanTo(wallMs: number, nowMs: number): string {
	return wallMs > nowMs ? `in ${formatSpan(wallMs - nowMs)}` : `${formatSpan(nowMs - wallMs)} ago`;
}
