import test from 'ava';
import type {Answer} from 'dns-packet';
import {dns} from '../../../src/probes/dns.ts';
import {serving} from '../../helpers/dns-answers.ts';
import {recorded, startLocalApi} from '../../helpers/localapi-server.ts';
import {isDown, measure} from '../../helpers/probing.ts';

const livekit: Answer = {type: 'A', name: 'livekit.tail.test', ttl: 600, data: '100.64.0.7'};
const pair: readonly Answer[] = [
	{type: 'A', name: 'a.test', ttl: 60, data: '192.0.2.1'},
	{type: 'A', name: 'a.test', ttl: 60, data: '192.0.2.2'},
];

test('addresses that are not the expected ones are down', async t => {
	const server = await serving(t, pair);
	const address = `dns://127.0.0.1:${server.port}/a.test`;

	const right = await measure(dns, address, {expect_addresses: ['192.0.2.1', '192.0.2.2']});
	const wrong = await measure(dns, address, {expect_addresses: ['192.0.2.1']});

	t.true(right.ok, right.detail);
	isDown(t, wrong, {reason: 'content', phase: 'processing', detail: /with 192\.0\.2\.2; wanted 192\.0\.2\.1$/});
});

test('an answer from another network is told apart from a wrong node', async t => {
	const server = await serving(t, [{...livekit, data: '10.43.0.9'} as Answer]);
	const address = `dns://127.0.0.1:${server.port}/livekit.tail.test`;

	const reading = await measure(dns, address, {expect_addresses: ['100.64.0.7']});

	isDown(t, reading, {
		reason: 'wrong_network',
		phase: 'processing',
		detail: /with 10\.43\.0\.9, which is outside the tailnet \(100\.64\.0\.0\/10\); wanted 100\.64\.0\.7/,
	});
});

test('no address where one is expected is down', async t => {
	const server = await serving(t, []);

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/a.test`, {expect_addresses: ['192.0.2.1']});

	isDown(t, reading, {reason: 'content', phase: 'processing', detail: /without an address; wanted 192\.0\.2\.1/});
});

test("addresses are held against tailscaled's list of peers", async t => {
	const local = await startLocalApi(t);
	const [peer] = Object.values(recorded('status').Peer as Record<string, {DNSName: string; TailscaleIPs: string[]}>);
	const name = peer?.DNSName ?? '';
	const server = await serving(t, [{type: 'A', name, ttl: 1, data: peer?.TailscaleIPs[0] ?? ''}]);
	const wrong = await serving(t, [{type: 'A', name, ttl: 1, data: '100.64.99.99'}]);
	const place = {tailscaled: local.socket};
	const options = {expect_addresses: 'peers'};

	const fine = await measure(dns, `dns://127.0.0.1:${server.port}/${name.toUpperCase()}`, options, {place});
	const bad = await measure(dns, `dns://127.0.0.1:${wrong.port}/${name}`, options, {place});
	const stranger = await measure(dns, `dns://127.0.0.1:${wrong.port}/stranger.test`, options, {place});

	t.true(fine.ok, fine.detail);
	isDown(t, bad, {reason: 'content', phase: 'processing', detail: /with 100\.64\.99\.99; wanted 100\.64\./});
	t.regex(stranger.detail ?? '', /wanted no address: tailscaled knows no peer stranger\.test/);
});

test.serial('a list of peers that is some seconds old accuses nobody', async t => {
	const status = recorded('status');
	const local = await startLocalApi(t, {status});
	const [key = '', peer] =
		Object.entries(status.Peer as Record<string, {DNSName: string; TailscaleIPs: string[]}>)[0] ?? [];
	const name = peer?.DNSName ?? '';
	const server = await serving(t, [{type: 'A', name, ttl: 1, data: peer?.TailscaleIPs[0] ?? ''}]);
	const moved = await serving(t, [{type: 'A', name, ttl: 1, data: '100.64.99.99'}]);
	const place = {tailscaled: local.socket};
	const ask = (port: number) => measure(dns, `dns://127.0.0.1:${port}/${name}`, {expect_addresses: 'peers'}, {place});
	t.true((await ask(server.port)).ok);

	const peers = {...(status.Peer as object), [key]: {...peer, TailscaleIPs: ['100.64.99.99']}};
	local.status = {...status, Peer: peers};
	const before = local.calls.length;
	const {now} = performance;
	t.teardown(() => Object.assign(performance, {now}));
	performance.now = () => now.call(performance) + 5000;
	const reading = await ask(moved.port);
	performance.now = now;

	t.true(reading.ok, reading.detail);
	t.is(local.calls.length, before + 1);
});

test('without a tailscaled that can tell its peers nobody knows', async t => {
	const server = await serving(t, [livekit]);
	const stopped = await startLocalApi(t, {status: {...recorded('status'), BackendState: 'Stopped'}});
	const address = `dns://127.0.0.1:${server.port}/livekit.tail.test`;
	const options = {expect_addresses: 'peers'};

	const none = measure(dns, address, options);
	const sick = measure(dns, address, options, {place: {tailscaled: stopped.socket}});

	await t.throwsAsync(none, {name: 'CannotLookError', message: /no tailscaled to ask/});
	await t.throwsAsync(sick, {name: 'CannotLookError', message: /its state is Stopped/});
});
