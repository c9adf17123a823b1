import {createSocket} from 'node:dgram';
import {Resolver} from 'node:dns/promises';
import {connect} from 'node:net';
import test from 'ava';
import dnsPacket from 'dns-packet';
import {aLab} from '../helpers/lab.ts';

const lab = await aLab(test);
const port = Number(lab.urls.dnsServer.split(':')[1]);

test.afterEach.always(() => lab.heal());

/** Asks once; undefined after half a second of silence. */
function query(name: string, type: 'A' | 'AAAA'): Promise<dnsPacket.DecodedPacket | undefined> {
	const socket = createSocket('udp4');
	return new Promise<dnsPacket.DecodedPacket | undefined>(resolve => {
		const timer = setTimeout(() => resolve(undefined), 500);
		socket.on('message', bytes => {
			clearTimeout(timer);
			resolve(dnsPacket.decode(bytes));
		});
		socket.send(question(name, type), port, '127.0.0.1');
	}).finally(() => socket.close());
}

function question(name: string, type: 'A' | 'AAAA'): Buffer {
	return dnsPacket.encode({type: 'query', id: 7, flags: dnsPacket.RECURSION_DESIRED, questions: [{name, type}]});
}

test.serial('a node has one address with a TTL of 600, whatever the case of its name', async t => {
	const answer = await query('June-Gpu-00000001.tail.ozzu.world', 'A');

	t.like(answer, {id: 7, rcode: 'NOERROR', flag_aa: true});
	t.like(answer?.answers?.[0], {type: 'A', ttl: 600, data: '127.77.0.3'});
});

test.serial('no such record is empty, no such name is NXDOMAIN, another domain is refused', async t => {
	t.like(await query('livekit.tail.ozzu.world', 'AAAA'), {rcode: 'NOERROR', flag_aa: true, answers: []});
	t.like(await query('nobody.tail.ozzu.world', 'A'), {rcode: 'NXDOMAIN', flag_aa: true});
	t.like(await query('livekit.default.svc.cluster.local', 'A'), {rcode: 'REFUSED', flag_aa: false});
});

test.serial("Node's own resolver understands it", async t => {
	const resolver = new Resolver();
	resolver.setServers([lab.urls.dnsServer]);

	const found = await resolver.resolve4('livekit.tail.ozzu.world', {ttl: true});

	t.deepEqual(found, [{address: '127.77.0.2', ttl: 600}]);
});

test.serial('it answers over TCP too, and garbage does not hurt it', async t => {
	const garbage = createSocket('udp4');
	await new Promise(resolve => garbage.send(Buffer.from('no dns'), port, '127.0.0.1', resolve));
	garbage.close();
	const asked = question('livekit.tail.ozzu.world', 'A');
	const socket = connect(port, '127.0.0.1');

	socket.write(Buffer.concat([Buffer.from([0, asked.length]), asked]));
	const answer = await new Promise<Buffer>(resolve => socket.once('data', resolve));
	socket.destroy();

	t.like(dnsPacket.decode(answer.subarray(2)).answers?.[0], {data: '127.77.0.2'});
});

test.serial('name-outside-tailnet: one name leads elsewhere', async t => {
	await lab.break('name-outside-tailnet');

	t.like((await query('june-orchestrator.tail.ozzu.world', 'A'))?.answers?.[0], {data: '10.96.0.10'});
	t.like((await query('livekit.tail.ozzu.world', 'A'))?.answers?.[0], {data: '127.77.0.2'});
});

test.serial('gpu2-gone: its name is gone too', async t => {
	await lab.break('gpu2-gone');

	t.like(await query('june-gpu-00000002.tail.ozzu.world', 'A'), {rcode: 'NXDOMAIN'});
});

test.serial('it is silent when it is dead, and when its tailscaled is stopped or frozen', async t => {
	for (const fault of ['magicdns-dead', 'tailscaled-stopped', 'tailscaled-frozen']) {
		await lab.break(fault);

		t.is(await query('livekit.tail.ozzu.world', 'A'), undefined, fault);
		await lab.heal(fault);
	}

	t.like(await query('livekit.tail.ozzu.world', 'A'), {rcode: 'NOERROR'});
});

test.serial('orchestrator-name-unknown and livekit-hidden: no such name', async t => {
	await lab.break('orchestrator-name-unknown');
	await lab.break('livekit-hidden');

	t.like(await query('june-orchestrator.tail.ozzu.world', 'A'), {rcode: 'NXDOMAIN'});
	t.like(await query('livekit.tail.ozzu.world', 'A'), {rcode: 'NXDOMAIN'});
	t.like(await query('june-gpu-00000001.tail.ozzu.world', 'A'), {rcode: 'NOERROR'});
});
