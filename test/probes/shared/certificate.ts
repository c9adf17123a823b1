import {X509Certificate} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {copyFile, mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import type {Reading} from '../../../src/engine/types.ts';
import {PhaseClock} from '../../../src/net/phase-clock.ts';
import {http} from '../../../src/probes/http.ts';
import {httpWarm} from '../../../src/probes/http-warm.ts';
import {noteCertificate} from '../../../src/probes/shared/certificate.ts';
import type {Findings} from '../../../src/probes/shared/failed-reading.ts';
import {tls} from '../../../src/probes/tls.ts';
import {exposeReading} from '../../../src/server/blackbox/by-type.ts';
import {formatFamily} from '../../../src/server/blackbox/families.ts';
import {measure} from '../../helpers/probing.ts';
import {type BareServer, caFile, httpAnswer, saying, serve, serveTls} from '../../helpers/servers.ts';

const trusting = {tls_config: {ca_file: caFile}};
const fixture = (name: string) => new URL(`../../fixtures/tls/${name}.pem`, import.meta.url).pathname;
const certificateOf = (name: string) => new X509Certificate(readFileSync(fixture(name)));
const fingerprintOf = (name: string) => certificateOf(name).fingerprint256.replaceAll(':', '').toLowerCase();

test('http over TLS tells what blackbox_exporter tells of the certificate, for /probe too', async t => {
	const server = await serveTls(t, 'good', saying(httpAnswer('200 OK')));

	const reading = await measure(http, `https://localhost:${server.port}`, trusting);

	const lines = exposed(reading);
	t.true(reading.ok, reading.detail);
	t.regex(lines, /^probe_ssl_last_chain_expiry_timestamp_seconds 4\d{9}$/m);
	t.true(
		lines.includes(
			`probe_ssl_last_chain_info{fingerprint_sha256="${fingerprintOf('good')}",subject="CN=good",issuer="CN=tailprobe test authority",subjectalternative="localhost,livekit,livekit.tail.test",serialnumber="${certificateOf('good').serialNumber.toLowerCase()}"} 1`,
		),
		lines,
	);
});

test('each run over a kept connection tells the certificate of its opening', async t => {
	const server = await serveTls(t, 'good', {
		onHead: socket => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
		onConnection: socket => void socket.on('data', () => {}),
	});
	const address = `https://localhost:${server.port}`;
	const target = {name: 'kept', address, via: 'direct', peer: ''} as const;

	const opened = await measure(httpWarm, address, trusting, {target});
	const kept = await measure(httpWarm, address, trusting, {target});

	const ofTls = ({facts, values}: Reading) =>
		Object.entries({...facts, ...values}).filter(([name]) => /^tls_/.test(name));
	t.like(opened, {ok: true, facts: {connection: 'opened', tls_fingerprint_sha256: fingerprintOf('good')}});
	t.is(kept.facts.connection, 'kept');
	t.is(typeof opened.values.tls_chain_expiry_seconds, 'number');
	t.deepEqual(new Map(ofTls(kept)), new Map(ofTls(opened)));
});

test('of redirects only the certificate of the last hop is told', async t => {
	const plain = await serve(t, saying(httpAnswer('200 OK')));
	const second = await serveTls(t, 'outlives', saying(httpAnswer('200 OK')));
	const toTls = await redirecting(`https://localhost:${second.port}/`);
	const toPlain = await redirecting(`http://localhost:${plain.port}/`);
	const options = {tls_config: {insecure_skip_verify: true}};

	const last = await measure(http, `https://localhost:${toTls.port}`, options);
	const none = await measure(http, `https://localhost:${toPlain.port}`, options);

	t.is(last.facts.tls_fingerprint_sha256, fingerprintOf('outlives'));
	t.is(none.values.status_code, 200);
	t.deepEqual(
		[...Object.keys(none.facts), ...Object.keys(none.values)].filter(name => name.startsWith('tls_')),
		[],
	);

	function redirecting(to: string): Promise<BareServer> {
		return serveTls(t, 'good', saying(httpAnswer('302 Found', '', [`Location: ${to}`])));
	}
});

test('what is remembered of a certificate is that of the authorities it was judged by', async t => {
	const directory = await mkdtemp(join(tmpdir(), 'authorities-'));
	t.teardown(() => rm(directory, {recursive: true}));
	const file = join(directory, 'ca.pem');
	const server = await serveTls(t, 'outlives', {});
	const address = `localhost:${server.port}`;

	await copyFile(fixture('short-ca'), file);
	const first = await measure(tls, address, {tls_config: {ca_file: file, insecure_skip_verify: true}});
	const again = await measure(tls, address, {tls_config: {ca_file: file, insecure_skip_verify: true}});
	await copyFile(caFile, file);
	const other = await measure(tls, address, {tls_config: {ca_file: file, insecure_skip_verify: true}});

	t.is(first.values.tls_chain_expiry_seconds, Date.parse('2050-01-01T00:00:00Z') / 1000);
	t.deepEqual({...again.values, ...again.facts}, {...first.values, ...first.facts});
	t.like(other.facts, {tls_fault: 'untrusted', tls_fingerprint_sha256: fingerprintOf('outlives')});
	t.is(other.values.tls_chain_expiry_seconds, undefined);
});

test('a certificate for another host still tells when its chain ends', async t => {
	const server = await serveTls(t, 'other-host', {});

	const reading = await measure(tls, `localhost:${server.port}`, {
		tls_config: {ca_file: caFile, insecure_skip_verify: true},
	});

	t.is(reading.facts.tls_fault, 'wrong_host');
	t.is(typeof reading.values.tls_chain_expiry_seconds, 'number');
});

test('names are written as Go writes them', t => {
	const findings: Findings = {clock: new PhaseClock(), values: {}, facts: {}};
	const leaf = {
		subject: 'C=NL\nO=June\\, Inc.\nOU=a\nOU=b + CN=livekit\nserialNumber=7\nemailAddress=x@y.example',
		issuer: 'CN=one',
		serialNumber: '0A',
		fingerprint256: 'AB:CD',
		validFrom: '',
		validTo: '',
	};

	noteCertificate(leaf as X509Certificate, findings);

	t.is(findings.facts.tls_subject, 'SERIALNUMBER=7,CN=livekit,OU=a+OU=b,O=June\\, Inc.,C=NL,emailAddress=x@y.example');
	t.is(findings.facts.tls_serial, '0a');
});

test('/probe cuts no name in the middle, however many there are', async t => {
	const server = await serveTls(t, 'hostile', saying(httpAnswer('200 OK')));

	const reading = await measure(http, `https://localhost:${server.port}`, {tls_config: {insecure_skip_verify: true}});

	const names = /subjectalternative="([^"]*)"/.exec(exposed(reading))?.[1]?.split(',') ?? [];
	t.true(names.length > 30);
	t.true(
		names.every(name => /^(?:localhost|name-\d+\.a-rather-long-domain\.example)$/.test(name)),
		names.at(-1),
	);
});

test('what a server says to whoever shows a certificate is not for every reader', async t => {
	const server = await serveTls(t, 'good', saying(httpAnswer('500 Oops', 'the balance of alice is 7')));
	const key = fixture('good').replace('good.pem', 'server.key');

	const shown = await measure(http, `https://localhost:${server.port}`, {
		tls_config: {ca_file: caFile, cert_file: fixture('good'), key_file: key},
	});
	const plain = await measure(http, `https://localhost:${server.port}`, trusting);

	t.is(shown.values.status_code, 500);
	t.is(shown.facts.body_start, undefined);
	t.is(plain.facts.body_start, 'the balance of alice is 7');
});

function exposed({phases = {}, values, facts}: Reading): string {
	return exposeReading('http', {phases, values, facts}).map(formatFamily).join('');
}
