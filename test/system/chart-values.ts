/** Values that helm refuses, and in which words; and which rights follow from a configuration. No cluster is needed. */

import test from 'ava';
import {parseConfig} from '../../src/config/load.ts';
import {findObject, type KubernetesObject, renderChart, templateChart} from './lab/chart.ts';
import {grantsOf, neededBy} from './lab/grants.ts';

const headscale = {url: 'https://headscale.example.com'};
const good = {config: {headscale}};
const key = 'hskey-api-0123456789abcdef';

type Refusal = [title: string, values: object, said: RegExp, apiVersions?: string[]];

const refusals: Refusal[] = [
	['an empty address of headscale', {config: {headscale: {url: ''}}}, /config\.headscale\.url is empty/],
	['nobody to sign in at', {config: {}}, /config\.headscale\.url is empty, and so is tailscale\.loginServer/],
	['three replicas', {...good, replicas: 3}, /replicas: expected 1 or 2, got 3\./],
	[
		'a kernel tunnel without a sidecar',
		{...good, tailscale: {enabled: false, mode: 'kernel'}},
		/tailscale\.mode is kernel, but tailscale\.enabled is false/,
	],
	[
		'the socket of the node beside a sidecar',
		{...good, tailscale: {hostSocket: '/run/tailscale/tailscaled.sock'}},
		/tailscale\.hostSocket is the socket of a tailscaled of the node, and tailscale\.enabled runs another one/,
	],
	[
		'a socket without a folder of its own',
		{...good, tailscale: {enabled: false, hostSocket: '/tailscaled.sock'}},
		/tailscale\.hostSocket: expected the absolute path/,
	],
	[
		'arguments of tailscale that are the chart’s',
		{...good, tailscale: {extraArgs: ['--accept-routes', '--authkey=abc']}},
		/tailscale\.extraArgs: --authkey is the chart's/,
	],
	[
		'two arguments in one',
		{...good, tailscale: {extraArgs: ['--accept-routes --ssh']}},
		/tailscale\.extraArgs: .* has a blank in it/,
	],
	[
		'another address to listen at',
		{config: {headscale, web: {listen: '127.0.0.1:9753'}}},
		/config\.web\.listen is 127/,
	],
	[
		'two web configurations',
		{config: {headscale, web: {config_file: 'web.yml'}}, webConfigSecret: {name: 'web'}},
		/config\.web\.config_file and webConfigSecret both name/,
	],
	['TLS without a file of it', {...good, webConfigSecret: {tls: true}}, /webConfigSecret\.tls is true, but/],
	[
		'a second operator',
		{config: {headscale, web: {bearer_tokens: [{name: 'operator', file: '/run/secrets/tailprobe/token'}]}}},
		/config\.web\.bearer_tokens has one named operator/,
	],
	[
		'no local vantage',
		{
			config: {
				headscale,
				vantages: [{name: 'a', type: 'remote', pods: true, ways: [{pod: {namespace: 'a', selector: 'a=b'}}]}],
			},
		},
		/config\.vantages has none of type local/,
	],
	['two secrets for one file', {...good, secrets: {token: {secret: 'a', key: 'b'}}}, /Two secrets cannot be one file/],
	[
		'a file that is a path',
		{...good, secrets: {'../x': {secret: 'a', key: 'b'}}},
		/secrets: "\.\.\/x" is no name of a file/,
	],
	[
		'a file that nothing brings',
		{config: {headscale: {...headscale, api_key: {file: '/run/secrets/tailprobe/key'}}}},
		/config\.headscale\.api_key\.file is \/run\/secrets\/tailprobe\/key, but `secrets` has no key\. Add secrets\.key/,
	],
	[
		'a variable that nothing sets',
		{config: {headscale: {...headscale, api_key: {env: 'API_KEY'}}}},
		/config\.headscale\.api_key \(API_KEY\): the pod has no such variable/,
	],
	[
		'an unknown alert',
		{...good, alerts: {disabled: ['Nope']}},
		/there is no alert named Nope\. There are CertificateExpiring, /,
	],
	['an ingress for every name', {...good, ingress: {enabled: true}}, /ingress\.host is empty/],
	['an ingress below a path', {...good, ingress: {enabled: true, host: 'a.b', path: '/x'}}, /ingress\.path is \/x/],
	['a range that is none', {...good, clusterRanges: ['10.0.0.0']}, /clusterRanges: expected a range such as/],
	['a test of no check', {...good, tests: {check: 'x'}}, /tests\.check: config\.checks has none named x/],
	[
		'a target that is an option',
		{...good, tests: {target: '--url=x'}},
		/tests\.target: .* would be taken for an option/,
	],
	[
		'a monitor that this cluster does not know',
		{...good, metrics: {serviceMonitor: {enabled: true}}},
		/metrics\.serviceMonitor\.enabled is true, but this cluster does not know monitoring\.coreos\.com\/v1/,
		['apiregistration.k8s.io/v1'],
	],
	[
		'rules that this cluster does not know',
		{...good, alerts: {enabled: true}},
		/alerts\.enabled is true, but this cluster does not know monitoring\.coreos\.com\/v1/,
		['apiregistration.k8s.io/v1'],
	],
	['a key that does not exist', {...good, replica: 2}, /additional properties 'replica' not allowed/],
	[
		'a key of the configuration that does not exist',
		{config: {headscale: {...headscale, uri: 'x'}}},
		/'uri' not allowed/,
	],
	['a mode that does not exist', {...good, tailscale: {mode: 'tun'}}, /\/tailscale\/mode.*must be one of/s],
	['a value of the wrong kind', {...good, service: {port: 'http'}}, /\/service\/port.*want integer/s],
];

for (const [title, values, said, apiVersions = []] of refusals) {
	test(`helm template refuses ${title}, in a sentence`, async t => {
		const run = await templateChart({values, apiVersions});

		t.false(run.ok);
		t.regex(run.stderr, said);
	});
}

const target = 'http://livekit:7880/';
const check = (http: object, url = target) => ({
	headscale,
	checks: [{name: 'livekit', prober: 'http', via: 'tailnet', targets: [{name: 'livekit', target: url}], http}],
});

const written: [title: string, config: object, place: RegExp][] = [
	['a key of headscale', {headscale: {...headscale, api_key: key}}, /\/config\/headscale\/api_key/],
	['a header', check({headers: {Authorization: `Bearer ${key}`}}), /config\.checks\[0\]\.http\.headers\.Authorization/],
	['a header by name', check({headers: {'X-Api-Key': 'abc'}}), /headers\.X-Api-Key: this looks like a secret/],
	['a header that says who asks', check({headers: {authorization: 'abc'}}), /headers\.authorization: this looks like/],
	['more headers', check({http_headers: {'X-Token': {values: ['abc']}}}), /http_headers\.X-Token\.values\[0\]/],
	['a body', check({method: 'POST', body: `{"a": "${key}"}`}), /http\.body: this looks like a secret/],
	['a password by name', check({headers: {'my-password': 'abc'}}), /headers\.my-password: this looks like a secret/],
	['a query', check({}, `${target}rtc?access_token=0123456789abcdef`), /targets\[0\]\.target: this looks like/],
	[
		'a password in a URL',
		check({}, 'http://june:correct-horse@livekit:7880/'),
		/targets\[0\]\.target: this looks like/,
	],
	['a private key', check({body: '-----BEGIN EC PRIVATE KEY-----\nabc'}), /http\.body: this looks like a secret/],
];

for (const [title, config, place] of written) {
	test(`a secret that is written in the configuration as ${title} is refused, and not repeated`, async t => {
		const run = await templateChart({values: {config}});

		t.false(run.ok);
		t.regex(run.stderr, place);
		t.notRegex(run.stderr + run.stdout, /0123456789abcdef|correct-horse|abc\b/);
	});
}

test('what only sounds like a secret is let through', async t => {
	const config = {
		...check({
			headers: {Accept: 'application/json'},
			authorization: {type: 'Bearer', credentials_file: '/run/secrets/tailprobe/livekit'},
			fail_if_body_matches_regexp: ['token expired|password'],
		}),
		modules: {'token-check': {prober: 'http'}},
		tailnet: {domain: 'secret.example.com'},
	};

	const run = await templateChart({values: {config, secrets: {livekit: {secret: 'livekit', key: 'token'}}}});

	t.is(run.stderr, '');
	t.true(run.ok);
});

const gpuPods = {namespace: 'gpu-services', selector: 'app=gpu'};
const local = {name: 'local', type: 'local'};
const podWay = {namespace: 'exec', selector: 'app=gpu'};
const remote = {name: 'gpu', type: 'remote', pods: true, ways: [{pod: podWay}]};
const cli = {pod: {namespace: 'headscale', selector: 'app=headscale'}};

/** In which the values of this file are installed. */
const account = {namespace: 'monitoring', name: 'tailprobe'};

const configurations: [title: string, config: object][] = [
	['nothing of Kubernetes', {}],
	['nothing but the API', {kubernetes: {}}],
	['pods of GPUs', {kubernetes: {gpu_pods: gpuPods}}],
	['one node by its name', {kubernetes: {nodes: {names: ['virtual']}}}],
	['two nodes', {kubernetes: {nodes: {names: ['virtual', 'other']}, leases: false}}],
	['nodes by a selector', {kubernetes: {nodes: {selector: 'type=virtual-kubelet'}}}],
	['the virtual kubelet', {kubernetes: {virtual_kubelet: {namespace: 'kube-system', deployment: 'vk'}}}],
	['what is exposed', {kubernetes: {tailnet_exposure: {namespaces: ['tailscale', 'gpu-services']}, gpu_pods: gpuPods}}],
	['ways into pods', {kubernetes: {}, vantages: [local, remote]}],
	['headscale in its pod', {headscale: {...headscale, cli}, kubernetes: {}}],
	['a lease', {kubernetes: {inventory_lease: {name: 'one'}}}],
	['a lease elsewhere', {kubernetes: {inventory_lease: {name: 'one', namespace: 'leases'}}}],
];

for (const [title, more] of configurations) {
	test(`rights for ${title} are what the program asks for, and no others`, async t => {
		const config = {headscale, ...more};
		const objects = await renderChart({values: {config, tailscale: {enabled: false}}});

		const granted = grantsOf(objects, account);

		const loaded = parseConfig(JSON.stringify(config), 'tailprobe.yaml');
		if (!loaded.ok) throw new Error(loaded.mistakes.join());
		const needed = neededBy(loaded.config, {namespace: account.namespace, stateSecrets: []});
		t.deepEqual(granted, needed);
		t.deepEqual(withToken(objects), [needed.length > 0]);
	});
}

test('tailscale beside it may keep its own identity, and the second replica the lease', async t => {
	const secrets = ['get', 'patch', 'update'];

	const one = grantsOf(await renderChart({values: good}), account);
	const two = grantsOf(await renderChart({values: {...good, replicas: 2}}), account);

	t.deepEqual(
		one,
		secrets.map(verb => `${verb} secrets in monitoring named tailprobe-tailscale`),
	);
	t.deepEqual(
		two,
		[
			...secrets.flatMap(verb =>
				['tailprobe-b-tailscale', 'tailprobe-tailscale'].map(name => `${verb} secrets in monitoring named ${name}`),
			),
			'create coordination.k8s.io/leases in monitoring',
			'get coordination.k8s.io/leases in monitoring named tailprobe',
			'update coordination.k8s.io/leases in monitoring named tailprobe',
		].toSorted(),
	);
});

test('with a kubeconfig, or with rbac.create off, the account has no rights to read with', async t => {
	const kubernetes = {kubeconfig_file: '/run/secrets/tailprobe/kubeconfig', gpu_pods: gpuPods};
	const secrets = {kubeconfig: {secret: 'kubeconfig', key: 'config'}};
	const tailscale = {enabled: false};

	const elsewhere = await renderChart({values: {config: {headscale, kubernetes}, secrets, tailscale}});
	const off = await renderChart({
		values: {config: {headscale, kubernetes: {gpu_pods: gpuPods}}, rbac: {create: false}},
	});

	t.deepEqual(grantsOf(elsewhere, account), []);
	t.deepEqual(withToken(elsewhere), [false]);
	t.deepEqual(grantsOf(off, account), []);
	t.deepEqual(withToken(off), [true]);
});

/** Whether the token of the account is in the pod. */
function withToken(objects: readonly KubernetesObject[]): unknown[] {
	const {spec} = findObject(objects, 'Deployment');
	return [
		(spec as {template: {spec: {automountServiceAccountToken: unknown}}}).template.spec.automountServiceAccountToken,
	];
}
