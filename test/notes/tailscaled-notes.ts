import test from 'ava';
import type {ClientFacts, TailscaledFacts} from '../../src/inventory/platform-types.ts';
import {noteTailscaled} from '../../src/notes/tailscaled-notes.ts';
import type {Snapshot} from '../../src/server/page/snapshot.ts';
import type {HealthWarning} from '../../src/tailscaled/types.ts';
import {aVantage} from '../helpers/fake-daemon.ts';
import {aSnapshot, nowMs} from '../helpers/status-page.ts';

const dayMs = 86_400_000;

function says(facts: Omit<TailscaledFacts, 'vantage'>, part: Partial<Snapshot> = {}): string[] {
	const platform = {tailscaled: [{vantage: 'cluster', ...facts}]};
	return noteTailscaled(aSnapshot({platform, ...part})).map(({about, from, says: text}) => `${about} ${from}: ${text}`);
}

function clients(part: Partial<ClientFacts>): string[] {
	const facts: ClientFacts = {oldest: '1.90.0', newest: '1.92.1', minorsApart: 2, ...part};
	const notes = noteTailscaled(aSnapshot({platform: {tailscaled: [], clients: facts}}));
	return notes.map(({says: text, isMild}) => (isMild ? `(${text})` : text));
}

const warning = (code: string, severity: HealthWarning['severity'] = 'medium'): HealthWarning => ({code, severity});

test('a tailscaled that is well, or of which nothing is known, has no note', t => {
	t.deepEqual(says({}), []);
	t.deepEqual(
		says({backendState: 'Running', online: true, keyExpiryMs: nowMs + 14 * dayMs, warnings: [warning('other', 'low')]}),
		[],
	);
});

test('a tailscaled that is not connected says its state, unless its vantage has a card of its own', t => {
	t.regex(
		says({backendState: 'NeedsMachineAuth', online: false}).join(),
		/^tailscaled cluster: It is in state NeedsMachineAuth/,
	);
	t.deepEqual(says({backendState: 'Stopped'}, {vantages: [aVantage({condition: 'sick'})]}), []);
});

test('a lost control server is told once, not again by the warnings that follow from it', t => {
	const warnings = [warning('not-in-map-poll'), warning('no-derp-connection')];

	t.deepEqual(says({backendState: 'Running', online: false, warnings}), [
		'tailscaled cluster: It lost its control server: tunnels that are there go on, but it learns of no change in the tailnet. See whether headscale can be reached from its machine. It is not connected to its relay, so peers without a direct path cannot reach it.',
	]);
	t.regex(says({backendState: 'Running', online: true, warnings}).join(), /does not learn of changes in the tailnet/);
});

test('grave warnings are told in plain words, unknown ones once, and many are counted', t => {
	const grave = [
		warning('other', 'high'),
		warning('made-up-<b>'),
		warning('dns'),
		warning('router'),
		warning('update-available', 'low'),
	];

	const [text] = says({backendState: 'Running', warnings: grave});

	t.is(
		text,
		"tailscaled cluster: It warns of something that is not known here; `tailscale status` on its machine has the words. DNS on its machine does not work as it should. It could not set the machine's routes or firewall.",
	);
	const many = ['dns', 'router', 'tailnet-lock', 'network-status', 'no-derp-home', 'sync-disabled', 'login-state'];
	t.regex(says({warnings: many.map(code => warning(code))}).join(), /And 2 more warnings\.$/);
});

test("tailscaled's own words stand behind the sentence, as words and not as code", t => {
	const warnings: HealthWarning[] = [{code: 'dns', severity: 'medium', says: 'open `/etc/resolv.conf`: no such file'}];

	t.deepEqual(says({warnings}), [
		"tailscaled cluster: DNS on its machine does not work as it should. tailscaled says: “open '/etc/resolv.conf': no such file”",
	]);
});

test('a name from outside is no key of the table', t => {
	t.regex(
		says({warnings: [warning('constructor'), warning('__proto__')]}).join(),
		/^tailscaled cluster: It warns of something that is not known here; [^;]*$/,
	);
});

test('our own node key that ends within two weeks, or ended, is told, also while the vantage is sick', t => {
	t.regex(
		says({keyExpiryMs: nowMs + 3 * dayMs}).join(),
		/^tailscaled cluster: The key of its node expires in 3 d, 2023-11-17 22:14:20 UTC: from then on it is cut off from its peers\. Sign it in again/,
	);
	t.regex(
		says({keyExpiryMs: nowMs - dayMs}, {vantages: [aVantage({condition: 'sick'})]}).join(),
		/expired 1 d ago: it is cut off from its peers\./,
	);
});

test('clients older than headscale accepts are told by name, many of them by number', t => {
	t.deepEqual(clients({minimum: '1.80', belowMinimum: {count: 1, names: ['gpu-1']}}), [
		'1 node runs a client older than 1.80, the oldest that this headscale accepts: gpu-1. Once disconnected they cannot come back. Update tailscale there.',
	]);
	t.regex(
		clients({minimum: '1.80', belowMinimum: {count: 900, names: ['a', 'b', 'c', 'd', 'e', 'f']}}).join(),
		/: a, b, c, d, e and 895 more\./,
	);
	t.deepEqual(clients({minimum: '1.80', belowMinimum: {count: 0, names: []}}), []);
});

test('clients that are many versions apart are advice', t => {
	t.deepEqual(clients({minorsApart: 9}), []);
	t.regex(
		clients({minorsApart: 10}).join(),
		/^\(The oldest client is 1\.90\.0, the newest 1\.92\.1: 10 minor versions apart\./,
	);
});
