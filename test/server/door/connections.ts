import {once} from 'node:events';
import http from 'node:http';
import net, {type AddressInfo} from 'node:net';
import test, {type ExecutionContext} from 'ava';
import {boundConnections, type ConnectionBounds, connectionBounds} from '../../../src/server/door/connections.ts';
import {until} from '../../helpers/until.ts';

async function serve(t: ExecutionContext, bounds: ConnectionBounds) {
	const cut: string[] = [];
	const asked: string[] = [];
	const held: http.ServerResponse[] = [];
	const server = http.createServer((request, response) => {
		asked.push(request.url ?? '');
		if (request.url === '/large') response.end('x'.repeat(largeBytes));
		else if (request.url === '/held') held.push(response);
		else response.end('here');
	});
	const connections = boundConnections(server, bounds, place => cut.push(place));
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const {port} = server.address() as AddressInfo;
	const open: {socket: net.Socket; closed: boolean; said: string}[] = [];
	t.teardown(() => {
		connections.destroyAll();
		server.close();
	});
	async function connect(head = '') {
		const socket = net.connect(port, '127.0.0.1').on('error', () => {});
		const end = {socket, closed: false, said: ''};
		socket.on('data', chunk => (end.said += chunk)).on('close', () => (end.closed = true));
		open.push(end);
		await once(socket, 'connect');
		socket.write(head);
		return end;
	}
	return {cut, held, asked, connect, connections};
}

/** More than all that may lie between two ends of a connection on the way. */
const largeBytes = 32 * 1024 * 1024;
const roomy = {...connectionBounds, all: 100, perPlace: 100, silentPerPlace: 100};
const whole = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

test('of too many connections the oldest goes that has nothing in the works', async t => {
	const {cut, held, connect} = await serve(t, {...roomy, perPlace: 2});
	const busy = await connect(whole('/held'));
	await until(() => held.length === 1);
	const idle = await connect(whole('/'));
	await until(() => idle.said.includes('here'));

	const next = await connect(whole('/'));
	await until(() => next.said.includes('here'));

	t.true(idle.closed);
	t.false(busy.closed);
	t.deepEqual(cut, ['127.0.0.1']);
});

test('where all are being answered it is the new one that goes', async t => {
	const {held, connect} = await serve(t, {...roomy, all: 2});
	const busy = [await connect(whole('/held')), await connect(whole('/held'))];
	await until(() => held.length === 2);

	const next = await connect(whole('/'));
	await until(() => next.closed);

	t.deepEqual(
		busy.map(({closed}) => closed),
		[false, false],
	);
	t.is(next.said, '');
});

test('whoever opens connections and says nothing for a second loses them to those who come', async t => {
	const {connect} = await serve(t, {...roomy, silentPerPlace: 3});
	const slow: Awaited<ReturnType<typeof connect>>[] = [];
	for (let at = 0; at < 3; at++) slow.push(await connect('GET / HTT'));

	await until(async () => {
		const next = await connect(whole('/'));
		await until(() => next.said.includes('here'));
		return slow[0]?.closed === true;
	});

	t.false(slow[2]?.closed);
});

test('many that come at the same moment are all answered', async t => {
	const {cut, connect} = await serve(t, {...roomy, silentPerPlace: 3});

	const ends = await Promise.all(Array.from({length: 50}, () => connect(whole('/'))));
	await until(() => ends.every(({said}) => said.includes('here')));

	t.deepEqual(cut, []);
});

test('to have everybody connect again cuts what is idle, and the rest after its answer', async t => {
	const {held, connect, connections} = await serve(t, roomy);
	const busy = await connect(whole('/held'));
	const idle = await connect(whole('/'));
	await until(() => held.length === 1 && idle.said.includes('here'));

	connections.renewAll();
	await until(() => idle.closed);
	t.false(busy.closed);
	held[0]?.end('after all');
	await until(() => busy.closed);

	t.regex(busy.said, /after all$/);
});

test('whoever asks far ahead is cut, and the rest of what came is not even read', async t => {
	const {cut, asked, connect} = await serve(t, roomy);

	const end = await connect(whole('/held').repeat(1000));
	await until(() => end.closed);
	const next = await connect(whole('/'));
	await until(() => next.said.includes('here'));

	t.deepEqual(cut, ['127.0.0.1']);
	t.true(asked.length < 10, `${asked.length} requests were read`);
});

test('a few requests ahead are answered, in their order, and so are many one after another', async t => {
	const {cut, connect} = await serve(t, roomy);
	const end = await connect(whole('/').repeat(roomy.ahead));
	const answers = () => end.said.split('here').length - 1;
	await until(() => answers() === roomy.ahead);

	for (let at = 1; at <= 20; at++) {
		end.socket.write(whole('/'));
		await until(() => answers() === roomy.ahead + at);
	}

	t.deepEqual(cut, []);
	t.false(end.closed);
});

test('whoever asks on and takes no answers is cut', async t => {
	const {cut, asked, connect} = await serve(t, {...roomy, unreadBytes: 1000});
	const end = await connect();
	end.socket.pause();
	end.socket.write(whole('/large'));
	await until(() => asked.length === 1);

	end.socket.write(whole('/'));
	await until(() => cut.length === 1);
	end.socket.resume();
	await until(() => end.closed);

	t.true(end.said.length < largeBytes);
});

test('where too much lies unread in all, whoever left most is cut, and others are answered', async t => {
	const {cut, asked, connect} = await serve(t, {...roomy, unreadBytesOfAll: 1000});
	const greedy = await connect();
	greedy.socket.pause();
	greedy.socket.write(whole('/large'));
	await until(() => asked.length === 1);

	const next = await connect(whole('/'));
	await until(() => next.said.includes('here'));

	t.deepEqual(cut, ['127.0.0.1']);
	t.false(next.closed);
});
