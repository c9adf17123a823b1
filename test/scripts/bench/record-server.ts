import {readFileSync} from 'node:fs';
import {connect} from 'node:net';
import {connect as connectSecurely} from 'node:tls';
import test, {type ExecutionContext} from 'ava';
import {certificate} from '../../../scripts/bench/probers.ts';
import {type Helper, startHelper} from '../../../scripts/bench/processes.ts';
import type {RecordCommand, Recorded, RecordPorts} from '../../../scripts/bench/record-server.ts';

async function startServer(t: ExecutionContext): Promise<{server: Helper; ports: RecordPorts}> {
	const server = startHelper('./record-server.ts');
	t.teardown(() => server.stop());
	const {file, key} = certificate;
	const listen: RecordCommand = {do: 'listen', plainPort: 0, securePort: 0, certificate: file, key};
	return {server, ports: await server.ask<RecordPorts>(listen)};
}

/** The whole answer; the request goes in two parts, so that it is whole only with the second. */
function request(socket: ReturnType<typeof connect>, event: string, path: string): Promise<string> {
	return new Promise((resolve, reject) => {
		let text = '';
		socket.once('error', reject);
		socket.once(event, () => {
			socket.write(`GET ${path} HTTP/1.1\r\n`);
			setImmediate(() => socket.write('Host: bench\r\n\r\n'));
		});
		socket.on('data', data => {
			text += data;
		});
		socket.once('end', () => resolve(text));
	});
}

test('the server records each request with its times in order, and forgets what it told', async t => {
	const {server, ports} = await startServer(t);
	const before = Number(process.hrtime.bigint()) / 1e6;

	const answer = await request(connect(ports.plainPort, '127.0.0.1'), 'connect', '/who/t1?n=7');
	const {requests, delayP99Ms} = await server.ask<Recorded>({do: 'take'});
	const [record, ...more] = requests;
	const after = Number(process.hrtime.bigint()) / 1e6;

	t.regex(answer, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nok$/s);
	t.like(record, {path: '/who/t1', number: 7});
	t.deepEqual(more, []);
	const {acceptedMs = 0, wholeMs = 0, sentMs = 0} = record ?? {};
	t.true(before < acceptedMs && acceptedMs < wholeMs && wholeMs < sentMs && sentMs < after);
	// setTimeout may be a millisecond early.
	t.true(sentMs - wholeMs >= 19);
	t.true(delayP99Ms >= 0);
	t.deepEqual((await server.ask<Recorded>({do: 'take'})).requests, []);
});

test('over TLS it shows the certificate that the probers are told to trust', async t => {
	const {server, ports} = await startServer(t);
	const trust = {ca: readFileSync(certificate.authority), servername: certificate.name};

	await request(connectSecurely({host: '127.0.0.1', port: ports.securePort, ...trust}), 'secureConnect', '/who/t2');

	const [record] = (await server.ask<Recorded>({do: 'take'})).requests;
	t.is(record?.path, '/who/t2');
	t.is(record?.number, undefined);
});
