import {readFileSync} from 'node:fs';
import test from 'ava';
import {TailscaledError} from '../../src/tailscaled/local-get.ts';
import {parseDerpMap, parseStatus, parseVersion, parseWhoisVersion} from '../../src/tailscaled/status.ts';

const recorded = (name: string) => readFileSync(new URL(`../fixtures/localapi/${name}.json`, import.meta.url), 'utf8');

test('a sound status is read', t => {
	t.deepEqual(parseStatus(recorded('status-no-peers')), {
		backendState: 'Running',
		online: true,
		tun: true,
		version: '1.102.3-ERR-BuildInfo',
		magicDnsSuffix: 'tail.ozzu.world',
		healthMessages: 0,
		relay: 'lab',
		addresses: ['100.64.0.5', 'fd7a:115c:a1e0::5'],
		tags: [],
	});
});

test('while the control server is gone the state stays Running and only Online tells', t => {
	t.like(parseStatus(recorded('status-control-down')), {backendState: 'Running', online: false});
});

test('a stopped tailscaled is not online and says one thing', t => {
	t.like(parseStatus(recorded('status-stopped')), {backendState: 'Stopped', online: false, healthMessages: 1});
});

test('with an expired key Online stays true, so that the state and the expiry must tell', t => {
	t.like(parseStatus(recorded('status-needs-login')), {
		backendState: 'NeedsLogin',
		online: true,
		healthMessages: 0,
		keyExpiryMs: Date.UTC(2026, 10, 22, 18, 27, 52),
	});
});

test('userspace networking is told by the missing tunnel device', t => {
	t.like(parseStatus(recorded('status-userspace')), {backendState: 'Running', tun: false, online: true});
});

test('before login there is no self, no address and no relay', t => {
	const status = parseStatus('{"BackendState":"NoState","Self":null,"Health":null,"TailscaleIPs":null,"Peer":null}');

	t.deepEqual(status, {
		backendState: 'NoState',
		tun: false,
		version: '',
		magicDnsSuffix: '',
		healthMessages: 0,
		relay: '',
		addresses: [],
		tags: [],
	});
});

test('a hostile status gives nothing that is unsafe to print', t => {
	const status = parseStatus(
		JSON.stringify({
			BackendState: 'Running"}\n1',
			Version: `1.0\n${'x'.repeat(1000)}`,
			MagicDNSSuffix: 'a{b="c"}',
			Health: 'many',
			Self: {Online: 'yes', Relay: '<b>', Tags: ['tag:a,b', 7], TailscaleIPs: ['100.64.0.1', '::ffff', 'x']},
		}),
	);

	t.is(status.backendState, 'other');
	t.is(status.version.length, 64);
	t.regex(status.version, /^1\.0_x+$/);
	t.is(status.magicDnsSuffix, 'a_b__c__');
	t.is(status.healthMessages, 0);
	t.is(status.online, undefined);
	t.is(status.relay, '_b_');
	t.deepEqual(status.tags, []);
	t.deepEqual(status.addresses.includes('x'), false);
});

test('what is no status is refused', t => {
	for (const body of ['', 'null', '[]', '{}', '{"BackendState":7}', '<html>'])
		t.throws(() => parseStatus(body), {instanceOf: TailscaledError}, body);
});

test('the relay map is counted', t => {
	t.deepEqual(parseDerpMap(recorded('derpmap')), {regions: 1, nodes: 1});
	t.deepEqual(parseDerpMap('null'), {regions: 0, nodes: 0});
	t.deepEqual(parseDerpMap('{"Regions":{"1":{"Nodes":[{},{}]},"2":{"Nodes":null},"3":7}}'), {regions: 3, nodes: 2});
	t.throws(() => parseDerpMap('[]'), {instanceOf: TailscaledError});
});

test('whois tells the version of a client, where control told it', t => {
	t.deepEqual(parseWhoisVersion(recorded('whois')), [1, 102, 3]);
	t.is(parseWhoisVersion('{"Node":{"Hostinfo":{}}}'), undefined);
	t.is(parseWhoisVersion('{"Node":{"Hostinfo":null}}'), undefined);
	t.throws(() => parseWhoisVersion('{}'), {instanceOf: TailscaledError});
});

test('a version is its first three numbers, or none', t => {
	t.deepEqual(parseVersion('1.98.4'), [1, 98, 4]);
	t.deepEqual(parseVersion('1.103.0-dev20260101-t1234'), [1, 103, 0]);
	for (const text of ['', 'dev', '1.98', '1.2.99999999', '-1.2.3']) t.is(parseVersion(text), undefined, text);
});
