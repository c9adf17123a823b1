import {setImmediate as breathe} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import type {HeadscaleClient} from '../../src/headscale/client.ts';
import {createHeadscalePoller, type Part} from '../../src/headscale/poll.ts';
import type {RouteList} from '../../src/headscale/routes.ts';
import type {UserList} from '../../src/headscale/users.ts';
import type {NodeList} from '../../src/inventory/types.ts';
import {raceAbort} from '../../src/net/shared.ts';
import {fakeCalendar} from '../helpers/fake-calendar.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

const intervalMs = 15_000;
const minuteMs = 60_000;
const metricsOf = (startSeconds: number) =>
	`# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds ${startSeconds}\n`;
const oneNode: NodeList = {
	nodes: [{id: '1', name: 'n1', resolvable: true, addresses: ['100.64.0.1'], owner: '', tags: [], online: true}],
	problems: [],
};

/** A headscale whose inventories a test can change, with a poller on a clock that stands still. */
function inventoryScene(t: ExecutionContext) {
	const clock = fakeClock();
	const calls: string[] = [];
	const answers = {
		users: async (): Promise<UserList> => ({users: [], problems: []}),
		routes: async (): Promise<RouteList | undefined> => undefined,
		apiHealth: async (): Promise<boolean | undefined> => true,
		nodes: async () => oneNode,
		metrics: async () => metricsOf(1_600_000_000),
	};
	const called = <T>(part: string, answer: () => Promise<T>, signal = new AbortController().signal): Promise<T> => {
		calls.push(part);
		return raceAbort(answer(), signal);
	};
	const client: HeadscaleClient = {
		health: async () => true,
		version: () => called('version', async () => 'v'),
		metrics: () => answers.metrics(),
		nodes: () => called('nodes', () => answers.nodes()),
		users: () => called('users', () => answers.users()),
		routes: () => called('routes', () => answers.routes()),
		apiHealth: signal => called('apiHealth', () => answers.apiHealth(), signal),
	};
	const poller = createHeadscalePoller({
		client,
		intervalMs,
		restartGraceMs: minuteMs,
		clock,
		calendar: fakeCalendar(clock, minuteMs),
		inventorySchedule: '* * * * *',
	});
	t.teardown(() => poller.stop());
	const count = (part: string) => calls.filter(call => call === part).length;
	return {answers, clock, poller, count};
}

const someRoutes = (prefix: string): RouteList => ({
	byNode: new Map([['1', {available: [prefix], approved: [prefix], served: []}]]),
	problems: [],
});

test('inventories are read at the start, then at the times of their schedule', async t => {
	const {poller, clock, count} = inventoryScene(t);

	poller.start();
	await breathe();
	t.is(count('users'), 1);
	t.deepEqual(poller.state().users?.value, {users: [], problems: []});
	await clock.advance(3 * minuteMs);

	t.is(count('users'), 4);
	t.is(count('nodes'), 13);
	await poller.stop();
	t.is(clock.pending(), 0);
});

test('an inventory that fails or hangs stops nothing else', async t => {
	const {poller, clock, count, answers} = inventoryScene(t);
	answers.users = () => Promise.reject(new Error('no users'));
	answers.apiHealth = () => new Promise(() => {});

	poller.start();
	await breathe();
	await clock.advance(2 * minuteMs);

	t.is(poller.state().users?.error, 'no users');
	t.is(poller.state().apiHealth, undefined);
	t.is(count('apiHealth'), 1);
	t.is(count('users'), 3);
	t.is(count('nodes'), 9);
	t.is(poller.state().nodes.error, undefined);
});

test('what this version does not have is no failure, and is rarely asked for again', async t => {
	const {poller, clock, count} = inventoryScene(t);

	poller.start();
	await breathe();
	t.is(poller.state().routes?.error, undefined);
	t.false('value' in (poller.state().routes ?? {}));
	await clock.advance(9 * minuteMs);

	t.is(count('routes'), 1);
	await clock.advance(minuteMs);
	t.is(count('routes'), 2);
});

test('what this version did not have is asked for when headscale restarts, which may be an upgrade', async t => {
	const {poller, clock, count, answers} = inventoryScene(t);
	answers.apiHealth = async () => undefined;
	poller.start();
	await breathe();

	answers.apiHealth = async () => true;
	const startSeconds = clock.wall() / 1000 + 12;
	answers.metrics = async () => metricsOf(startSeconds);
	await clock.advance(intervalMs);

	t.is(count('apiHealth'), 2);
	t.true(poller.state().apiHealth?.value);
	t.is(count('users'), 1);
});

test('what a version no longer has loses its value', async t => {
	const {poller, clock, answers} = inventoryScene(t);
	answers.routes = async () => someRoutes('10.0.0.0/8');
	poller.start();
	await breathe();

	answers.routes = async () => undefined;
	await clock.advance(minuteMs);

	t.false('value' in (poller.state().routes ?? {}));
	t.is(poller.state().nodes.value?.nodes[0]?.routes, undefined);
});

test('routes that are listed apart are joined to the nodes, whichever is read first', async t => {
	const {poller, answers} = inventoryScene(t);
	const read = (part: Part) => poller.refresh(AbortSignal.timeout(5000), [part]);
	const joined = () => poller.state().nodes.value?.nodes[0]?.routes?.available;
	answers.routes = async () => someRoutes('10.0.0.0/8');

	await read('routes');
	await read('nodes');
	t.deepEqual(joined(), ['10.0.0.0/8']);
	answers.routes = async () => someRoutes('10.1.0.0/16');
	await read('routes');

	t.deepEqual(joined(), ['10.1.0.0/16']);
});

test('routes that could not be read last are not told of nodes that were', async t => {
	const {poller, answers} = inventoryScene(t);
	answers.routes = async () => someRoutes('10.0.0.0/8');
	await poller.refresh(AbortSignal.timeout(5000));

	answers.routes = () => Promise.reject(new Error('x'));
	await poller.refresh(AbortSignal.timeout(5000), ['routes']);
	await poller.refresh(AbortSignal.timeout(5000), ['nodes']);

	t.is(poller.state().nodes.value?.nodes[0]?.routes, undefined);
});

test('when one part recovers, the others that failed are read at once and not at their next time', async t => {
	const {poller, clock, count, answers} = inventoryScene(t);
	answers.nodes = () => Promise.reject(new Error('401'));
	answers.users = () => Promise.reject(new Error('401'));
	answers.apiHealth = async () => false;
	poller.start();
	await breathe();

	answers.nodes = async () => oneNode;
	answers.users = async () => ({users: [], problems: []});
	answers.apiHealth = async () => true;
	await clock.advance(intervalMs + 1000);

	t.is(poller.state().nodes.error, undefined);
	t.is(poller.state().users?.error, undefined);
	t.true(poller.state().apiHealth?.value);
	t.is(count('users'), 2);
	t.is(count('routes'), 1);
});

test('what fails on is read once more for a recovery, and no more', async t => {
	const {poller, clock, count, answers} = inventoryScene(t);
	answers.nodes = () => Promise.reject(new Error('x'));
	answers.users = () => Promise.reject(new Error('no users'));
	poller.start();
	await breathe();

	answers.nodes = async () => oneNode;
	await clock.advance(3 * intervalMs);

	t.is(count('users'), 2);
});

test('a read that began before the recovery and fails is done again', async t => {
	const {poller, clock, count, answers} = inventoryScene(t);
	let fail = (_: Error) => {};
	answers.nodes = () => Promise.reject(new Error('x'));
	answers.users = () => Promise.reject(new Error('x'));
	poller.start();
	await breathe();
	answers.users = () => new Promise((_, reject) => (fail = reject));
	await clock.advance(minuteMs);

	answers.nodes = async () => oneNode;
	await clock.advance(intervalMs + 1000);
	answers.users = async () => ({users: [], problems: []});
	fail(new Error('late'));
	await breathe();

	t.is(poller.state().users?.error, undefined);
	t.is(count('users'), 3);
});
