import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {hostname, tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {KubernetesConfig} from '../../src/config/types.ts';
import type {Surroundings} from '../../src/kubernetes/credentials.ts';
import {type InventoryLease, startInventoryLease} from '../../src/kubernetes/inventory-lease.ts';
import {fakeClock} from '../helpers/fake-clock.ts';
import {type FakeKubernetes, fakeKubernetes, status} from '../helpers/kubernetes-api.ts';
import {leaseServer, type Trouble} from '../helpers/lease-server.ts';
import {until} from '../helpers/until.ts';

const bare: KubernetesConfig = {
	leases: true,
	exposureNamespaces: [],
	intervalMs: 15_000,
	timeoutMs: 5000,
	resyncMs: 600_000,
};
const lease = {name: 'tailprobe', namespace: 'monitoring'};
const pathOf = (namespace: string, name: string) =>
	`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
const specOf = (api: FakeKubernetes, namespace = 'monitoring', name = 'tailprobe') =>
	api.objects.get(pathOf(namespace, name))?.[0]?.spec as Record<string, unknown> | undefined;

function start(t: ExecutionContext, config: KubernetesConfig | undefined, surroundings?: Surroundings) {
	const lines: unknown[][] = [];
	const note = (...line: unknown[]) => lines.push(line);
	const held = startInventoryLease(config, {
		log: {info: note, warn: note} as never,
		...(surroundings ? {surroundings} : {}),
	});
	t.teardown(() => held.stop());
	return {held, lines};
}

/** In memory, by a clock that stands still. */
function startHere(inventoryLease = lease) {
	const clock = fakeClock();
	const server = leaseServer(clock);
	const lines: unknown[][] = [];
	const note = (...line: unknown[]) => lines.push(line);
	const world: {trouble: Trouble} = {trouble: 'none'};
	const held = startInventoryLease(
		{...bare, inventoryLease},
		{
			log: {info: note, warn: note} as never,
			clock,
			open: async () => ({ask: call => server.ask(call, world.trouble), async close() {}}),
		},
	);
	return {clock, server, lines, world, held};
}

const sourceOf = (held: InventoryLease) => held.sources()[0];

test('without a lease every replica exports, at once', t => {
	const {held} = start(t, bare);

	t.true(held.exports());
	t.true(held.tried());
	t.deepEqual([held.sources(), held.problems()], [[], []]);
	t.true(start(t, undefined).held.exports());
});

test('the lease is made at the API server, renewed there, and given back in the end', async t => {
	const api = await fakeKubernetes(t);
	const {held, lines} = start(t, {...bare, kubeconfigFile: api.kubeconfig, inventoryLease: lease});
	t.false(held.exports());
	t.false(held.tried());
	await until(() => held.exports());
	const made = specOf(api);

	t.true(held.tried());
	t.regex(String(made?.holderIdentity), new RegExp(`^${hostname().slice(0, 100)}_[0-9a-f-]{36}$`));
	t.like(sourceOf(held), {name: 'kubernetes-lease', ok: true, intervalMs: 5000});
	t.deepEqual(
		api.requests.map(({method, url}) => `${method} ${url.pathname}`),
		[`GET ${pathOf('monitoring', 'tailprobe')}`, `POST ${pathOf('monitoring', 'tailprobe').replace(/\/[^/]*$/, '')}`],
	);
	await until(() => specOf(api)?.renewTime !== made?.renewTime);
	t.is(specOf(api)?.acquireTime, made?.acquireTime);

	await held.stop();

	t.false(held.exports());
	t.is(specOf(api)?.holderIdentity, undefined);
	t.deepEqual(lines, [[{lease: 'tailprobe'}, 'this replica exports the inventories: it holds the lease']]);
});

test('of two at one API server one exports, and the other as soon as that one ends', async t => {
	const api = await fakeKubernetes(t);
	const config = {...bare, kubeconfigFile: api.kubeconfig, inventoryLease: lease};
	const first = start(t, config);
	await until(() => first.held.exports());
	const second = start(t, config);
	await until(() => second.held.tried());

	t.false(second.held.exports());
	t.regex(
		JSON.stringify(second.lines),
		/"holder":"[^"]+"\},"another replica exports the inventories: it holds the lease"/,
	);
	await first.held.stop();
	await until(() => second.held.exports(), 10_000);
	t.true(second.held.exports());
});

test('by default it is in the namespace of the context', async t => {
	const api = await fakeKubernetes(t);
	const text = readFileSync(api.kubeconfig, 'utf8').replace('user: lab}}]\n', 'user: lab, namespace: at-home}}]\n');
	writeFileSync(api.kubeconfig, text);
	const {held} = start(t, {...bare, kubeconfigFile: api.kubeconfig, inventoryLease: {name: 'tailprobe'}});

	await until(() => held.exports());

	t.not(specOf(api, 'at-home'), undefined);
});

test('by default it is in the namespace of the pod', async t => {
	const api = await fakeKubernetes(t);
	const serviceAccountDir = mkdtempSync(join(tmpdir(), 'tailprobe-account-'));
	t.teardown(() => rmSync(serviceAccountDir, {recursive: true}));
	const ca = new URL('../fixtures/headscale/tls/ca.pem', import.meta.url);
	writeFileSync(join(serviceAccountDir, 'ca.crt'), readFileSync(ca));
	writeFileSync(join(serviceAccountDir, 'token'), 'x');
	writeFileSync(join(serviceAccountDir, 'namespace'), 'in-the-pod\n');
	const env = {KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(api.port)};
	const {held} = start(t, {...bare, inventoryLease: {name: 'tailprobe'}}, {env, serviceAccountDir});

	await until(() => held.exports());

	t.not(specOf(api, 'in-the-pod'), undefined);
});

test('where no namespace is told that is said, and nothing is asked', async t => {
	const api = await fakeKubernetes(t);
	const {held} = start(t, {...bare, kubeconfigFile: api.kubeconfig, inventoryLease: {name: 'tailprobe'}});

	await until(() => held.tried());

	t.regex(
		sourceOf(held)?.detail ?? '',
		/^It is not known in which namespace the lease of the inventories is: the context of .* has none\. Set kubernetes\.inventory_lease\.namespace\.$/,
	);
	t.deepEqual(api.requests, []);
});

test('credentials that are not there yet are tried again, and found when they come', async t => {
	const api = await fakeKubernetes(t);
	const text = readFileSync(api.kubeconfig, 'utf8');
	rmSync(api.kubeconfig);
	const {held} = start(t, {...bare, kubeconfigFile: api.kubeconfig, inventoryLease: lease});
	await until(() => held.tried());
	t.regex(sourceOf(held)?.detail ?? '', /cannot be read/);

	writeFileSync(api.kubeconfig, text);

	await until(() => held.exports());
	t.is(sourceOf(held)?.ok, true);
});

test('a namespace that is not there, and a right that is missing, are told as they are', async t => {
	const api = await fakeKubernetes(t);
	api.onWrite = (_request, response) => {
		status(response, 404, 'namespaces "monitoring" not found');
		return true;
	};
	const {held} = start(t, {...bare, kubeconfigFile: api.kubeconfig, inventoryLease: lease});

	await until(() => held.tried());
	t.regex(sourceOf(held)?.detail ?? '', /^There is no namespace monitoring .*namespaces "monitoring" not found/);
	api.onList = (_request, response) => {
		status(response, 403, 'leases "tailprobe" is forbidden');
		return true;
	};
	await until(() => /answered 403/.test(sourceOf(held)?.detail ?? ''));

	t.false(held.exports(), 'not before the duration of the lease');
});

test('what becomes of it is told in the log, once for each change, and as a problem while several may export', async t => {
	const {clock, server, lines, world, held} = startHere();
	await clock.advance(30_000);
	server.put({holderIdentity: 'another', leaseDurationSeconds: 15, renewTime: 'x'});
	await clock.advance(10_000);
	t.false(held.exports());
	world.trouble = 403;
	await clock.advance(20_000);
	t.true(held.exports());
	const [problem] = held.problems();
	t.regex(problem ?? '', /^This replica exports the inventories without the lease, .* answered 403/);
	world.trouble = 'none';
	await clock.advance(20_000);
	t.true(held.exports());
	t.deepEqual(held.problems(), []);

	t.deepEqual(
		lines.map(([fields, text]) => [Object.keys(fields as object).join(), String(text).split(':')[0]]),
		[
			['lease', 'this replica exports the inventories'],
			['lease,holder', 'another replica exports the inventories'],
			['lease,error', 'this replica exports the inventories without the lease, and others may do so too'],
			['lease', 'this replica exports the inventories'],
		],
	);
});

test('a reload that leaves the lease as it is disturbs nothing; another one is taken, and the old one given back', async t => {
	const api = await fakeKubernetes(t);
	const config = {...bare, kubeconfigFile: api.kubeconfig, inventoryLease: lease};
	const {held} = start(t, config);
	await until(() => held.exports());
	const holder = specOf(api)?.holderIdentity;

	held.configure({...config, intervalMs: 30_000, gpuPods: {namespace: 'x', selector: 'a=b'}});
	t.true(held.exports());
	t.is(specOf(api)?.holderIdentity, holder);

	held.configure({...config, inventoryLease: {...lease, name: 'other'}});
	t.false(held.exports());
	await until(() => held.exports());
	await until(() => specOf(api)?.holderIdentity === undefined);
	t.not(specOf(api, 'monitoring', 'other')?.holderIdentity, undefined);

	held.configure(undefined);
	t.true(held.exports());
	await until(() => specOf(api, 'monitoring', 'other')?.holderIdentity === undefined);
	t.true(held.tried());
});

test('what is not configured any more gives its lease back even while it is being taken', async t => {
	const {clock, server, held} = startHere();
	await clock.advance(0);
	t.true(held.exports());

	const ended = held.stop();
	await clock.advance(2000);
	await ended;

	t.not(server.lease, undefined);
	t.notRegex(JSON.stringify(server.lease?.spec), /holderIdentity/);
});

test('an API server that answers nothing holds the end up for two seconds at most', async t => {
	const {clock, world, held} = startHere();
	await clock.advance(0);
	world.trouble = 'hangs';
	let ended = false;

	void held.stop().then(() => {
		ended = true;
	});
	await clock.advance(0);
	await clock.advance(1900);
	t.false(ended);
	await clock.advance(200);

	t.true(ended);
});
