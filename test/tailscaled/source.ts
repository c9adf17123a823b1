import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type ServerResponse} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {TailnetNode} from '../../src/inventory/types.ts';
import {startTailscaled} from '../../src/tailscaled/source.ts';
import {createLog} from '../../src/util/log.ts';
import {aNode} from '../helpers/fake-daemon.ts';
import {until} from '../helpers/until.ts';

type Answers = Record<string, (response: ServerResponse) => void>;

const recorded = (name: string) => readFileSync(new URL(`../fixtures/localapi/${name}`, import.meta.url));
const sound: Answers = {
	status: response => response.end(recorded('status-no-peers.json')),
	derpmap: response => response.end(recorded('derpmap.json')),
	usermetrics: response => response.end(recorded('usermetrics.prom')),
	'watch-ipn-bus': response => response.write('{"State":6,"Health":{"Warnings":null}}\n'),
	whois: response => response.end(recorded('whois.json')),
};

/** A tailscaled that answers so, on a socket that it returns. */
async function tailscaled(t: ExecutionContext, over: Answers = {}): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), 'tailscaled-'));
	const answers: Answers = {...sound, ...over};
	const server = createServer((request, response) => {
		const path = new URL(request.url ?? '/', 'http://local').pathname.replace('/localapi/v0/', '');
		const answer = answers[path];
		if (answer && request.headers.host === 'local-tailscaled.sock') answer(response);
		else response.writeHead(404).end('404 page not found\n');
	});
	const socket = join(directory, 'tailscaled.sock');
	server.listen(socket);
	await once(server, 'listening');
	t.teardown(async () => {
		server.closeAllConnections();
		server.close();
		await rm(directory, {recursive: true});
	});
	return socket;
}

/** A source over these sockets, one vantage each. */
function started(t: ExecutionContext, sockets: Record<string, string>, nodes: readonly TailnetNode[] = []) {
	const vantages = Object.entries(sockets).map(([name, tailscaledSocket]) => ({
		name,
		type: 'local' as const,
		tailscaledSocket,
	}));
	const source = startTailscaled({vantages, log: createLog({level: 'error', format: 'text'}), nodes: () => nodes});
	t.teardown(() => source.stop());
	return source;
}

const failing = (source: ReturnType<typeof started>) =>
	source.sources().flatMap(({name, ok, detail}) => (ok ? [] : [`${name}: ${detail}`]));

test('a sound tailscaled is read in all its parts', async t => {
	const source = started(t, {cluster: await tailscaled(t)}, [aNode(), aNode({id: '2', addresses: ['100.64.0.4']})]);

	await until(() => source.tried() && source.clientVersions() !== undefined);

	t.deepEqual(failing(source), []);
	t.deepEqual(
		source.sources().map(({name}) => name),
		['tailscaled-status', 'tailscaled-health', 'tailscaled-metrics', 'tailscaled-derpmap', 'tailscaled-whois'],
	);
	t.is(source.originalMetrics(), recorded('usermetrics.prom').toString());
	t.is(source.originalMetrics('elsewhere'), undefined);
	t.deepEqual(source.clientVersions(), [
		[1, 102, 3],
		[1, 102, 3],
	]);
	t.like(source.readings(), [{vantage: 'cluster', state: {status: {value: {online: true}}, health: {value: []}}}]);
});

test('with several vantages the sources are told apart', async t => {
	const source = started(t, {cluster: await tailscaled(t), edge: '/nonexistent/tailscaled.sock'});

	await until(() => source.tried());

	t.true(source.sources().some(({name, ok}) => name === 'tailscaled-status-cluster' && ok === true));
	t.true(source.sources().some(({name, ok}) => name === 'tailscaled-health-edge' && ok === false));
	t.true(failing(source).every(line => line.includes('-edge: ') && line.includes('does not exist')));
	t.is(source.originalMetrics('edge'), undefined);
});

test('each part fails for itself, with a sentence', async t => {
	const flood = (response: ServerResponse) => void response.end(Buffer.alloc(15 * 1024 * 1024, ' '));
	const socket = await tailscaled(t, {
		status: flood,
		derpmap: response => void response.end('<html>'),
		usermetrics: response => void response.end('not { metrics\n'),
		'watch-ipn-bus': response => void response.writeHead(400).end('invalid mask\n'),
	});
	const source = started(t, {cluster: socket}, [aNode()]);

	await until(() => source.tried());

	const [status, health, metrics, derpMap] = failing(source);
	t.regex(status ?? '', /^tailscaled-status: .*longer than 262144 bytes/);
	t.regex(health ?? '', /^tailscaled-health: .*with 400 "invalid mask"/);
	t.regex(metrics ?? '', /^tailscaled-metrics: .*is no Prometheus text: Line 1 /);
	t.regex(derpMap ?? '', /^tailscaled-derpmap: .*something else than its relay map/);
	t.is(source.originalMetrics(), undefined);
	t.is(source.clientVersions(), undefined);
});

test('nodes that our own may not see have no version', async t => {
	const socket = await tailscaled(t, {whois: response => void response.writeHead(404).end('no match for IP:port\n')});
	const source = started(t, {cluster: socket}, [aNode()]);

	await until(() => source.clientVersions() !== undefined);

	t.deepEqual(source.clientVersions(), [undefined]);
});

test('a whois that is refused is told as a source that fails', async t => {
	const socket = await tailscaled(t, {whois: response => void response.writeHead(403).end('denied\n')});
	const source = started(t, {cluster: socket}, [aNode()]);

	await until(() => failing(source).some(line => line.startsWith('tailscaled-whois')));

	t.regex(failing(source)[0] ?? '', /403 "denied": run the prober as root/);
	t.is(source.clientVersions(), undefined);
});

test('a reload starts what is new and leaves what is unchanged alone', async t => {
	const socket = await tailscaled(t);
	const source = started(t, {cluster: socket});
	await until(() => source.tried());
	const before = source.readings()[0]?.state.metrics.succeededAt;

	source.configure([
		{name: 'cluster', type: 'local', tailscaledSocket: socket},
		{name: 'edge', type: 'local', tailscaledSocket: socket},
		{name: 'bare', type: 'local'},
	]);
	await until(() => source.tried());

	t.deepEqual(
		source.readings().map(({vantage}) => vantage),
		['cluster', 'edge'],
	);
	t.is(source.readings()[0]?.state.metrics.succeededAt, before);

	source.configure([{name: 'edge', type: 'local', tailscaledSocket: socket}]);

	t.deepEqual(
		source.readings().map(({vantage}) => vantage),
		['edge'],
	);
});

test('without any tailscaled there is no source, and nothing to wait for', t => {
	const source = started(t, {});

	t.true(source.tried());
	t.deepEqual(source.sources(), []);
	t.is(source.originalMetrics(), undefined);
});
