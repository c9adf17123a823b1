import test from 'ava';
import {watchHealth} from '../../src/tailscaled/bus.ts';
import {systemClock} from '../../src/util/clock.ts';
import {aLab, ask, families, fixture, jsonOf, keyPaths, localApi, ping, until} from '../helpers/lab.ts';

interface Status {
	BackendState: string;
	Self: {Online: boolean};
	Peer: Record<string, {HostName: string; CurAddr: string; Expired?: boolean}> | null;
}

const lab = await aLab(test);
const status = (query = '') => ask(localApi(lab, `status${query}`), {withinMs: 500});

test.afterEach.always(() => lab.heal());

test.serial('status has the keys of the recording, an expired peer included', async t => {
	await lab.break('livekit-key-expired');

	const ours = jsonOf<Status>(t, await status());

	const recorded = JSON.parse(fixture('lab/localapi-status-livekit-expired.json'));
	// Capabilities are names of this one tailnet.
	const paths = (value: unknown) => keyPaths(value).filter(path => !path.includes('.CapMap.'));
	t.deepEqual(paths({...ours, Health: ['one']}), paths(recorded));
});

test.serial('status without peers has null for them', async t => {
	const {Peer} = jsonOf<Status>(t, await status('?peers=false'));

	t.is(Peer, null);
});

test.serial('another Host, an Origin or a Referer is refused, an empty Host is not', async t => {
	for (const headers of [{Host: 'localhost'}, {Origin: 'http://page'}, {Referer: 'http://page'}] as Record<
		string,
		string
	>[])
		t.like(await ask(localApi(lab, 'status'), {headers}), {status: 403, body: 'invalid localapi request\n'});

	t.like(await ask(localApi(lab, 'status'), {headers: {Host: ''}}), {status: 200});
});

test.serial('the DERP map leads to a relay that answers its probe', async t => {
	const map = jsonOf<{Regions: Record<string, {Nodes: {HostName: string; DERPPort: number}[]}>}>(
		t,
		await ask(localApi(lab, 'derpmap')),
	);

	const relay = map.Regions['999']?.Nodes[0];
	t.like(await ask(`http://${relay?.HostName}:${relay?.DERPPort}/derp/probe`), {status: 200, body: ''});
});

test.serial('user metrics have the recorded families and move with pings', async t => {
	const read = async () => {
		const answer = await ask(localApi(lab, 'usermetrics'));
		return typeof answer === 'string' ? answer : answer.body;
	};
	const direct = (text: string) => Number(/inbound_packets_total\{path="direct_ipv4"\} (\d+)/.exec(text)?.[1]);
	const before = await read();

	await ping(lab, 'livekit', 'disco');

	const after = await read();
	t.deepEqual([...families(after)], [...families(fixture('lab/usermetrics.prom'))]);
	t.is(direct(after), direct(before) + 1);
});

test.serial('the IPN bus tells health at the begin and at each change, as the real one does', async t => {
	const told: unknown[] = [];
	const watch = watchHealth({
		socket: lab.urls.tailscaledSocket,
		clock: systemClock,
		onHealth: warnings => told.push(warnings.map(({code, severity}) => `${code} ${severity}`)),
		onFailure: error => told.push(error),
	});
	t.teardown(() => watch.stop());
	await until(t, 'the first message', () => told.length === 1);

	await lab.break('tailscaled-stopped');
	await until(t, 'the warning', () => told.length === 2);
	await lab.heal();
	await until(t, 'its end', () => told.length === 3);

	t.deepEqual(told, [[], ['wantrunning-false low'], []]);
});

test.serial('whois has the recorded version of the client, and nobody else is known', async t => {
	const version = async (address: string) =>
		jsonOf<{Node: {Hostinfo: {IPNVersion: string}}}>(t, await ask(localApi(lab, `whois?addr=${address}`))).Node.Hostinfo
			.IPNVersion;

	t.is(await version('127.77.0.1'), '1.102.3');
	t.is(await version('127.77.0.3'), '1.98.4');
	t.like(await ask(localApi(lab, 'whois?addr=127.77.0.99')), {status: 404, body: 'no match for IP:port\n'});
});

test.serial('pings answer as recorded, by type', async t => {
	const disco = jsonOf<{LatencySeconds: number}>(t, await ping(lab, 'june-gpu-00000001', 'disco'));
	const tsmp = jsonOf(t, await ping(lab, 'june-gpu-00000001', 'TSMP'));
	const icmp = jsonOf(t, await ping(lab, 'june-gpu-00000001', 'ICMP'));

	t.deepEqual(keyPaths(disco), keyPaths(JSON.parse(fixture('lab/ping-disco-direct.json'))));
	t.deepEqual(keyPaths(tsmp), keyPaths(JSON.parse(fixture('lab/ping-tsmp.json'))));
	t.like(disco, {NodeName: 'june-gpu-00000001', Err: '', Endpoint: '10.77.0.5:41641', DERPRegionID: 0});
	t.like(tsmp, {Err: '', Endpoint: '', PeerAPIPort: 43351});
	t.like(icmp, {Err: '', Endpoint: ''});
	t.true(disco.LatencySeconds > 0.003 && disco.LatencySeconds < 0.006);
});

test.serial('what is wrong with a ping is said as the real one says it', async t => {
	t.like(jsonOf(t, await ping(lab, 'prober', 'disco')), {Err: '127.77.0.5 is local Tailscale IP', IsLocalIP: true});
	const stranger = localApi(lab, 'ping?ip=127.77.0.99&type=disco');
	t.like(jsonOf(t, await ask(stranger, {method: 'POST'})), {Err: 'no matching peer'});
	t.like(await ask(stranger), {status: 400});
	t.is(await ping(lab, 'livekit', 'Disco'), 'silence');
});

test.serial('gpu1-derp: disco answers by the relay, slower', async t => {
	await lab.break('gpu1-derp');

	const disco = jsonOf<{LatencySeconds: number}>(t, await ping(lab, 'june-gpu-00000001', 'disco'));
	const tsmp = jsonOf<{LatencySeconds: number}>(t, await ping(lab, 'june-gpu-00000001', 'TSMP'));

	t.like(disco, {Endpoint: '', DERPRegionID: 999, DERPRegionCode: 'lab'});
	t.deepEqual(keyPaths(disco), keyPaths(JSON.parse(fixture('lab/ping-disco-derp.json'))));
	t.true(disco.LatencySeconds > 0.06 && tsmp.LatencySeconds > 0.06);
});

test.serial('gpu1-loss: some pings get lost and some do not', async t => {
	await lab.break('gpu1-loss');

	const answers = await Promise.all(Array.from({length: 60}, () => ping(lab, 'june-gpu-00000001', 'TSMP')));

	const lost = answers.filter(answer => answer === 'silence').length;
	t.true(lost > 3 && lost < 40, `${lost} of 60`);
});

test.serial('gpu2-dead-but-online: no type of ping answers', async t => {
	await lab.break('gpu2-dead-but-online');

	const answers = await Promise.all(['disco', 'TSMP', 'ICMP'].map(type => ping(lab, 'june-gpu-00000002', type)));

	t.deepEqual(answers, ['silence', 'silence', 'silence']);
});

test.serial('gpu2-gone: it is no peer any more', async t => {
	await lab.break('gpu2-gone');

	const {Peer} = jsonOf<Status>(t, await status());

	t.false(Object.values(Peer ?? {}).some(peer => peer.HostName === 'june-gpu-00000002'));
	t.like(jsonOf(t, await ping(lab, 'june-gpu-00000002', 'TSMP')), {Err: 'no matching peer'});
});

test.serial('livekit-key-expired: disco says so, TSMP stays silent', async t => {
	await lab.break('livekit-key-expired');

	const disco = jsonOf<Record<string, unknown>>(t, await ping(lab, 'livekit', 'disco'));

	const recorded = JSON.parse(fixture('lab/ping-disco-expired.json'));
	t.deepEqual(disco, {...recorded, IP: '127.77.0.2', NodeIP: '127.77.0.2'});
	t.is(await ping(lab, 'livekit', 'TSMP'), 'silence');
});

test.serial('tailscaled-stopped: the state says so and no ping gets out', async t => {
	await lab.break('tailscaled-stopped');

	t.like(jsonOf(t, await status()), {
		BackendState: 'Stopped',
		Health: ['Tailscale is stopped.'],
		Self: {Online: false},
	});
	t.like(jsonOf(t, await ping(lab, 'livekit', 'disco')), {Err: 'local tailscaled stopped'});
	t.is(await ping(lab, 'livekit', 'TSMP'), 'silence');
});

test.serial('tailscaled-frozen: it accepts and never answers', async t => {
	await lab.break('tailscaled-frozen');

	t.is(await status(), 'silence');
	t.is(await ping(lab, 'livekit', 'disco'), 'silence');
});

test.serial('headscale-frozen: tunnels live on', async t => {
	await lab.break('headscale-frozen');

	t.like(jsonOf(t, await ping(lab, 'june-gpu-00000002', 'TSMP')), {Err: ''});
	t.like(jsonOf(t, await status()), {BackendState: 'Running', Self: {Online: true}});
});

test.serial('tailscaled-signed-out: it needs a login, and knows no peer', async t => {
	await lab.break('tailscaled-signed-out');

	const now = jsonOf<Status>(t, await status());

	t.like(now, {BackendState: 'NeedsLogin', Self: {Online: false}, Peer: {}});
	t.like(jsonOf(t, await ping(lab, 'livekit', 'disco')), {Err: 'no matching peer'});
});

test.serial('gpu1-wireguard-dead: disco answers and TSMP does not', async t => {
	await lab.break('gpu1-wireguard-dead');

	t.like(jsonOf(t, await ping(lab, 'june-gpu-00000001', 'disco')), {Err: ''});
	t.is(await ping(lab, 'june-gpu-00000001', 'TSMP'), 'silence');
});

test.serial('livekit-hidden: it is no peer, and has no name', async t => {
	await lab.break('livekit-hidden');

	const {Peer} = jsonOf<Status>(t, await status());

	t.false(Object.values(Peer ?? {}).some(peer => peer.HostName === 'livekit'));
	t.like(jsonOf(t, await ping(lab, 'livekit', 'TSMP')), {Err: 'no matching peer'});
});

test.serial('relay-down: only what goes over the relay is lost, and the map still names it', async t => {
	await lab.break('relay-down');
	t.like(jsonOf(t, await ping(lab, 'june-gpu-00000001', 'TSMP')), {Err: ''});
	await lab.break('gpu1-derp');

	t.is(await ping(lab, 'june-gpu-00000001', 'TSMP'), 'silence');
	t.is(await ask(`${lab.urls.derpUrl}/derp/probe`), 'refused');
	t.not(Object.keys(jsonOf<{Regions: object}>(t, await ask(localApi(lab, 'derpmap'))).Regions).length, 0);
});

test.serial('relay-map-empty: there is no relay in the map', async t => {
	await lab.break('relay-map-empty');

	t.deepEqual(jsonOf(t, await ask(localApi(lab, 'derpmap'))), {Regions: {}});
});

test.serial('headscale-stopped: tailscaled knows that it is not connected', async t => {
	await lab.break('headscale-stopped');

	t.like(jsonOf(t, await status()), {BackendState: 'Running', Self: {Online: false}});
});
