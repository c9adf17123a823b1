import {readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import type {HeadscaleConfig} from '../../src/config/types.ts';
import {type HeadscaleSource, startHeadscale} from '../../src/headscale/source.ts';
import type {Logger} from '../../src/util/log.ts';
import {answer} from '../helpers/answering-server.ts';
import {until} from '../helpers/until.ts';

const recorded = (name: string) => readFileSync(new URL(`../fixtures/headscale/${name}`, import.meta.url), 'utf8');

/** A source of a server that answers these paths, and 404 otherwise; with the lines that it logs. */
async function start(t: ExecutionContext, pages: Record<string, string>, more: Partial<HeadscaleConfig> = {}) {
	const server = await answer(t, ({url = ''}, response) => {
		const page = pages[url];
		response.writeHead(page === undefined ? 404 : 200).end(page ?? '{"code":5,"message":"Not Found","details":[]}');
	});
	const lines: unknown[][] = [];
	const note = (...line: unknown[]) => lines.push(line);
	process.env.TAILPROBE_TEST_KEY = 'P-Vg28v.0123456789';
	const source = startHeadscale(
		{
			url: `http://127.0.0.1:${server.port}`,
			apiKey: {env: 'TAILPROBE_TEST_KEY'},
			intervalMs: 3_600_000,
			timeoutMs: 5000,
			restartGraceMs: 0,
			inventorySchedule: '0 0 1 1 *',
			expectUsers: ['ozzu'],
			lingerAfterMs: 1,
			maxAnswerBytes: 1_000_000,
			...more,
		},
		{log: {info: note, warn: note, error: note, debug: note} as unknown as Logger, onNodes() {}},
	) as HeadscaleSource;
	t.teardown(() => source.stop());
	await until(() => source.tried());
	return {source, lines};
}

const pages023 = {
	'/health': '{"status":"pass"}',
	'/api/v1/node': recorded('0.23.0/rest-node.json'),
	'/api/v1/user': recorded('0.23.0/rest-user.json'),
	'/api/v1/preauthkey?user=ozzu': recorded('0.23.0/rest-preauthkey.json'),
	'/api/v1/apikey': recorded('0.26.1/rest-apikey.json'),
	'/api/v1/routes': recorded('0.23.0/rest-routes.json'),
	'/api/v1/policy': recorded('0.23.0/rest-policy.json'),
	'/key?v=113': JSON.stringify({publicKey: `mkey:${'0'.repeat(64)}`}),
};

test('everything that headscale 0.23 has is read once at the start, without waiting for the calendar', async t => {
	const {source, lines} = await start(t, pages023);

	const state = source.state();
	t.deepEqual(
		source.sources().filter(({ok}) => ok !== true),
		[],
	);
	t.deepEqual(lines, []);
	t.is(state.users?.value?.users.length, 1);
	t.is(state.preAuthKeys?.value?.keys.length, 1);
	t.is(state.apiKeys?.value?.ownId, '1');
	t.is(state.policy?.value?.state, 'present');
	t.true(state.key?.value);
	t.is(state.apiHealth?.value, undefined);
	t.is(state.nodes.value?.nodes[0]?.routes?.approved.length, 3);
	t.true(source.inventoryIntervalMs > 300 * 86_400_000);
	t.false(JSON.stringify([state, source.sources()]).includes('0123456789'));
});

test('a part that fails is told by its name, and the problems of all lists together', async t => {
	const {source, lines} = await start(t, {
		...pages023,
		'/api/v1/user': '{"users":[{"name":"x"}]}',
		'/api/v1/apikey': 'x',
		'/api/v1/routes': '{"routes":[{}]}',
	});

	t.deepEqual(source.problems(), [
		'Entry 1 of the user list has no usable id and is left out.',
		'Entry 1 of the route list has no usable node or prefix and is left out.',
	]);
	await until(() => lines.length > 0);
	t.like(lines.flat(), [{source: 'headscale-api-keys'}, 'source fails']);
	t.is(source.sources().find(({name}) => name === 'headscale-users')?.ok, true);
});

test('a refresh reads its health, nodes and keys anew, and leaves the rest alone', async t => {
	const {source} = await start(t, pages023);
	const before = source.state();

	await source.refresh(AbortSignal.timeout(5000));

	const after = source.state();
	for (const part of ['health', 'nodes', 'key'] as const) t.not(after[part], before[part], part);
	t.is(after.users, before.users);
	t.is(after.version, before.version);
});
