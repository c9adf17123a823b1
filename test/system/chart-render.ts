/** What helm makes of the chart, with no cluster: every example, what the chart adds to a configuration, rules, dashboards, plain manifests. */

import {cp, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {parse} from 'yaml';
import {plainManifests} from '../../scripts/plain-manifests.ts';
import {parseConfig} from '../../src/config/load.ts';
import {
	chartFolder,
	containersOf,
	findObject,
	helm,
	type KubernetesObject,
	kubeVersion,
	readObjects,
	renderChart,
	templateChart,
} from './lab/chart.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const operator = 'monitoring.coreos.com/v1';
const headscale = {url: 'https://headscale.example.com'};
const examples = ['everything', 'june', 'kernel', 'minimal', 'no-sidecar', 'two-replicas'];
const exampleFile = (name: string) => join(chartFolder, 'examples', `${name}.yaml`);

test('there are six examples, and one for each that is told of here', async t => {
	const files = await readdir(join(chartFolder, 'examples'));

	t.deepEqual(
		files.toSorted(),
		examples.map(name => `${name}.yaml`),
	);
});

for (const name of examples) {
	test(`helm has nothing to say against the example ${name}, and the program nothing against its configuration`, async t => {
		const file = exampleFile(name);

		const linted = await helm(['lint', '--strict', chartFolder, '--kube-version', kubeVersion, '--values', file]);
		const objects = await renderChart({values: [file], apiVersions: [operator]});

		t.true(linted.ok, linted.stdout);
		t.is(linted.stderr, '');
		const loaded = parseConfig(configText(objects), '/etc/tailprobe/tailprobe.yaml');
		t.deepEqual(loaded.ok ? [] : loaded.mistakes, []);
	});
}

test('the configuration is what was written, and where to listen, the token, and tailscale beside it', async t => {
	const config = {headscale, checks: [{name: 'tunnel', prober: 'tunnel', targets: ['livekit']}]};

	const written = readConfig(await renderChart({values: {config}}));

	const tailscaled = {socket: '/var/run/tailscale/tailscaled.sock', socks5: '127.0.0.2:1055'};
	t.deepEqual(written, {
		...config,
		web: {listen: ':9753', bearer_tokens: [{name: 'operator', file: '/run/secrets/tailprobe/token'}]},
		vantages: [{name: 'local', type: 'local', tailscaled}],
	});
});

test('what the configuration says itself of tailscale, tokens and the lease stays', async t => {
	const prometheus = {name: 'prometheus', file: '/run/secrets/tailprobe/prometheus'};
	const config = {
		headscale,
		web: {bearer_tokens: [prometheus]},
		vantages: [{name: 'cluster', type: 'local', tailscaled: {socket: '/var/run/tailscale/other.sock'}}],
		kubernetes: {interval: '20s', inventory_lease: {name: 'one', namespace: 'leases'}},
	};
	const secrets = {prometheus: {secret: 'tokens', key: 'prometheus'}};

	const objects = await renderChart({values: {replicas: 2, config, secrets}});

	const written = readConfig(objects);
	t.deepEqual(written.vantages, config.vantages);
	t.deepEqual(written.kubernetes, config.kubernetes);
	t.deepEqual((written.web as {bearer_tokens: unknown[]}).bearer_tokens[0], prometheus);
	t.truthy(objects.find(({kind, metadata}) => kind === 'Role' && metadata.namespace === 'leases'));
});

test('without tailscale beside it there is none, and in kernel mode no proxy', async t => {
	const without = readConfig(await renderChart({values: {config: {headscale}, tailscale: {enabled: false}}}));
	const ofKernel = await renderChart({values: {config: {headscale}, tailscale: {mode: 'kernel'}}});
	const kernel = readConfig(ofKernel);
	const host = {enabled: false, hostSocket: '/run/tailscale/ts.sock'};
	const ofHost = readConfig(await renderChart({values: {config: {headscale}, tailscale: host}}));

	const of = ({vantages}: Record<string, unknown>) => (vantages as {tailscaled: unknown}[])[0]?.tailscaled;
	t.is(of(without), false);
	t.is(environmentOf(findObject(ofKernel, 'Deployment')).XTABLES_LOCKFILE, '/tmp/xtables.lock');
	t.deepEqual(of(kernel), {socket: '/var/run/tailscale/tailscaled.sock'});
	t.deepEqual(of(ofHost), {socket: '/var/run/tailscale/ts.sock'});
});

test('two replicas are two Deployments with an identity each, behind one Service, and share a lease', async t => {
	const objects = await renderChart({values: [exampleFile('two-replicas')]});

	const deployments = objects.filter(({kind}) => kind === 'Deployment');
	t.deepEqual(deployments.map(nameOf), ['tailprobe', 'tailprobe-b']);
	t.deepEqual(
		deployments.map(one => [environmentOf(one).TS_HOSTNAME, environmentOf(one).TS_KUBE_SECRET]),
		[
			['tailprobe', 'tailprobe-tailscale'],
			['tailprobe-b', 'tailprobe-b-tailscale'],
		],
	);
	for (const name of ['tailprobe-tailscale', 'tailprobe-b-tailscale']) {
		const secret = findObject(objects, 'Secret', name);
		t.is(secret.data, undefined);
		t.deepEqual(secret.metadata.annotations, {'helm.sh/resource-policy': 'keep'});
	}
	t.is(objects.filter(({kind}) => kind === 'Service').length, 1);
	t.deepEqual(readConfig(objects).kubernetes, {inventory_lease: {name: 'tailprobe'}});
});

test('a token is drawn by lot unless one is named, and no Secret holds anything else', async t => {
	const values = {config: {headscale}};
	const drawn = async () => findObject(await renderChart({values}), 'Secret', 'tailprobe-token').data;

	const [one, other] = [await drawn(), await drawn()];
	const named = await renderChart({values: {...values, auth: {tokenSecret: {name: 'mine'}}}});

	t.regex(Buffer.from((one as {token: string}).token, 'base64').toString(), /^[A-Za-z0-9]{48}$/);
	t.notDeepEqual(one, other);
	t.deepEqual(named.filter(({kind}) => kind === 'Secret').map(nameOf), ['tailprobe-tailscale']);
});

test('the rules are those at the top, with links that lead somewhere, without what is switched off', async t => {
	const links = {
		runbookUrl: 'https://a.example/r/',
		dashboardUrl: 'https://b.example',
		statusPageUrl: 'https://c.example',
	};
	const rules = async (alerts: object) => {
		const objects = await renderChart({values: {config: {headscale}, alerts}, apiVersions: [operator]});
		return objects.filter(({kind}) => kind === 'PrometheusRule');
	};

	const linked = await rules(links);
	const bare = await rules({disabled: ['TunnelDown', 'TailprobeWatchdog'], labels: {release: null, team: 'x'}});

	const files = (await readdir(join(root, 'alerts'))).filter(file => file.endsWith('.yaml'));
	for (const file of files) {
		const text = (await readFile(join(root, 'alerts', file), 'utf8'))
			.replaceAll('https://runbooks.example.com/tailprobe', 'https://a.example/r')
			.replaceAll('https://grafana.example.com', 'https://b.example')
			.replaceAll('https://tailprobe.example.com', 'https://c.example');
		const rule = findObject(linked, 'PrometheusRule', `tailprobe-${basename(file, '.yaml')}`);
		t.deepEqual(rule.spec, parse(text, {merge: true}), file);
	}
	t.is(linked.length, files.length);
	t.notRegex(JSON.stringify(bare), /example\.com|"(?:TunnelDown|TailprobeWatchdog)"|"(?:runbook|dashboard|page)_url"/);
	t.regex(JSON.stringify(bare), /"TunnelsDown"/);
	const labels = bare[0]?.metadata.labels as Record<string, string> | undefined;
	t.deepEqual([labels?.team, labels?.release], ['x', undefined]);
});

test('the dashboards are those at the top, where and as Grafana looks for them', async t => {
	const dashboards = {namespace: 'grafana', folder: 'Tailnet'};

	const objects = await renderChart({values: {config: {headscale}, dashboards}});

	const maps = objects.filter(({kind, metadata}) => kind === 'ConfigMap' && metadata.namespace === 'grafana');
	const files = (await readdir(join(root, 'dashboards'))).filter(file => file.endsWith('.json'));
	t.is(maps.length, files.length);
	for (const {metadata, data} of maps) {
		t.like(metadata, {annotations: {grafana_folder: 'Tailnet'}, labels: {grafana_dashboard: '1'}});
		for (const [file, text] of Object.entries(data as Record<string, string>))
			t.deepEqual(JSON.parse(text), JSON.parse(await readFile(join(root, 'dashboards', file), 'utf8')), file);
	}
});

test('objects of the operator are made where the cluster knows them, or where they are insisted on', async t => {
	const kinds = async (enabled: boolean | 'auto', apiVersions: string[]) => {
		const values = {config: {headscale}, metrics: {serviceMonitor: {enabled}}, alerts: {enabled: false}};
		const objects = await renderChart({values, apiVersions});
		return objects.some(({kind}) => kind === 'ServiceMonitor');
	};

	t.deepEqual(
		[await kinds('auto', []), await kinds('auto', [operator]), await kinds(true, []), await kinds(false, [operator])],
		[false, true, true, false],
	);
});

test('values of an older, smaller chart render as with all defaults, and what was taken out stays out', async t => {
	const old = {
		config: {headscale},
		replicas: 1,
		auth: {tokenSecret: {name: 'mine'}},
		resources: {requests: {cpu: '1'}},
	};
	const chart = await copyOfChart();
	t.teardown(() => rm(chart, {recursive: true}));
	await writeFile(join(chart, 'values.yaml'), '{}\n');

	const kept = await renderChart({chart, values: old});

	const now = await renderChart({values: {...old, resources: {requests: {cpu: '1', memory: null}, limits: null}}});
	t.deepEqual(kept, now);
	t.deepEqual(containersOf(findObject(kept, 'Deployment'))[0]?.resources, {requests: {cpu: '1'}});
});

test('it works as a part of another chart, which may have a condition for it', async t => {
	const parent = await mkdtemp(join(tmpdir(), 'tailprobe-parent-'));
	t.teardown(() => rm(parent, {recursive: true}));
	const {version} = parse(await readFile(join(chartFolder, 'Chart.yaml'), 'utf8')) as {version: string};
	const dependencies = [{name: 'tailprobe', version, condition: 'tailprobe.enabled'}];
	const about = {apiVersion: 'v2', name: 'platform', version: '1.0.0', dependencies};
	await writeFile(join(parent, 'Chart.yaml'), JSON.stringify(about));
	await cp(chartFolder, join(parent, 'charts/tailprobe'), {recursive: true});

	const part = async (values: object) =>
		renderChart({chart: parent, values: {global: {x: 1}, tailprobe: {config: {headscale}, ...values}}});

	t.is(findObject(await part({}), 'Deployment').metadata.name, 'tailprobe');
	t.is(findObject(await part({enabled: true}), 'Deployment').metadata.name, 'tailprobe');
	t.deepEqual(await part({enabled: false}), []);
});

test('the notes say what is missing, what the mode costs, and which ranges are in the way', async t => {
	const chart = await copyOfChart();
	t.teardown(() => rm(chart, {recursive: true}));
	await writeFile(join(chart, 'templates/notes.yaml'), notesAsObject);
	const notes = async (values: object) => {
		const {data} = findObject(await renderChart({chart, values}), 'ConfigMap', 'notes');
		return (data as {notes: string}).notes;
	};

	const clusterRanges = ['10.0.0.0/8', '100.64.0.0/16', '100.0.0.0/8', '100.128.0.0/10', '100.63.0.0/16', 'fd7a::/16'];
	const said = await notes({config: {headscale}, clusterRanges});
	const kernel = await notes({config: {headscale}, replicas: 2, tailscale: {mode: 'kernel'}});
	const secure = await notes({config: {headscale}, webConfigSecret: {name: 'web', tls: true}});

	t.deepEqual(
		[...said.matchAll(/the cluster uses (\S+),/g)].map(([, range]) => range),
		['100.64.0.0/16', '100.0.0.0/8'],
	);
	t.regex(said, /0\.0\.0\.0:50480/);
	t.regex(said, /headscale preauthkeys create --user USER --expiration/);
	t.regex(said, /Without an API key nobody lists the nodes/);
	t.regex(said, /Pod Security: restricted\./);
	t.regex(said, /NO ALERTS/);
	t.regex(kernel, /Pod Security: privileged\..*NET_ADMIN/);
	t.regex(kernel, /--reusable/);
	t.regex(said, /WARNING: ghcr\.io\/example\/tailprobe stands for a registry of yours/);
	t.regex(said, /htpasswd -nB me .*>web\.yml\n.*create secret generic tailprobe-web --from-file=web\.yml/);
	t.regex(said, /inside the addresses of the tailnet\. Checks work:/);
	t.regex(secure, /certificate has to name localhost .* and tailprobe\.monitoring\.svc /);
	t.notRegex(said, /certificate/);
});

test('the notes name the Secrets that were announced, and what cannot work', async t => {
	const chart = await copyOfChart();
	t.teardown(() => rm(chart, {recursive: true}));
	await writeFile(join(chart, 'templates/notes.yaml'), notesAsObject);
	const checks = [{name: 'tunnel', prober: 'tunnel', nodes: {}}];
	const values = {
		image: {repository: 'registry.example.com/tailprobe'},
		config: {headscale, checks},
		tailscale: {enabled: false},
		webConfigSecret: {name: 'web', key: 'my.yml'},
		auth: {tokenSecret: {name: 'mine'}},
		alerts: {labels: {release: 'other'}},
	};

	const objects = await renderChart({chart, values, apiVersions: [operator]});

	const {notes} = findObject(objects, 'ConfigMap', 'notes').data as {notes: string};
	t.regex(notes, /create secret generic mine --from-file=token=\/dev\/stdin/);
	t.regex(notes, /create secret generic web --from-file=my\.yml/);
	t.notRegex(notes, /browsers show no token|stands for a registry/);
	t.regex(notes, /WARNING: `config` has checks over the tailnet, but tailscale\.enabled is false/);
	t.regex(notes, /takes the rules, if it selects \{"release":"other"\}/);
	t.regex(notes, /WARNING: the label `release` is one for the ServiceMonitor and another one for the rules/);
});

test('the plain manifests are what the chart renders, free of helm, and let nobody in as they stand', async t => {
	const text = await plainManifests();
	const objects = readObjects(text);

	t.is(await readFile(join(root, 'helm/plain/tailprobe.yaml'), 'utf8'), text, 'run `node scripts/plain-manifests.ts`');
	t.notRegex(JSON.stringify(objects), /helm/i);
	t.is(text.match(/: CHANGE-ME$/gm)?.length, 3);
	t.true('CHANGE-ME'.length < 16, 'the daemon takes no such token');
	t.is(text.slice(text.indexOf('\n---\n')).match(/https:\/\/headscale\.example\.com/g)?.length, 2);
	const loaded = parseConfig(configText(objects), '/etc/tailprobe/tailprobe.yaml');
	t.true(loaded.ok);
});

test('an unfinished installation is told of in one sentence', async t => {
	const run = await templateChart();

	t.false(run.ok);
	t.regex(
		run.stderr,
		/config\.headscale\.url is empty, and so is tailscale\.loginServer: .* Set config\.headscale\.url/,
	);
});

function configText(objects: readonly KubernetesObject[]): string {
	const {data} = findObject(objects, 'ConfigMap', 'tailprobe');
	return (data as Record<string, string>)['tailprobe.yaml'] ?? '';
}

function readConfig(objects: readonly KubernetesObject[]): Record<string, unknown> {
	return parse(configText(objects)) as Record<string, unknown>;
}

function nameOf({metadata}: KubernetesObject): string {
	return metadata.name;
}

const notesAsObject =
	'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes}\ndata: {notes: {{ include "tailprobe.notes" . | toJson }}}\n';

/** Of the sidecar. */
function environmentOf(deployment: KubernetesObject): Record<string, string> {
	const sidecar = containersOf(deployment, 'initContainers').find(({name}) => name === 'tailscale');
	return Object.fromEntries((sidecar?.env ?? []).map(({name, value}) => [name, value]));
}

async function copyOfChart(): Promise<string> {
	const copy = await mkdtemp(join(tmpdir(), 'tailprobe-chart-'));
	await cp(chartFolder, copy, {recursive: true});
	return copy;
}
