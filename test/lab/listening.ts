import {once} from 'node:events';
import {type AddressInfo, connect, createServer, type Server} from 'node:net';
import test, {type ExecutionContext} from 'ava';
import {closeHttp, listen, listenTogether} from '../../src/lab/listening.ts';
import {createReplyServer} from '../../src/lab/reply.ts';
import {UserError} from '../../src/util/errors.ts';

function aServer(t: ExecutionContext): Server {
	const server = createServer();
	t.teardown(() => server.close());
	return server;
}

test('a wanted port that is taken gives way to a free one', async t => {
	const taken = await listen(aServer(t), '127.77.0.1', 0);

	const port = await listenTogether([{server: aServer(t), address: '127.77.0.1'}], taken);

	t.not(port, taken);
});

test('servers that belong together get one port, also when only one of them finds the wanted one taken', async t => {
	const taken = await listen(aServer(t), '127.77.0.4', 0);
	const members = [
		{server: aServer(t), address: '127.77.0.3'},
		{server: aServer(t), address: '127.77.0.4'},
	];

	const port = await listenTogether(members, taken);

	t.not(port, taken);
	for (const {server, address} of members) t.like(server.address(), {address, port});
});

test('an address that this machine lacks is said with what to do', async t => {
	const error = await t.throwsAsync(listenTogether([{server: aServer(t), address: '192.0.2.1'}], 0), {
		instanceOf: UserError,
	});

	t.regex(
		error?.message ?? '',
		/does not have 192\.0\.2\.1\. Linux has them all; on macOS run `for n in 1 2 3 4; do sudo ifconfig/,
	);
});

test('a server ends although somebody waits for an upgrade that is never answered', async t => {
	const server = createReplyServer(() => undefined);
	const asked = once(server, 'upgrade');
	await listen(server, '127.0.0.1', 0);
	const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
	t.teardown(() => client.destroy());
	client.on('error', () => {});
	client.write('GET /rtc HTTP/1.1\r\nHost: livekit\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
	await asked;

	await closeHttp(server);

	t.false(server.listening);
});
