import {execFile} from 'node:child_process';
import {generateKeyPairSync} from 'node:crypto';
import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

interface Said {
	status: number | null;
	out: string;
	err: string;
}

async function scratch(t: ExecutionContext, files: Record<string, string> = {}): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'tailprobe-check-'));
	t.teardown(() => rm(folder, {recursive: true}));
	for (const [name, text] of Object.entries(files)) {
		await mkdir(join(folder, name, '..'), {recursive: true});
		await writeFile(join(folder, name), text);
	}
	return folder;
}

function tailprobe(...args: string[]): Promise<Said> {
	return new Promise(resolve => {
		const child = execFile(process.execPath, [main, ...args], {timeout: 20_000}, (_error, out, err) =>
			resolve({status: child.exitCode, out, err}),
		);
	});
}

test('every command tells its own usage', async t => {
	for (const [command, expected] of [
		['serve', /^Usage: tailprobe serve --config FILE/],
		['check-config', /^Usage: tailprobe check-config FILE/],
		['probe', /^Usage: tailprobe probe /],
	] as const) {
		const {status, out, err} = await tailprobe(command, '--help');

		t.is(status, 0, command);
		t.regex(out, expected);
		t.is(err, '');
	}
	t.regex((await tailprobe('serve', '-h')).out, /--web\.config\.file/);
});

test('a file without --config before it is told how it was meant', async t => {
	const {status, err} = await tailprobe('serve', 't.yaml');

	t.is(status, 64);
	t.regex(err, /serve takes no "t\.yaml"; did you mean --config t\.yaml\?/);
});

test('one check is one, and what may be there only where the daemon runs is a note', async t => {
	const certificate = await readFile(new URL('../fixtures/tls/good.pem', import.meta.url), 'utf8');
	const {privateKey} = generateKeyPairSync('ec', {
		namedCurve: 'P-256',
		privateKeyEncoding: {type: 'pkcs8', format: 'pem'},
		publicKeyEncoding: {type: 'spki', format: 'pem'},
	});
	const folder = await scratch(t, {
		'tailprobe.yaml': `
web: {config_file: web/web.yml, bearer_tokens: [{name: reader, file: token}]}
headscale: {url: "https://h.example", api_key: {file: key}, ca_file: none.pem}
checks:
  - name: a
    prober: http
    via: direct
    targets: ["https://x.example/"]
    http: {body_file: body, bearer_token_file: empty, tls_config: {cert_file: cert.pem, key_file: key.pem}}
`,
		'web/web.yml': 'tls_server_config: {cert_file: ../cert.pem, key_file: ../key.pem}\n',
		token: 'short',
		empty: '\n',
		'cert.pem': certificate,
		'key.pem': privateKey,
	});

	const {status, out, err} = await tailprobe('check-config', join(folder, 'tailprobe.yaml'));

	t.is(status, 0, err);
	t.regex(out, /is right: 1 check, \d+ modules \(built-in ones included\), 1 vantage\.\n/);
	const notes = out.replaceAll(folder, '').split('\n').slice(1, -1);
	t.deepEqual(notes.slice(0, 4), [
		'Note: /key, for headscale.api_key, cannot be read here and now.',
		'Note: /none.pem, for headscale.ca_file, cannot be read here and now.',
		'Note: /body, for body_file, cannot be read here and now.',
		'Note: The secret in the file /empty is empty.',
	]);
	t.regex(notes[4] ?? '', /^Note: Could not use the TLS file \/cert\.pem, \/key\.pem: .*key values mismatch/);
	t.regex(notes[5] ?? '', /^Note: The bearer token reader opens nothing: .*at least 16 characters/);
	t.regex(notes[6] ?? '', /^Note: The certificates of tls_server_config cannot be used: .*mismatch/);
	t.regex(notes[7] ?? '', /^Note: A daemon starts without files that are missing, .* as soon as it is there\.$/);
	t.is(notes.length, 8);
	t.false(out.includes('short'));
});

test('mistakes, also those of the web configuration, are told on standard error with status 78', async t => {
	const folder = await scratch(t, {
		'wrong.yaml': 'web: {liste: x}\n',
		'tailprobe.yaml': 'web: {config_file: web.yml}\n',
		'web.yml': 'tls_server_config: {cert_fil: x}\n',
	});

	const own = await tailprobe('check-config', join(folder, 'wrong.yaml'));
	const web = await tailprobe('check-config', join(folder, 'tailprobe.yaml'));

	t.deepEqual([own.status, own.out], [78, '']);
	t.regex(own.err, /^\S+wrong\.yaml:1:7: web\.liste: .*did you mean listen\?\n$/);
	t.deepEqual([web.status, web.out], [78, '']);
	t.regex(web.err, /^\S+web\.yml:1:\d+: tls_server_config\.cert_fil: .*did you mean cert_file\?/);
});

test('what can never be measured, or is too weak, is a note', async t => {
	const folder = await scratch(t, {
		'tailprobe.yaml': `
vantages:
  - {name: cluster, type: local}
  - {name: gpu, type: remote, hosts: [{name: a, address: a}], ways: [{ssh: {known_hosts_file: known}}]}
  - name: lan
    type: remote
    hosts: [{name: b, address: 192.0.2.7}]
    ways: [{agent: {secret: {file: short}}}, {ssh: {known_hosts_file: known}}]
checks:
  - {name: warm, prober: http_warm, via: direct, targets: ["https://x.example/"], from: [cluster, gpu, lan]}
  - {name: plain, prober: http, via: direct, targets: ["https://x.example/"], from: [gpu]}
`,
		known: 'x',
		short: 'abc',
	});

	const {status, out, err} = await tailprobe('check-config', join(folder, 'tailprobe.yaml'));

	t.is(status, 0, err);
	const notes = out.replaceAll(folder, '').split('\n').slice(1, -1);
	t.deepEqual(notes, [
		'Note: The secret in /short is shorter than 16 characters: make one with `openssl rand -base64 32`.',
		'Note: The agent of b (vantage lan) is never dialled: 192.0.2.7 is outside the tailnet (100.64.0.0/10, fd7a:115c:a1e0::/48). Only its other ways can be used.',
		'Note: Check warm will be unknown from gpu: an http_warm check needs the agent way, and gpu has only ssh.',
	]);
});

test('a secret where the path of its file should be is not shown', async t => {
	const secret = 'c2VjcmV0c2VjcmV0c2VjcmV0MTIzNDU2Nzg5MA==';
	const folder = await scratch(t, {
		'tailprobe.yaml': `
web: {bearer_tokens: [{name: reader, file: ${secret}}]}
headscale: {url: "https://h.example", api_key: {file: ${secret}}}
`,
	});

	const {status, out, err} = await tailprobe('check-config', join(folder, 'tailprobe.yaml'));

	t.is(status, 0, err);
	t.regex(out, /\/c2Vj…, for headscale\.api_key, cannot be read here and now\./);
	t.false(out.includes(secret));
});
