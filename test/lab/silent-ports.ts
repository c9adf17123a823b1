import {connect, createServer} from 'node:net';
import {Worker} from 'node:worker_threads';
import test from 'ava';
import {createSilentPorts} from '../../src/lab/silent-ports.ts';

/** A port that was free a moment ago. */
async function aFreePort(): Promise<number> {
	const server = createServer();
	const port = await new Promise<number>(resolve =>
		server.listen(0, '127.0.0.1', () => resolve((server.address() as {port: number}).port)),
	);
	await new Promise(resolve => server.close(resolve));
	return port;
}

function knock(port: number): Promise<string> {
	return new Promise(resolve => {
		const socket = connect(port, '127.0.0.1');
		const end = (how: string) => {
			socket.destroy();
			resolve(how);
		};
		socket.once('connect', () => end('connected'));
		socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? ''));
		socket.setTimeout(300, () => end('silence'));
	});
}

/** A thread that knocks without end, and keeps what is opened. */
const knockOn = `
	const {connect} = require('node:net');
	const {parentPort, workerData} = require('node:worker_threads');
	const opened = [];
	const knock = () => {
		const socket = connect(workerData, '127.0.0.1').on('error', () => {}).on('connect', () => opened.push(socket));
		setImmediate(knock);
	};
	knock();
	parentPort.postMessage('knocking');
`;

test('they leave whoever knocks without an answer, and are free again afterwards', async t => {
	const silent = createSilentPorts();
	const [one, other] = [await aFreePort(), await aFreePort()];

	await silent.become([{address: '127.0.0.1', port: one}]);
	t.deepEqual(await Promise.all([knock(one), knock(one), knock(other)]), ['silence', 'silence', 'ECONNREFUSED']);

	await silent.become([{address: '127.0.0.1', port: other}]);
	t.deepEqual(await Promise.all([knock(one), knock(other)]), ['ECONNREFUSED', 'silence']);

	await silent.become([]);
	t.is(await knock(other), 'ECONNREFUSED');
});

test('they are silent at once although others knock at that very moment', async t => {
	const silent = createSilentPorts();
	const port = await aFreePort();
	const knocking = new Worker(knockOn, {eval: true, workerData: port});
	t.teardown(() => knocking.terminate());
	await new Promise(resolve => knocking.once('message', resolve));

	await silent.become([{address: '127.0.0.1', port}]);

	t.is(await knock(port), 'silence');
	await silent.become([]);
});

test('a port that is taken is told, and what was silent before is free', async t => {
	const silent = createSilentPorts();
	const taken = createServer();
	const port = await new Promise<number>(resolve =>
		taken.listen(0, '127.0.0.1', () => resolve((taken.address() as {port: number}).port)),
	);
	t.teardown(() => taken.close());

	await t.throwsAsync(silent.become([{address: '127.0.0.1', port}]), {message: /EADDRINUSE/});

	await silent.become([]);
	t.is(await knock(port), 'connected');
});
