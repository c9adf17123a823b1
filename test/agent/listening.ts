import {once} from 'node:events';
import {connect} from 'node:net';
import test from 'ava';
import {boundAgentConnections} from '../../src/agent/connections.ts';
import {type ListeningOptions, listenAt, listenInTailnet} from '../../src/agent/listening.ts';
import {systemClock} from '../../src/util/clock.ts';
import {fakeClock} from '../helpers/fake-clock.ts';
import {until} from '../helpers/until.ts';

function setUp(over: Partial<ListeningOptions> = {}) {
	const told: string[] = [];
	const options: ListeningOptions = {
		clock: systemClock,
		port: 0,
		prefixes: ['127.1.0.0/16'],
		connections: boundAgentConnections(),
		handler: (_request, response) => void response.end(),
		onListening: address => void told.push(`listens at ${address}`),
		onFailure: (address, why, retryMs) => void told.push(`fails at ${address}, again in ${retryMs}: ${why}`),
		...over,
	};
	return {told, options};
}

async function answers(address: string, port: number): Promise<boolean> {
	const socket = connect({host: address, port});
	try {
		await once(socket, 'connect');
		return true;
	} catch {
		return false;
	} finally {
		socket.destroy();
	}
}

test('it listens at the addresses in the tailnet, and follows them', async t => {
	const {told, options} = setUp();
	const listening = listenInTailnet(options);
	t.teardown(() => listening.stop());

	listening.use(['127.1.0.5', '127.9.9.9']);
	await until(() => listening.places().length === 1);
	const [before] = listening.places();
	listening.use(['127.1.0.6']);
	await until(() => listening.places()[0]?.address === '127.1.0.6');

	t.is(before?.address, '127.1.0.5');
	t.false(await answers('127.1.0.5', before?.port ?? 0));
	t.true(await answers('127.1.0.6', listening.places()[0]?.port ?? 0));
	t.deepEqual(told, ['listens at 127.1.0.5', 'listens at 127.1.0.6']);
});

test('an address that the kernel has not got yet is tried again, ever more rarely', async t => {
	const clock = fakeClock();
	const {told, options} = setUp({clock, prefixes: ['192.0.2.0/24']});
	const listening = listenInTailnet(options);

	listening.use(['192.0.2.5']);
	await until(() => told.length === 1);
	await clock.advance(1000);
	await until(() => told.length === 2);
	await listening.stop();

	t.deepEqual(
		told.map(text => text.replace(/: .*/, '')),
		['fails at 192.0.2.5, again in 1000', 'fails at 192.0.2.5, again in 2000'],
	);
	t.is(clock.pending(), 0);
});

test('a fixed address that cannot be had is told as a sentence', async t => {
	const {options} = setUp();

	await t.throwsAsync(listenAt('192.0.2.5', options), {
		message: /cannot listen on 192\.0\.2\.5 port 0: .*Set listen to/,
	});
});
