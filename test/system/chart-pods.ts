/** What helm makes of the chart: the pods, who they are and may reach, and what becomes of a part of them that ends. */

import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {execa} from 'execa';
import {canonicalAddress, checkAddress} from '../../src/net/guard.ts';
import {until} from '../helpers/until.ts';
import {containersOf, findObject, renderChart} from './lab/chart.ts';

const headscale = {url: 'https://headscale.example.com'};
/** As src/net/guard.ts has it, but for all of link-local, which includes it. */
const metadata = [
	...['169.254.0.0/16', '168.63.129.16/32', '192.0.0.192/32', '100.100.100.200/32'],
	...['fd00:ec2::/32', 'fd00:c1::/32', 'fd00:42::/32', 'fd20:ce::254/128'],
];

test('a network policy lets in who is named and helm test, and keeps pods from the metadata of clouds', async t => {
	const policy = async (networkPolicy: object) => {
		const objects = await renderChart({
			values: {config: {headscale}, networkPolicy: {enabled: true, ...networkPolicy}},
		});
		return findObject(objects, 'NetworkPolicy').spec as {ingress: unknown[]; egress: unknown[]};
	};
	const from = [{namespaceSelector: {matchLabels: {name: 'monitoring'}}}];

	const open = await policy({});
	const strict = await policy({from, egress: {to: [{cidr: '10.0.0.0/8'}]}});
	const wide = await policy({egress: {to: [{cidr: '::/0'}, {cidr: '160.0.0.0/4'}]}});

	const anywhere = [
		{ipBlock: {cidr: '0.0.0.0/0', except: metadata.filter(range => !range.includes(':'))}},
		{ipBlock: {cidr: '::/0', except: metadata.filter(range => range.includes(':'))}},
	];
	const dns = [
		{port: 53, protocol: 'UDP'},
		{port: 53, protocol: 'TCP'},
	];
	t.deepEqual(open.egress, [{ports: dns}, {to: [{namespaceSelector: {}}]}, {to: anywhere}]);
	t.deepEqual(strict.egress, [{ports: dns}, {to: [{ipBlock: {cidr: '10.0.0.0/8'}}]}]);
	t.deepEqual(wide.egress, [
		{ports: dns},
		{to: [anywhere[1]]},
		{to: [{ipBlock: {cidr: '160.0.0.0/4', except: ['169.254.0.0/16', '168.63.129.16/32']}}]},
	]);
	t.like(open.ingress[0], {from: [{namespaceSelector: {}}]});
	t.like(strict.ingress[0], {from: [...from, {podSelector: {matchLabels: {'app.kubernetes.io/component': 'test'}}}]});
	t.deepEqual(strict.ingress[1], {ports: [{port: 41641, protocol: 'UDP'}]});
});

test('pods are kept from all that probes are kept from as metadata of a cloud', t => {
	const rule = {via: 'direct', prefixes: [], allowLoopback: false, allowMagicDns: false} as const;

	for (const range of metadata) {
		const address = range === '169.254.0.0/16' ? '169.254.169.254' : canonicalAddress(range.replace(/\/.*/, ''));
		t.throws(() => checkAddress(address ?? '', rule), {message: /is a cloud's metadata address/}, range);
	}
});

test('tailscale beside the daemon is another user, whom it cannot pass for, and shares its group with it', async t => {
	const users = async (mode: string) => {
		const objects = await renderChart({values: {config: {headscale}, tailscale: {mode}}});
		const {spec} = findObject(objects, 'Deployment');
		const {template} = spec as {template: {spec: {securityContext: Record<string, unknown>}}};
		const sidecar = containersOf(findObject(objects, 'Deployment'), 'initContainers')[0];
		return [template.spec.securityContext, sidecar?.securityContext];
	};

	const [shared, own] = await users('userspace');
	const [, kernel] = await users('kernel');

	t.like(shared, {runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, runAsNonRoot: true});
	t.like(own, {runAsUser: 65533, runAsGroup: 65532, allowPrivilegeEscalation: false});
	t.like(kernel, {runAsUser: 0});
});

test('labels of the chart stay on its pods, its annotations can be replaced, and no key stands there twice', async t => {
	const [label, path] = ['app.kubernetes.io/component', 'prometheus.io/path'];
	const values = {
		config: {headscale},
		metrics: {annotations: true},
		podLabels: {[label]: 'mine', team: 'x'},
		podAnnotations: {[path]: '/other'},
	};

	// Where a key stands twice, reading the objects fails.
	const {spec} = findObject(await renderChart({values}), 'Deployment');

	const {metadata} = (spec as {template: {metadata: Record<'labels' | 'annotations', object>}}).template;
	t.like(metadata.labels, {[label]: 'daemon', team: 'x', 'tailprobe/replica': 'a'});
	t.like(metadata.annotations, {[path]: '/other', 'prometheus.io/port': '9753'});
});

test('tailscale that ends is started again by its container, which ends when it is told to, and then with it', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'tailprobe-sidecar-'));
	t.teardown(() => rm(folder, {recursive: true}));
	const [program, log] = [join(folder, 'containerboot'), join(folder, 'log')];
	// It can be told to end from its first word on, and ends by itself where nobody does.
	const lines = [
		'#!/bin/sh',
		`trap 'echo ended >>${log}; exit' TERM`,
		`echo started >>${log}`,
		`[ "$(wc -l <${log})" -gt 1 ] || exit 1`,
		'sleep 20 & wait',
	];
	await writeFile(program, `${lines.join('\n')}\n`, {mode: 0o755});
	const objects = await renderChart({values: {config: {headscale}}});
	const sidecar = containersOf(findObject(objects, 'Deployment'), 'initContainers')[0];
	const [shell = '', option = '', script = ''] = sidecar?.command ?? [];
	const said = async () => (await readFile(log, 'utf8').catch(() => '')).trim().split('\n');

	const command = [option, script.replace('/usr/local/bin/containerboot', program)];
	const container = execa(shell, command, {reject: false, stdio: 'ignore'});
	t.teardown(() => container.kill('SIGKILL'));
	await until(async () => (await said()).length === 2, 20_000);
	container.kill('SIGTERM');
	const {exitCode} = await container;

	t.is(exitCode, 0);
	t.deepEqual(await said(), ['started', 'started', 'ended']);
});

test('helm test asks again while nothing can be said, and tells at once what is down', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'tailprobe-test-pod-'));
	t.teardown(() => rm(folder, {recursive: true}));
	const fake = join(folder, 'tailprobe');
	const config = {headscale, checks: [{name: 'api', prober: 'http', via: 'tailnet', targets: ['http://a:1/']}]};
	const pod = findObject(await renderChart({values: {config}}), 'Pod').spec as {containers: TestContainer[]};
	const [container] = pod.containers;
	const [shell = '', dash = '', script = '', ...rest] = container?.command ?? [];
	const quick = script.replace('/usr/local/bin/tailprobe', fake).replace('sleep 5', 'sleep 0');
	const run = async (...statuses: number[]) => {
		const list = join(folder, 'statuses');
		await writeFile(list, `${statuses.join('\n')}\n`);
		await writeFile(
			fake,
			`#!/bin/sh\nread -r status <${list}\nsed -i 1d ${list}\necho "asked $*"\nexit "\${status:-2}"\n`,
			{mode: 0o755},
		);
		const {exitCode, stdout} = await execa(shell, [dash, quick, ...rest, ...(container?.args ?? [])], {reject: false});
		return [exitCode, stdout.match(/asked probe --url .* --check api$/gm)?.length];
	};

	t.deepEqual(await run(2, 2, 0), [0, 3]);
	t.deepEqual(await run(1, 0), [1, 1]);
	t.deepEqual(await run(), [2, 12]);
});

interface TestContainer {
	command: string[];
	args: string[];
}
