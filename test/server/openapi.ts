import http from 'node:http';
import type {AddressInfo} from 'node:net';
import test, {type ExecutionContext} from 'ava';
import {z} from 'zod';
import {startDaemon} from '../../src/daemon.ts';
import {describeApi} from '../../src/server/openapi.ts';
import {routes} from '../../src/server/routes/registry.ts';
import {createLog} from '../../src/util/log.ts';
import {aCheckView, aNode, aNodeView, anOutcome, aVantage, fakeDaemon, withServer} from '../helpers/fake-daemon.ts';
import {until} from '../helpers/until.ts';

interface Document {
	paths: Record<string, Record<string, {operationId: string; responses: Record<string, {content?: Content}>}>>;
	components: {schemas: Record<string, object>};
}
type Content = Record<string, {schema: object}>;

const document = JSON.parse(JSON.stringify(describeApi('0.1.0'))) as Document;
const pageFiles = new Set([
	...['/', '/page.js', '/page.css', '/favicon.svg', '/probe-now'],
	...['/checks', '/nodes'].flatMap(path => [`${path}/:name`, `${path}/:name/diagnose`]),
]);

/** Whether an answer is what the document, as published, says of it: read by a validator that knows nothing of our schemas. */
async function holds(
	t: ExecutionContext,
	url: string,
	path: string,
	init: RequestInit = {},
	asked = path,
): Promise<void> {
	const answer = await fetch(url + asked, init);
	const body = await answer.text();
	const operation = document.paths[path]?.[(init.method ?? 'get').toLowerCase()];
	const described = operation?.responses[String(answer.status)] ?? operation?.responses.default;
	const type = (answer.headers.get('content-type') ?? '').replace(/;.*/, '');
	const content = described?.content?.[type];
	t.truthy(content, `${asked} answered ${answer.status} ${type}, which is not described`);
	if (!content || type === 'text/plain') return;
	const schema = {...content.schema, $defs: document.components.schemas};
	const inPlace = JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/'));
	const judged = z.fromJSONSchema(inPlace).safeParse(JSON.parse(body));
	t.true(judged.success, `${asked}: ${judged.error ? z.prettifyError(judged.error) : ''}`);
}

test('every path of the registry is described, and no other', t => {
	const view = fakeDaemon();
	const served = routes
		.map(make => make(view, () => {}))
		.filter(({path}) => !pageFiles.has(path))
		.map(({method, path}) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);

	const described = Object.entries(document.paths).flatMap(([path, operations]) =>
		Object.keys(operations).map(method => `${method} ${path}`),
	);

	t.deepEqual(described.toSorted(), served.toSorted());
});

test('the document is served, for this version', t =>
	withServer(fakeDaemon(), async ({url, get}) => {
		const {info, openapi} = JSON.parse((await get('/openapi.json')).body);

		t.is(openapi, '3.1.1');
		t.is(info.version, '0.1.0');
		await holds(t, url, '/openapi.json');
	}));

test('nothing about secrets or options is in the document', t => {
	const text = JSON.stringify(document);

	t.notRegex(text, /basic_auth|password_file|"options"/);
	t.is(
		new Set([...text.matchAll(/"operationId":"(\w+)"/g)].map(match => match[1])).size,
		Object.values(document.paths).flatMap(Object.keys).length,
	);
});

const full = fakeDaemon({
	checks: () => [
		aCheckView(),
		aCheckView({
			verdict: 'down',
			confirmed: true,
			downSince: 1_700_000_000_000,
			last: anOutcome({verdict: 'down', reason: 'refused', detail: 'It refused.', late: true, latenessMs: 4}),
			strip: [undefined, {up: 0, down: 1, unknown: 0}],
		}),
		aCheckView({verdict: 'unknown', ran: false, last: undefined}),
	],
	nodes: () => [
		aNodeView(),
		aNodeView({
			node: aNode({
				keyExpiryMs: 1_700_000_000_000,
				createdMs: 1,
				registerMethod: 'cli',
				routes: {approved: ['10.0.0.0/8'], available: [], served: []},
			}),
			tunnels: [{vantage: 'cluster', verdict: 'down'}],
			disagreement: 'online_but_unreachable',
		}),
	],
	vantages: () => [aVantage(), aVantage({condition: 'sick', detail: 'tailscaled does not answer.'})],
	sources: () => [
		{name: 'headscale-nodes', ok: undefined},
		{name: 'headscale-health', ok: false, detail: 'No.', seconds: 0.1, lastTriedAt: 1},
	],
	problems: () => ['Two targets have one name.'],
	headscaleMetrics: () => 'headscale_up 1\n',
});

for (const [what, daemon] of [
	['a daemon with a bit of everything', full],
	[
		'a daemon with nothing',
		fakeDaemon({
			checks: () => [],
			nodes: () => [],
			sources: () => [],
			listedNodes: () => undefined,
			ready: () => false,
		}),
	],
] as const)
	test(`every answer of ${what} is as described`, t =>
		withServer(daemon, async ({url}) => {
			for (const [path, operations] of Object.entries(document.paths)) {
				if (!operations.get || path.includes('{')) continue;
				await holds(t, url, path, {}, path === '/probe' ? '/probe?target=x' : path);
				await holds(
					t,
					url,
					path,
					{headers: {Accept: 'application/json'}},
					path === '/probe' ? '/probe?target=x' : path,
				);
			}
			const key = encodeURIComponent(aCheckView().check.key);
			await holds(t, url, '/api/v1/checks/{key}/history', {}, `/api/v1/checks/${key}/history`);
			await holds(t, url, '/api/v1/checks/{key}/history', {}, '/api/v1/checks/nothing/history');
			await holds(t, url, '/-/reload', {method: 'POST'});
			await holds(t, url, '/-/reload', {method: 'POST', headers: {Accept: 'application/json'}});
			for (const body of ['{"target": "x"}', '{}', '{', '{"target": "x", "no": 1}'])
				await holds(t, url, '/api/v1/probe', {method: 'POST', body, headers: {'Content-Type': 'application/json'}});
			await holds(t, url, '/api/v1/probe', {method: 'POST', body: 'x'});
			await holds(t, url, '/sd/nodes', {}, '/sd/nodes?no=1');
			await holds(t, url, '/probe', {headers: {Accept: 'application/json'}}, '/probe');
		}));

test('every answer of a whole daemon is as described', async t => {
	const target = http.createServer((_request, response) => response.end('fine')).listen(0, '127.0.0.1');
	const {port} = await new Promise<AddressInfo>(resolve =>
		target.once('listening', () => resolve(target.address() as AddressInfo)),
	);
	const address = `http://127.0.0.1:${port}/`;
	const daemon = await startDaemon({
		configText: JSON.stringify({
			vantages: [{name: 'here', type: 'local', tailscaled: false}],
			headscale: {url: 'http://127.0.0.1:1'},
			modules: {direct: {prober: 'http', via: 'direct'}},
			checks: [
				{name: 'web', module: 'direct', via: 'direct', targets: [{name: 'web', target: address}], interval: '1s'},
			],
		}),
		listen: {host: '127.0.0.1', port: 0},
		allowLoopback: true,
		log: createLog({level: 'error', format: 'json'}, {write() {}, isTTY: false} as never),
	});
	t.teardown(async () => {
		await daemon.stop();
		target.close();
	});
	await until(() => daemon.view.checks().some(view => view.ran));

	for (const path of ['status', 'nodes', 'vantages', 'checks']) await holds(t, daemon.url, `/api/v1/${path}`);
	const key = encodeURIComponent('web/here/web');
	await holds(t, daemon.url, '/api/v1/checks/{key}/history', {}, `/api/v1/checks/${key}/history`);
	const probe = {method: 'POST', headers: {'Content-Type': 'application/json'}};
	for (const body of [
		{target: address, module: 'direct'},
		{target: address, module: 'no'},
		{target: 'x', module: 'tcp_connect'},
	])
		await holds(t, daemon.url, '/api/v1/probe', {...probe, body: JSON.stringify(body)});
	await holds(t, daemon.url, '/sd/nodes');
	t.is((await fetch(`${daemon.url}/sd/nodes`)).status, 503, 'headscale was never read');
	await holds(
		t,
		daemon.url,
		'/probe',
		{headers: {Accept: 'application/json'}},
		`/probe?module=direct&target=${address}`,
	);
});
