/**
 * The same requests to /probe of a real blackbox_exporter and of tailprobe, from the same host with the same modules. Series, labels and
 * values are the same, but for the differences that stand here one by one; docs/blackbox.md names each.
 */

import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {ensurePart} from '../../scripts/parts.ts';
import {until} from '../helpers/until.ts';
import {blackboxConfig, blackboxModules} from './lab/blackbox-modules.ts';
import {
	type Answers,
	differences,
	nameOf,
	onlyOurs,
	onlyTheirs,
	phasesFit,
	samplesOf,
	success,
} from './lab/blackbox-samples.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import {startProber} from './lab/prober.ts';
import {type Running, startProcess} from './lab/processes.ts';
import {startTailnet, type Tailnet} from './lab/tailnet.ts';

/** Where blackbox_exporter and tailprobe listen. */
const [theirPort, ourPort] = [9115, 9753];

/** A request; `differs` are the series that differ besides: what they say → what we say. */
interface Request {
	module: string;
	target: string;
	differs?: readonly string[];
	/** More of the query. */
	query?: string;
	headers?: readonly string[];
}

const unverified = ['probe_ssl_last_chain_expiry_timestamp_seconds -62135596800 → none'];
const unresolved = ['connect', 'processing', 'tls', 'transfer'].map(
	phase => `probe_http_duration_seconds{phase="${phase}"} none → some`,
);
const earlyTcp = ['probe_failed_due_to_bytes none → 0', 'probe_failed_due_to_regex none → 0'];

let tailnet: Tailnet;
/** Of the host where the targets are: on the underlay, and in the tailnet. */
let host = '';
let inTailnet: {v4: string; v6: string};
let documentation = '';
const undo: Array<() => Promise<unknown>> = [];

if (canRun) {
	test.before(async () => {
		documentation = await readFile(new URL('../../docs/blackbox.md', import.meta.url), 'utf8');
		tailnet = await startTailnet({hosts: ['orch', 'mon']});
		undo.push(() => tailnet.stop());
		const {directory, underlay, node} = tailnet;
		const fixtures = fileURLToPath(new URL('../fixtures/tls', import.meta.url));
		const file = join(directory, 'blackbox.yml');
		await writeFile(file, blackboxModules(directory, fixtures));
		await underlay.blockPort('orch', 'tcp', 9199);
		host = underlay.address('orch');
		const address = async (family: string) => (await node('orch').cli('ip', family)).trim();
		inTailnet = {v4: await address('-4'), v6: await address('-6')};

		const targets = start(
			'orch',
			process.execPath,
			fileURLToPath(new URL('lab/targets.ts', import.meta.url)),
			directory,
		);
		await whenReady(targets, async () => (await targets.log()).includes('ready'));
		const exporter = await ensurePart('blackbox_exporter');
		const theirs = start('mon', exporter, `--config.file=${file}`, `--web.listen-address=127.0.0.1:${theirPort}`);
		await whenReady(theirs, async () => (await get(theirPort, '/-/healthy')).status === 200);
		await startProber(tailnet, 'mon', blackboxConfig(tailnet));
		await tailnet.settle();
	});
	test.after.always(async () => {
		for (const step of undo.reverse()) await step();
	});
}

systemTest('what differs in series is documented', t => {
	for (const name of [...onlyOurs, ...onlyTheirs]) t.true(documentation.includes(name), name);
});

systemTest('http: status, redirects, body and headers are judged and told alike', async t => {
	const at = (path: string) => `http://${host}:9080${path}`;
	const answers = await askBoth(t, [
		{module: 'http_2xx', target: at('/ok')},
		{module: 'http_2xx', target: `${host}:9080/ok`},
		{module: 'http_2xx', target: at('/status/404')},
		{module: 'http_404', target: at('/status/404')},
		{module: 'http_2xx', target: at('/status/204')},
		{module: 'http_2xx', target: at('/status/500')},
		{module: 'http_ip4', target: at('/ok')},
		{module: 'http_2xx', target: at('/redirect')},
		{module: 'http_2xx', target: at('/redirect-twice')},
		{module: 'http_2xx', target: at('/redirect-for-ever'), differs: ['probe_http_redirects 11 → 10']},
		{module: 'http_stays', target: at('/redirect'), differs: ['probe_http_redirects 1 → 0']},
		{module: 'http_stays_302', target: at('/redirect'), differs: ['probe_http_redirects 1 → 0']},
		{module: 'http_body_fails', target: at('/ok')},
		{module: 'http_body_lacks', target: at('/ok')},
		{module: 'http_header_fails', target: at('/ok')},
		{module: 'http_post_2xx', target: at('/post')},
		{module: 'http_2xx', target: at('/post')},
		{module: 'http_gzip', target: at('/gzip')},
		{module: 'http_gzip', target: at('/ok'), differs: ['probe_http_uncompressed_body_length 0 → 18']},
		{module: 'http_2xx', target: at('/gzip')},
		{module: 'http_2xx', target: at('/chunked')},
		{module: 'http_limit', target: at('/ok')},
		{module: 'http_not_ssl', target: at('/ok')},
		{module: 'http_ip6_only', target: at('/ok'), differs: unresolved},
		{module: 'http_tailnet', target: `http://${inTailnet.v4}:9080/ok`},
		{module: 'http_tailnet', target: `http://[${inTailnet.v6}]:9080/ok`},
	]);

	t.deepEqual(answers.map(success), [1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1]);
});

systemTest('https: trust, versions and certificates are judged and told alike', async t => {
	const at = (port: number, path = '/ok') => `https://${host}:${port}${path}`;
	const answers = await askBoth(t, [
		{module: 'http_own_ca', target: at(9443)},
		{module: 'http_own_ca', target: at(9443, '/redirect')},
		{module: 'http_own_ca', target: at(9444)},
		{module: 'http_lab_ca', target: `${tailnet.headscale.url}/health`},
		{module: 'http_fixture_ca', target: at(9447)},
		{module: 'http_2xx', target: at(9443), differs: [await expiryOfOwn()]},
		{module: 'http_2xx', target: at(9445), differs: ['probe_ssl_earliest_cert_expiry none → 4948973989']},
		{module: 'http_fixture_ca', target: at(9446), differs: ['probe_ssl_earliest_cert_expiry none → 1609459200']},
		{module: 'http_insecure', target: at(9443), differs: unverified},
		{module: 'http_insecure', target: at(9445), differs: unverified},
		{module: 'http_insecure', target: at(9446), differs: unverified},
		{module: 'http_insecure', target: at(9447), differs: unverified},
		{module: 'http_no_h2', target: at(9443), differs: unverified},
		{module: 'http_h1_only', target: at(9443), differs: unverified},
		{module: 'http_tls12', target: at(9443), differs: unverified},
		{module: 'http_ssl', target: at(9443), differs: unverified},
	]);

	t.deepEqual(answers.map(success), [1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0]);
	const versions = answers.map(({ours}) => ours.get('probe_http_version'));
	t.deepEqual(versions, [2, 2, 1.1, 1.1, 2, 0, 0, 0, 2, 2, 2, 2, 1.1, 2, 2, 2]);
});

systemTest('http: what does not answer is down alike, after the same time', async t => {
	const redirect = ['probe_http_status_code 0 → 302', 'probe_http_version 0 → 1.1'];
	const answers = await askBoth(t, [
		{module: 'http_2xx', target: 'http://nowhere.lab/', differs: unresolved},
		{module: 'http_2xx', target: `http://${host}:9099/`},
		{module: 'http_2xx', target: `http://${host}:9199/`},
		{module: 'http_2xx', target: `http://${host}:9080/silent`},
		{module: 'http_2xx', target: `http://${host}:9080/half`},
		{module: 'http_2xx', target: `http://${host}:9103/`},
		{module: 'http_2xx', target: `http://${host}:9104/`},
		{module: 'http_2xx', target: `http://${host}:9101/`},
		{module: 'http_2xx', target: `http://${host}:9080/redirect-nowhere`, differs: redirect},
	]);

	t.deepEqual(answers.map(success), Array(9).fill(0));
	for (const at of [2, 3, 4]) tookUntil(t, answers[at], 3);
});

systemTest('tcp: connections, TLS and conversations are judged and told alike', async t => {
	const cipher = 'probe_tls_cipher_info{cipher="TLS_AES_256_GCM_SHA384"} none → 1';
	const answers = await askBoth(t, [
		{module: 'tcp_connect', target: `${host}:9080`},
		{module: 'tcp_tailnet', target: `${inTailnet.v4}:9080`},
		{module: 'tcp_tailnet', target: `[${inTailnet.v6}]:9080`},
		{module: 'tls_connect', target: `${host}:9443`, differs: [cipher]},
		{module: 'ssh_banner', target: `${host}:9101`},
		{module: 'smtp_starttls', target: `${host}:9100`, differs: [cipher]},
		{module: 'tcp_connect', target: `${host}:9099`, differs: earlyTcp},
		{module: 'tcp_connect', target: `${host}:9199`, differs: earlyTcp},
		{module: 'tls_untrusted', target: `${host}:9443`, differs: [...earlyTcp, await expiryOfOwn()]},
		{module: 'tls_connect', target: `${host}:9102`, differs: earlyTcp},
		{module: 'ssh_banner', target: `${host}:9102`},
		{module: 'ssh_bytes', target: `${host}:9101`},
		{module: 'smtp_starttls', target: `${host}:9104`},
	]);

	t.deepEqual(answers.map(success), [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
	for (const at of [7, 9, 10]) tookUntil(t, answers[at], 3);
});

systemTest('icmp: an answer and its lack are told alike', async t => {
	const answers = await askBoth(t, [
		{module: 'icmp', target: host},
		{module: 'icmp_tailnet', target: inTailnet.v4},
		{module: 'icmp_tailnet', target: inTailnet.v6},
		{module: 'icmp', target: '10.77.0.99'},
	]);

	t.deepEqual(answers.map(success), [1, 1, 1, 0]);
});

systemTest('dns: answers are counted and judged alike', async t => {
	const modules = [
		'www',
		'tcp',
		'soa',
		'mx',
		'txt',
		'refused_wanted',
		'empty',
		'wrong',
		'refused',
		'missing',
		'silent',
	];
	const answers = await askBoth(t, [
		...modules.map(name => ({module: `dns_${name}`, target: host})),
		{module: 'dns_www', target: `${host}:9099`},
		{module: 'dns_tcp', target: `${host}:9099`},
		{module: 'dns_tailnet', target: inTailnet.v4},
		{module: 'dns_tailnet', target: `[${inTailnet.v6}]:53`},
	]);

	t.deepEqual(answers.map(success), [1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1]);
	t.is(answers[2]?.ours.get('probe_dns_serial'), 2_026_112_201);
});

systemTest('the timeout of the scrape cuts that of the module, half a second taken off', async t => {
	const target = `http://${host}:9080/silent`;
	const header = (seconds: string) => ['-H', `X-Prometheus-Scrape-Timeout-Seconds: ${seconds}`];
	const answers = await askBoth(t, [
		{module: 'http_2xx', target, headers: header('1.5')},
		{module: 'http_2xx', target, headers: header('10')},
		{module: 'http_2xx', target, headers: header('0')},
	]);

	t.deepEqual(
		answers.map(({ours}) => ours.get('probe_timeout_seconds')),
		[1, 3, 3],
	);
	tookUntil(t, answers[0], 1);
	tookUntil(t, answers[1], 3);
	tookUntil(t, answers[2], 3);
});

systemTest('the parameters hostname and module have the same meaning', async t => {
	const target = encodeURIComponent(`http://${host}:9080/host`);
	const answers = await askBoth(t, [
		{module: 'http_2xx', target: `http://${host}:9080/host`, query: '&hostname=another.name.lab'},
		{module: 'http_ip4', target: `http://${host}:9080/ok`, query: '&hostname=vhost.example.com'},
	]);
	const statuses = async (path: string, ...headers: string[]) =>
		(await Promise.all([theirPort, ourPort].map(port => get(port, path, ...headers)))).map(({status}) => status);

	t.is(answers[0]?.ours.get('probe_http_content_length'), 'another.name.lab'.length);
	t.deepEqual(answers.map(success), [1, 1]);
	t.deepEqual(await statuses(`/probe?target=${target}`), [200, 200]);
	t.deepEqual(await statuses('/probe?module=http_2xx'), [400, 400]);
	t.deepEqual(await statuses(`/probe?module=nonsense&target=${target}`), [400, 400]);
	t.deepEqual(await statuses(`/probe?module=http_ip4&target=${target}&hostname=other.lab`), [400, 400]);
	t.deepEqual(await statuses(`/probe?target=${target}`, '-H', 'X-Prometheus-Scrape-Timeout-Seconds: soon'), [500, 500]);
	t.deepEqual(await statuses(`/probe?module=icmp&target=${host}&hostname=other.lab`), [200, 400]);
	t.regex(documentation, /`hostname` with a probe that has no use for it is answered 400/);
});

systemTest('debug=true tells what happened, the metrics and the module', async t => {
	const path = `/probe?module=http_ip4&debug=true&target=${encodeURIComponent(`http://${host}:9080/ok`)}`;

	const both = await Promise.all([theirPort, ourPort].map(port => get(port, path)));

	for (const {status, body} of both) {
		t.is(status, 200);
		t.regex(body, /^Metrics that would have been returned:$/m);
		t.regex(body, /^probe_success 1$/m);
		t.regex(body, /^Module configuration:$/m);
		t.regex(body, /fail_if_body_not_matches_regexp/);
	}
});

systemTest('what the guard forbids is down here, and never reached', async t => {
	const target = encodeURIComponent(`http://127.0.0.1:${theirPort}/-/healthy`);
	const path = `/probe?module=http_2xx&target=${target}`;

	const [theirs, ours] = await Promise.all([theirPort, ourPort].map(port => get(port, path)));

	t.regex(theirs?.body ?? '', /^probe_success 1$/m);
	t.regex(ours?.body ?? '', /^probe_success 0$/m);
	t.regex(ours?.body ?? '', /^probe_failure_info\{reason="forbidden"\} 1$/m);
});

/** Sends each request to both, a few at a time, and compares what comes. Resolves to the answers in the order of the requests. */
async function askBoth(t: ExecutionContext, requests: readonly Request[]): Promise<Answers[]> {
	const answers: Answers[] = [];
	for (let at = 0; at < requests.length; at += 4)
		answers.push(...(await Promise.all(requests.slice(at, at + 4).map(request => askOne(t, request)))));
	return answers;
}

async function askOne(t: ExecutionContext, request: Request): Promise<Answers> {
	const {module, target, differs = [], query = '', headers = []} = request;
	const path = `/probe?module=${module}&target=${encodeURIComponent(target)}${query}`;
	const what = `${module} ${target}`;
	const [theirs, ours] = await Promise.all([theirPort, ourPort].map(port => get(port, path, ...headers)));
	t.is(theirs?.status, 200, what);
	t.is(ours?.status, 200, `${what}: ${ours?.body}`);
	const answers = {theirs: samplesOf(theirs?.body ?? ''), ours: samplesOf(ours?.body ?? '')};
	t.deepEqual(differences(answers), [...differs].sort(), what);
	for (const line of differs) t.true(documentation.includes(nameOf(line)), `docs/blackbox.md says nothing of ${line}`);
	for (const samples of [answers.theirs, answers.ours]) phasesFit(t, samples, what);
	return answers;
}

/** Both waited until the deadline, and not for ever. */
function tookUntil(t: ExecutionContext, answers: Answers | undefined, seconds: number): void {
	for (const samples of [answers?.theirs, answers?.ours]) {
		const took = samples?.get('probe_duration_seconds') ?? 0;
		t.true(took > 0.9 * seconds && took < seconds + 2, `${took} s of ${seconds} s`);
	}
}

/** What we tell of the lab's certificate when it is not trusted. */
async function expiryOfOwn(): Promise<string> {
	const args = ['x509', '-noout', '-enddate', '-in', join(tailnet.directory, 'services.pem')];
	const end = (await tailnet.underlay.run('mon', 'openssl', args)).replace('notAfter=', '');
	return `probe_ssl_earliest_cert_expiry none → ${Date.parse(end) / 1000}`;
}

function start(where: 'orch' | 'mon', command: string, ...args: string[]): Running {
	const logFile = join(tailnet.directory, `blackbox-${where}.log`);
	const running = startProcess({namespace: tailnet.underlay.namespace(where), command, args, logFile});
	undo.push(() => running.stop());
	return running;
}

async function whenReady(running: Running, condition: () => Promise<boolean>): Promise<void> {
	await until(async () => {
		if (!running.alive()) throw new Error(`It ended: ${(await running.log()).slice(-2000)}`);
		return condition().catch(() => false);
	});
}

async function get(port: number, path: string, ...headers: string[]): Promise<{status: number; body: string}> {
	const args = ['-s', '-g', '--max-time', '30', '-w', '\n%{http_code}', ...headers, `http://127.0.0.1:${port}${path}`];
	const text = await tailnet.underlay.run('mon', 'curl', args);
	const end = text.lastIndexOf('\n');
	return {status: Number(text.slice(end + 1)), body: text.slice(0, end)};
}
