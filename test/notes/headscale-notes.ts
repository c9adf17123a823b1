import test from 'ava';
import type {HeadscaleFacts, PreAuthKeyFacts} from '../../src/inventory/platform-types.ts';
import {noteHeadscale} from '../../src/notes/headscale-notes.ts';
import {sayAlone} from '../../src/notes/types.ts';
import type {SourceView} from '../../src/server/types.ts';
import {aSnapshot, nowMs} from '../helpers/status-page.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

function notesOf(headscale: HeadscaleFacts, sources: readonly SourceView[] = []) {
	return noteHeadscale(aSnapshot({platform: {headscale, tailscaled: []}, sources}));
}

/** What each note is about and says; advice that is not pressing is in brackets. */
function says(headscale: HeadscaleFacts, sources: readonly SourceView[] = []): string[] {
	return notesOf(headscale, sources).map(({about, says: text, isMild}) =>
		isMild ? `(${about}: ${text})` : `${about}: ${text}`,
	);
}

function keys(part: Partial<PreAuthKeyFacts>): {preAuthKeys: PreAuthKeyFacts} {
	const none = {
		usable: 1,
		expired: 0,
		usedUp: 0,
		areInUse: true,
		ending: {count: 0},
		unreplaced: {count: 0},
		lasting: 0,
	};
	return {preAuthKeys: {...none, ...part}};
}

test('a headscale that is well, or of which nothing is known, has no note', t => {
	const none = {count: 0, names: []};

	t.deepEqual(says({}), []);
	t.deepEqual(
		says({
			ownApiKeyExpiryMs: nowMs + 14 * dayMs,
			missingUsers: none,
			...keys({}),
			certificate: {trusted: true, expiryMs: nowMs + 21 * dayMs},
			policy: 'present',
			unservedRoutes: none,
			duplicateHostnames: {...none, cameBack: 0},
			lingering: {...none, ephemeral: 0},
			isHealthy: true,
			isApiHealthy: true,
			isControlKeyAnswered: true,
		}),
		[],
	);
	t.deepEqual(noteHeadscale(aSnapshot()), []);
});

test('our own API key that ends within two weeks, or ended, is told with what to do', t => {
	t.deepEqual(says({ownApiKeyExpiryMs: nowMs + 2 * hourMs}), [
		'API key: The key with which headscale is read expires in 2 h, 2023-11-15 00:14:20 UTC: from then on nodes, users and keys cannot be read. Create another with `headscale apikeys create` and put it where headscale.api_key points.',
	]);
	t.regex(
		says({ownApiKeyExpiryMs: nowMs - 3 * hourMs}).join(),
		/expired 3 h ago: nodes, users and keys cannot be read\./,
	);
});

test('expected users that are missing are told by name, many of them by number', t => {
	t.deepEqual(says({missingUsers: {count: 1, names: ['june']}}), [
		'users: headscale has no user june, which headscale.expect_users names. Create it with `headscale users create june`, or take it off the list.',
	]);
	t.regex(
		says({missingUsers: {count: 30, names: ['a', 'b', 'c', 'd', 'e', 'f']}}).join(),
		/lacks 30 users that headscale\.expect_users names: a, b, c, d, e and 25 more\./,
	);
});

test('that no pre-auth key can be used is told where machines join with them', t => {
	const none = {usable: 0, expired: 3, usedUp: 1};

	t.deepEqual(says(keys(none)), [
		'pre-auth keys: None can be used (3 expired, 1 used up): no machine can join by itself. Create another with `headscale preauthkeys create` and put it where machines get theirs.',
	]);
	t.deepEqual(says(keys({usable: 0, areInUse: false})), []);
});

test('each note can be read without its heading', t => {
	const alone = (headscale: HeadscaleFacts) => notesOf(headscale).map(sayAlone).join();

	t.regex(alone({isHealthy: false}), /^headscale says of itself that it is not well:/);
	t.regex(alone({isApiHealthy: false}), /^headscale's API does not find its database:/);
	t.regex(alone(keys({usable: 0, expired: 3, usedUp: 1})), /^Of the pre-auth keys none can be used \(3 expired/);
	t.regex(
		alone({certificate: {trusted: false, fault: 'wrong_host'}}),
		/^headscale's certificate is not trusted: it is/,
	);
	t.regex(alone({certificate: {trusted: true, expiryMs: nowMs + dayMs}}), /^headscale's certificate expires in 1 d/);
	t.regex(alone({policy: 'unreadable'}), /^headscale cannot read its access policy/);
});

test('reusable keys that end soon, or ended without another in their place, are told', t => {
	t.regex(
		says(keys({ending: {count: 2, earliestExpiryMs: nowMs + dayMs}})).join(),
		/^pre-auth keys: 2 reusable keys expire soon, the first in 1 d: machines that are set up with it cannot join/,
	);
	t.regex(
		says(keys({unreplaced: {count: 1, latestExpiryMs: nowMs - hourMs}})).join(),
		/^pre-auth keys: 1 reusable key expired 1 h ago and no other gives the same: machines/,
	);
});

test('keys with which machines stay for ever are advice', t => {
	t.regex(
		says(keys({lasting: 2})).join(),
		/^\(pre-auth keys: 2 usable keys are reusable and not ephemeral: .*`--ephemeral`\.\)$/,
	);
});

test('a certificate that is not trusted says why, one that ends within three weeks says when', t => {
	t.regex(
		says({certificate: {trusted: false, fault: 'wrong_host', expiryMs: nowMs + dayMs}}).join(),
		/^headscale's certificate: Is not trusted: it is for another name\. /,
	);
	t.regex(
		says({certificate: {trusted: false, fault: 'expired', expiryMs: nowMs - 2 * dayMs}}).join(),
		/: it expired 2 d ago\./,
	);
	t.regex(
		says({certificate: {trusted: true, expiryMs: nowMs + 20 * dayMs}}).join(),
		/^headscale's certificate: Expires in 20 d, 2023-12-04 22:14:20 UTC: from then on no client reaches/,
	);
});

test('a policy that headscale cannot read is told, none at all is not', t => {
	t.regex(says({policy: 'unreadable'}).join(), /^policy: headscale cannot read its access policy/);
	t.deepEqual(says({policy: 'none'}), []);
});

test('routes that nobody serves are told by prefix', t => {
	t.regex(
		says({unservedRoutes: {count: 1, names: ['10.1.0.0/24']}}).join(),
		/^routes: 1 route is approved and served by no node: 10\.1\.0\.0\/24\. Its network cannot be reached\./,
	);
});

test('hostnames used twice are pressing when a machine came back under its old name, else advice', t => {
	const names = ['gpu-1', 'localhost'];

	t.regex(
		says({duplicateHostnames: {count: 2, names, cameBack: 1}}).join(),
		/^hostnames: 2 names are used by several records: gpu-1, localhost\. 1 has a record that is online and one that is not: a machine came back/,
	);
	t.regex(
		says({duplicateHostnames: {count: 2, names, cameBack: 0}}).join(),
		/^\(hostnames: .* MagicDNS gives the later ones another name\.\)$/,
	);
});

test('old records are advice with their number and the oldest, pressing when headscale should have removed some', t => {
	const lingering = {count: 2, names: ['laptop', 'phone'], oldestSeenMs: nowMs - 40 * dayMs};

	t.regex(
		says({lingering: {...lingering, ephemeral: 0}}).join(),
		/^\(old records: 2 nodes have been offline for long: laptop, phone; laptop was last seen 40 d ago\. /,
	);
	t.regex(
		says({lingering: {...lingering, ephemeral: 1}}).join(),
		/^old records: .* 1 is ephemeral, and headscale should have removed it/,
	);
});

test('a headscale that says it is not well is told, its API apart', t => {
	t.regex(says({isHealthy: false}).join(), /^headscale: Says of itself that it is not well/);
	t.regex(says({isApiHealthy: false}).join(), /^headscale's API: Does not find its database/);
});

test('a key page that is not answered is told unless headscale answers nothing at all', t => {
	const facts = {isControlKeyAnswered: false};

	t.regex(says(facts).join(), /^control server: The page \/key, .* was not answered as by a control server/);
	t.deepEqual(says(facts, [{name: 'headscale-health', ok: false}]), []);
});

test('each note is about one matter and leads somewhere that is on the page', t => {
	const notes = notesOf({unservedRoutes: {count: 1, names: ['10.0.0.0/8']}, isControlKeyAnswered: false});

	t.deepEqual(
		notes.map(({more}) => more),
		['#sources', '#nodes'],
	);
});
