/** Values that helm refuses, and in which words. No cluster is needed. */

import test from 'ava';
import {templateChart} from './lab/chart.ts';

const headscale = {url: 'https://headscale.example.com'};
const good = {config: {headscale}};
const key = 'hskey-api-0123456789abcdef';

type Refusal = [title: string, values: object, said: RegExp, apiVersions?: string[]];

const refusals: Refusal[] = [
	['an empty address of headscale', {config: {headscale: {url: ''}}}, /config\.headscale\.url is empty/],
	[
		'an address to sign in at with a blank',
		{...good, tailscale: {loginServer: 'https://a.example --ssh'}},
		/\/tailscale\/loginServer.*does not match pattern/s,
	],
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
	...['/run/x.sock', '/var/run/x.sock', '/run/tailscale/tailscaled', '/run/a/../x.sock', '/home/a/x.sock'].map(
		(hostSocket): Refusal => [
			`${hostSocket} as the socket of the node`,
			{...good, tailscale: {enabled: false, hostSocket}},
			/tailscale\.hostSocket: expected the absolute path of a \.sock/,
		],
	),
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
		'two arguments in one, parted by a blank that is no space',
		{...good, tailscale: {extraArgs: ['--accept-routes\u00a0--ssh']}},
		/tailscale\.extraArgs: .* has a blank in it/,
	],
	...['--ssh', '-ssh=true', '--operator=june', '--advertise-exit-node', '--advertise-routes=10.0.0.0/8'].map(
		(argument): Refusal => [
			`tailscale with ${argument}`,
			{...good, tailscale: {extraArgs: [argument]}},
			/tailscale\.extraArgs: --?[a-z-]+ would make more of this node/,
		],
	),
	...[0xa0, 0x0b].map(
		(blank): Refusal => [
			`an address of headscale with an argument of tailscale behind the blank ${blank}`,
			{config: {headscale: {url: `https://a.example${String.fromCharCode(blank)}--ssh`}}},
			/is no address to sign in at: .* without blanks/,
		],
	),
	...[
		'/run/../etc/tailscaled.sock',
		'/run/./tailscaled.sock',
		'/etc/tailscale/tailscaled.sock',
		'/run/tailscale/x',
	].map(
		(hostSocket): Refusal => [
			`a socket of the node at ${hostSocket}`,
			{...good, tailscale: {enabled: false, hostSocket}},
			/tailscale\.hostSocket: expected/,
		],
	),
	...[{create: false}, {create: false, name: 'default'}, {name: 'default'}].map(
		(serviceAccount): Refusal => [
			`rights for every pod of the namespace by ${JSON.stringify(serviceAccount)}`,
			{...good, serviceAccount},
			/serviceAccount: the rights of tailprobe would go to the account `default`/,
		],
	),
	...['169.254.169.254/32', '169.254.0.0/16', 'fd00:ec2::/32'].map(
		(cidr): Refusal => [
			`a way to ${cidr}`,
			{...good, networkPolicy: {egress: {to: [{cidr}]}}},
			/networkPolicy\.egress\.to: .* is inside .*, which networkPolicy\.egress\.except keeps the pods from/,
		],
	),
	...Object.entries({
		'/fullnameOverride': {fullnameOverride: 'a: {b'},
		'/nameOverride': {nameOverride: 'a\nb: c'},
		'/image/repository': {image: {repository: 'a\nb: c'}},
		'/image/tag': {image: {tag: 'a # b'}},
		'/tailscale/image/digest': {tailscale: {image: {digest: 'sha256:x'}}},
		'/priorityClassName': {priorityClassName: 'a\nhostNetwork: true'},
		'/serviceAccount/name': {serviceAccount: {name: 'a, namespace: b'}},
		'/auth/tokenSecret/key': {auth: {tokenSecret: {key: 'a: b'}}},
		'/auth/tokenSecret/name': {auth: {tokenSecret: {name: 'a b'}}},
		'/webConfigSecret/name': {webConfigSecret: {name: 'a}'}},
		'/tailscale/authKeySecret/name': {tailscale: {authKeySecret: {name: 'a\nb'}}},
		'/secrets/x/secret': {secrets: {x: {secret: 'a\nb', key: 'c'}}},
		'/ingress/className': {ingress: {className: 'a\nb'}},
		'/dashboards/namespace': {dashboards: {namespace: 'a.b'}},
		'/networkPolicy/egress/to/0/cidr': {networkPolicy: {egress: {to: [{cidr: '10.0.0.0/33'}]}}},
	}).map(
		([place, values]): Refusal => [
			`what is no ${place}`,
			{...good, ...values},
			new RegExp(`${place}'.*does not match pattern`, 's'),
		],
	),
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
	[
		'an address of headscale without a scheme',
		{config: {headscale: {url: 'headscale.example.com'}}},
		/\/config\/headscale\/url.*does not match pattern/s,
	],
	['a digest that is none', {...good, image: {digest: 'latest'}}, /\/image\/digest.*does not match pattern/s],
	[
		'an ingress for a URL',
		{...good, ingress: {enabled: true, host: 'https://a.b'}},
		/\/ingress\/host.*does not match pattern/s,
	],
	[
		'names that are too long',
		{...good, fullnameOverride: 'a'.repeat(51)},
		/would be called a+, which is 51 characters.*Set fullnameOverride/s,
	],
	[
		'a label that is too long',
		{...good, nameOverride: 'a'.repeat(64), fullnameOverride: 'b'},
		/nameOverride: it becomes/,
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
	['a password in a body', check({body: '{"user": "june", "password": "abc0123456"}'}), /http\.body: this looks like/],
	['a header for a gateway', check({headers: {'X-Auth': 'abc'}}), /headers\.X-Auth: this looks like a secret/],
	[
		'what is sent to a socket',
		{
			headscale,
			checks: [
				{name: 'redis', prober: 'tcp', targets: ['redis:6379'], tcp: {query_response: [{send: 'AUTH abc0123456'}]}},
			],
		},
		/query_response\[0\]\.send: this looks like a secret/,
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
