import test from 'ava';
import type {HeadscaleFacts, PlatformView, TailscaledFacts} from '../../src/inventory/platform-types.ts';
import type {TailnetNode} from '../../src/inventory/types.ts';
import {createChangeLog} from '../../src/sinks/change-log.ts';
import {createLog} from '../../src/util/log.ts';
import type {VantageState} from '../../src/vantages/types.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

function setUp() {
	const lines: Record<string, unknown>[] = [];
	const output = {write: (line: string) => void lines.push(JSON.parse(line)), isTTY: false};
	const clock = fakeClock();
	const changes = createChangeLog(createLog({level: 'info', format: 'json'}, output as never), clock);
	return {lines, clock, changes, said: () => lines.map(({msg}) => msg)};
}

const vantage = (condition: VantageState['condition'], detail?: string): VantageState => ({
	name: 'cluster',
	type: 'local',
	condition,
	...(detail === undefined ? {} : {detail}),
	latenessMs: 0,
	runsInFlight: 0,
	runs: {started: 0, up: 0, down: 0, unknown: 0},
	skippedSlots: {overlap: 0, late: 0},
	threadRestarts: 0,
	facts: {},
});

const nodes = (...names: string[]) => ({
	health: {},
	metrics: {},
	version: {},
	nodes: {
		value: {
			problems: [],
			nodes: names.map((name): TailnetNode => ({id: name, name, resolvable: true, addresses: [], owner: '', tags: []})),
		},
	},
});

test('a vantage that becomes sick and sound again is told once each, with what is wrong', t => {
	const {lines, changes} = setUp();

	for (const state of [
		vantage('starting'),
		vantage('sound'),
		vantage('sound'),
		vantage('sick', 'tailscaled hangs'),
		vantage('sick', 'tailscaled hangs'),
		vantage('sound'),
	])
		changes.vantages([state]);

	t.deepEqual(
		lines.map(({msg, detail}) => [msg, detail]),
		[
			['vantage is sick, its tailnet checks are unknown', 'tailscaled hangs'],
			['vantage is sound again', undefined],
		],
	);
});

const machine = (condition: VantageState['condition'], type: string): VantageState => ({
	...vantage(condition, condition === 'gone' ? 'nothing listens there' : undefined),
	name: 'june-gpu-1',
	group: 'gpu',
	type,
	ways: [
		{type: 'agent', inUse: type === 'agent', condition},
		{type: 'ssh', inUse: false, condition: condition === 'gone' ? 'gone' : 'idle'},
		{type: 'pod', inUse: false, condition: 'idle'},
	],
});

test('a machine that was never reached is told as such, with the ways that were tried', t => {
	const {lines, changes} = setUp();

	for (const state of [
		machine('starting', 'remote'),
		machine('gone', 'remote'),
		machine('gone', 'remote'),
		machine('sound', 'agent'),
		machine('gone', 'remote'),
		machine('sound', 'agent'),
	])
		changes.vantages([state]);

	t.deepEqual(
		lines.map(({msg, way, ways}) => [msg, way ?? ways]),
		[
			['vantage is not reached, its checks are unknown', ['agent', 'ssh']],
			['vantage is reached', 'agent'],
			['vantage is gone, its checks are unknown', ['agent', 'ssh']],
			['vantage is sound again', 'agent'],
		],
	);
});

test('nodes that come and go are told, the first list is not', t => {
	const {lines, changes} = setUp();

	changes.headscale(nodes('a', 'b'));
	changes.headscale(nodes('b', 'c'));

	t.deepEqual(
		lines.map(({msg, nodes: names}) => [msg, names]),
		[
			['nodes left the tailnet', ['a']],
			['nodes joined the tailnet', ['c']],
		],
	);
});

test('a restart of headscale is told once, and not again after its grace', async t => {
	const {clock, changes, said} = setUp();
	const restarted = (at: number) => ({...nodes('a'), graceUntil: at + 30_000});
	const first = restarted(clock.wall());

	changes.headscale(nodes('a'));
	changes.headscale(first);
	changes.headscale(restarted(clock.wall() + 5000));
	await clock.advance(60_000);
	for (let read = 0; read < 3; read++) changes.headscale(first);

	t.deepEqual(said(), ['headscale restarted or came back, "offline" is not told for a while']);
	changes.headscale(restarted(clock.wall()));
	t.is(said().length, 2);
});

function platform(headscale: HeadscaleFacts, tailscaled: Omit<TailscaledFacts, 'vantage'> = {}): PlatformView {
	return {headscale, tailscaled: [{vantage: 'cluster', ...tailscaled}]};
}

test('a tailscaled that loses its control server or is switched off is told once, and when that is over', t => {
	const {changes, said} = setUp();

	for (const facts of [
		{backendState: 'Running', online: true},
		{backendState: 'Running', online: false},
		{},
		{backendState: 'Running', online: false},
		{backendState: 'Running', online: true},
		{backendState: 'Stopped', online: false},
		{backendState: 'Stopped', online: false},
		{backendState: 'Running', online: true},
	] as const)
		changes.platform(platform({}, facts));

	t.deepEqual(said(), [
		'the own tailscaled lost its control server',
		'the own tailscaled has its control server again',
		'the own tailscaled is not connected to the tailnet',
		'the own tailscaled is connected to the tailnet again',
	]);
});

test('what is wrong from the beginning is told, what is well is not', t => {
	const {changes, lines, said} = setUp();

	changes.platform(
		platform(
			{certificate: {trusted: false, fault: 'expired'}, missingUsers: {count: 1, names: ['june']}},
			{backendState: 'NeedsLogin'},
		),
	);

	t.deepEqual(said(), [
		'the own tailscaled is not connected to the tailnet',
		"headscale's certificate is not trusted",
		'expected users are missing in headscale',
	]);
	t.deepEqual(
		lines.map(({state, fault, users}) => state ?? fault ?? users),
		['NeedsLogin', 'expired', ['june']],
	);
});

test('the certificate and the expected users are told when they change, not when they cannot be read', t => {
	const {changes, said} = setUp();
	const well = {certificate: {trusted: true}, missingUsers: {count: 0, names: []}};

	for (const facts of [
		well,
		{...well, certificate: {trusted: false}},
		{},
		{...well, certificate: {trusted: false}, missingUsers: {count: 1, names: ['june']}},
		well,
	])
		changes.platform(platform(facts));

	t.deepEqual(said(), [
		"headscale's certificate is not trusted",
		'expected users are missing in headscale',
		"headscale's certificate is trusted again",
		'no expected user is missing in headscale any more',
	]);
});

test('an API key that ends soon is told once a day, and when it ended', async t => {
	const {changes, clock, said} = setUp();
	const hourMs = 3_600_000;
	const expiryMs = clock.wall() + 14 * 24 * hourMs + hourMs;

	for (let hours = 0; hours < 50; hours++) {
		changes.platform(platform({ownApiKeyExpiryMs: expiryMs}));
		await clock.advance(hourMs);
	}
	t.deepEqual(said(), Array(2).fill('the API key with which headscale is read expires soon'));
	await clock.advance(expiryMs - clock.wall());
	changes.platform(platform({ownApiKeyExpiryMs: expiryMs}));
	changes.platform(platform({ownApiKeyExpiryMs: expiryMs}));

	t.is(said().length, 3);
	t.is(said()[2], 'the API key with which headscale is read has expired');
});

test('what tailscaled warns of is told once, in its own words, and when it is over; what it takes lightly is not', t => {
	const {lines, changes} = setUp();
	const dns = {code: 'dns', severity: 'medium'} as const;
	const mild = {code: 'update-available', severity: 'low'} as const;

	for (const warnings of [
		[],
		[{...dns, says: 'no such file'}, mild],
		undefined,
		[{...dns, says: 'other words'}],
		[mild],
	])
		changes.platform(platform({}, warnings && {warnings}));

	t.deepEqual(
		lines.map(({msg, vantage: name, code, says, codes}) => [msg, name, code ?? codes, says]),
		[
			['the own tailscaled warns', 'cluster', 'dns', 'no such file'],
			['the own tailscaled no longer warns', 'cluster', ['dns'], undefined],
		],
	);
});

test('a problem is told once when it stood at two looks, and when it is over; numbers in it may change', t => {
	const {lines, changes, said} = setUp();

	changes.problems(['It waits.']);
	changes.problems(['Nobody came for 10 min.', 'A token is missing.']);
	t.deepEqual(said(), []);
	changes.problems(['Nobody came for 11 min.', 'A token is missing.']);
	changes.problems(['Nobody came for 12 min.', 'A token is missing.']);
	changes.problems(['Nobody came for 13 min.']);
	changes.problems([]);

	t.deepEqual(
		lines.map(({level, msg, problem, problems}) => [level, msg, problem ?? problems]),
		[
			['warn', 'problems', ['Nobody came for 11 min.', 'A token is missing.']],
			['info', 'a problem is over', 'A token is missing.'],
			['info', 'a problem is over', 'Nobody came for 13 min.'],
		],
	);
});
