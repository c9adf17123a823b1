import test from 'ava';
import type {TailnetNode} from '../../src/inventory/types.ts';
import {createChangeLog} from '../../src/sinks/change-log.ts';
import {createLog} from '../../src/util/log.ts';
import type {VantageState} from '../../src/vantages/types.ts';

function setUp() {
	const lines: Record<string, unknown>[] = [];
	const output = {write: (line: string) => void lines.push(JSON.parse(line)), isTTY: false};
	return {lines, changes: createChangeLog(createLog({level: 'info', format: 'json'}, output as never))};
}

const vantage = (condition: VantageState['condition'], detail?: string): VantageState => ({
	name: 'cluster',
	type: 'local',
	condition,
	...(detail === undefined ? {} : {detail}),
	latenessMs: 0,
	runsInFlight: 0,
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

test('a restart of headscale is told once', t => {
	const {lines, changes} = setUp();
	const restarted = {...nodes('a'), graceUntil: Date.now() + 30_000};

	changes.headscale(nodes('a'));
	changes.headscale(restarted);
	changes.headscale(restarted);

	t.is(lines.length, 1);
	t.regex(String(lines[0]?.msg), /headscale restarted or came back/);
});
