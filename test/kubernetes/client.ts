import {readFileSync, writeFileSync} from 'node:fs';
import type {RequestOptions} from 'node:https';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {openKubernetes, pathPart} from '../../src/kubernetes/client.ts';
import {KubernetesError} from '../../src/kubernetes/errors.ts';
import {fakeKubernetes, kubeconfigOf} from '../helpers/kubernetes-api.ts';
import {until} from '../helpers/until.ts';

const forbidden = readFileSync(new URL('../fixtures/kubernetes/forbidden.json', import.meta.url), 'utf8');
const path = '/api/v1/nodes';

async function open(t: ExecutionContext, timeoutMs = 5000) {
	const api = await fakeKubernetes(t);
	const access = await openKubernetes({kubeconfigFile: api.kubeconfig, timeoutMs});
	t.teardown(() => access.close());
	return {api, access};
}

/** The sentence of the refusal. */
async function refusalOf(t: ExecutionContext, promise: Promise<unknown>): Promise<string> {
	const error = await t.throwsAsync(promise, {instanceOf: KubernetesError});
	return error?.message ?? '';
}

test('many calls share few connections', async t => {
	const {api, access} = await open(t);

	await Promise.all(Array.from({length: 60}, () => access.ask({path})));
	for (let count = 0; count < 20; count++) await access.ask({path});

	t.is(api.requests.length, 80);
	t.true(api.connections <= 16, `${api.connections}`);
});

test('a token that rotates is taken at once, with or without a line end', async t => {
	const {api, access} = await open(t);
	api.token = 'the-first-token';
	await access.ask({path});

	writeFileSync(api.tokenFile, 'the-second-token');
	api.token = 'the-second-token';
	await access.ask({path});

	t.is(api.requests.length, 2);
});

test('a token that is refused is tried once more, with the one that is there then', async t => {
	const {api, access} = await open(t);
	api.token = 'the-next-token';
	api.onRefused = () => writeFileSync(api.tokenFile, 'the-next-token');

	await access.ask({path});

	t.is(api.requests.length, 2);
	api.onRefused = () => {};
	writeFileSync(api.tokenFile, 'no');
	t.regex(await refusalOf(t, access.ask({path})), /answered 401.*credentials/);
	t.is(api.requests.length, 4);
});

test('a kubeconfig that changes is read again', async t => {
	const {api, access} = await open(t);
	api.token = 'written-in-it';
	await t.throwsAsync(access.ask({path}));

	writeFileSync(api.kubeconfig, kubeconfigOf(api.port, 'token: written-in-it'));

	await access.ask({path});
	t.is(access.kubeConfig().getCurrentUser()?.token, 'written-in-it');
});

test('a refusal is told with what the API server says, and without what we sent', async t => {
	const {api, access} = await open(t);
	api.onList = (_, response) => {
		response.writeHead(403).end(forbidden);
		return true;
	};

	const message = await refusalOf(t, access.ask({path}));

	t.regex(
		message,
		/^GET \/api\/v1\/nodes at the Kubernetes API was answered 403 \("nodes is forbidden: User .*cluster scope"\): we have no right/,
	);
	t.false(message.includes('the-first-token'));
});

test('a token that the API server says again is not told', async t => {
	const {api, access} = await open(t);
	const echo: typeof api.onList = ({headers}, response) => {
		const message = `denied: ${headers.authorization}, ${headers.authorization?.slice('Bearer '.length)}`;
		response.writeHead(403).end(JSON.stringify({kind: 'Status', message}));
		return true;
	};
	api.onList = echo;
	api.onWatch = echo;

	const asked = await refusalOf(t, access.ask({path}));
	const listened = await refusalOf(t, access.listen({path, query: {watch: 'true'}}));

	for (const message of [asked, listened]) t.regex(message, /"denied: Bearer <redacted>,? ?<redacted>"/);
});

test('the body of something that is no API server is not told', async t => {
	const {api, access} = await open(t);
	api.onList = (_, response) => {
		response.writeHead(502, {'x-secret': 'abc'}).end('<html>internal-host-name</html>');
		return true;
	};

	const message = await refusalOf(t, access.ask({path}));

	t.regex(message, /answered 502: the API server, its database, or something before it fails/);
	t.notRegex(message, /internal|secret/);
});

test('an API server that never answers, or never ends, is given up at the deadline', async t => {
	const {api, access} = await open(t, 300);
	api.onList = () => true;
	const silent = await refusalOf(t, access.ask({path}));
	api.onList = (_, response) => {
		response.writeHead(200).write('{"items":[');
		return true;
	};
	const half = await refusalOf(t, access.ask({path}));

	for (const message of [silent, half]) t.regex(message, /was not answered within 300 ms/);
	await until(() => api.sockets.size === 0);
});

test('a refusal that never ends holds no connection', async t => {
	const {api, access} = await open(t, 300);
	api.onWatch = (_, response) => {
		response.writeHead(403).write('{"kind":');
		return true;
	};

	await refusalOf(t, access.listen({path, query: {watch: '1'}}));

	await until(() => api.sockets.size === 0);
	t.pass();
});

test('an answer that is too long, no JSON or dear to parse is refused', async t => {
	const {api, access} = await open(t);
	const answering = (text: string) => {
		api.onList = (_, response) => {
			response.writeHead(200).end(text);
			return true;
		};
	};

	answering(' '.repeat(2000));
	t.regex(await refusalOf(t, access.ask({path, maxBytes: 1000})), /more than 1000 bytes/);
	answering('{"items":[');
	t.regex(await refusalOf(t, access.ask({path})), /no JSON/);
	answering('['.repeat(5000));
	t.regex(await refusalOf(t, access.ask({path})), /more than 64 levels/);
});

test('an API server that is down, or has a certificate of somebody else, is told as such', async t => {
	const {api, access} = await open(t);
	await api.goDown();
	t.regex(await refusalOf(t, access.ask({path})), /found nobody listening/);
	await api.comeUp();
	writeFileSync(
		api.kubeconfig,
		kubeconfigOf(api.port, 'token').replace(/certificate-authority: "[^"]*"/, 'tls-server-name: other.example.com'),
	);
	t.regex(await refusalOf(t, access.ask({path})), /certificate/);
});

test('without pod and kubeconfig no API server is guessed', async t => {
	const opening = openKubernetes({timeoutMs: 1000}, {env: {}, serviceAccountDir: '/nonexistent'});

	t.regex(await refusalOf(t, opening), /KUBERNETES_SERVICE_HOST is not set.*kubernetes\.kubeconfig_file/);
});

test('in a pod the service account is used', async t => {
	const api = await fakeKubernetes(t);
	const ca = /certificate-authority: "([^"]*)"/.exec(readFileSync(api.kubeconfig, 'utf8'))?.[1] ?? '';
	writeFileSync(join(api.folder, 'ca.crt'), readFileSync(ca));
	api.token = 'the-first-token';
	const env = {KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(api.port)};

	const access = await openKubernetes({timeoutMs: 5000}, {env, serviceAccountDir: api.folder});
	t.teardown(() => access.close());

	t.like(await access.ask({path}), {kind: 'List'});
});

test('what is wrong with a kubeconfig is said without its content', async t => {
	const api = await fakeKubernetes(t);
	const opening = (context?: string) =>
		openKubernetes({kubeconfigFile: api.kubeconfig, timeoutMs: 1000, ...(context === undefined ? {} : {context})});

	t.regex(await refusalOf(t, opening('staging')), /context "staging" of .* leads to no cluster.*Contexts in it: lab/);
	writeFileSync(api.kubeconfig, 'users: [{token: "very-secret"');
	const message = await refusalOf(t, opening());
	t.regex(message, /is no kubeconfig/);
	t.notRegex(message, /very-secret/);
	const missing = openKubernetes({kubeconfigFile: `${api.kubeconfig}-no`, timeoutMs: 1000});
	t.regex(await refusalOf(t, missing), /cannot be read: there is no such file/);
});

test('a signal ends a call, and closing ends all', async t => {
	const {api, access} = await open(t);
	api.onList = () => true;
	const stop = new AbortController();
	const stopped = access.ask({path, signal: stop.signal});
	const closed = access.ask({path});
	await until(() => api.requests.length === 2);

	stop.abort(new Error('enough'));
	await t.throwsAsync(stopped, {message: 'enough'});
	await access.close();

	t.regex(await refusalOf(t, closed), /was closed/);
	await until(() => api.sockets.size === 0);
});

test('a name never becomes another path', t => {
	t.is(pathPart('a/../b?c#d'), 'a%2F..%2Fb%3Fc%23d');
	t.throws(() => pathPart('..'));
});

test('the connections of exec are made anew when the CA changes', async t => {
	const {api, access} = await open(t);
	const agentOf = async () => {
		const options: RequestOptions = {};
		await access.kubeConfig().applyToHTTPSOptions(options);
		return options.agent;
	};
	const first = await agentOf();

	t.is(await agentOf(), first);
	const before = readFileSync(api.kubeconfig, 'utf8');
	const other = new URL('../fixtures/tls/ca.pem', import.meta.url).pathname;
	writeFileSync(api.kubeconfig, before.replace(/certificate-authority: "[^"]*"/, `certificate-authority: "${other}"`));

	t.not(await agentOf(), first);
	t.regex(await refusalOf(t, access.ask({path})), /certificate/);
});
