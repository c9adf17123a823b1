/** `/probe` under abuse: what is answered, what is reached, and what comes out. */

import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {writeFileSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {stringify} from 'yaml';
import {startDaemon} from './daemon.ts';
import {allowedAddress, drawRequest, forbiddenAddresses, type HostileRequest} from './hostile.ts';
import {isExpectedLine} from './judgement.ts';
import {dnsAddress} from './kinds.ts';
import {seededRandom} from './random.ts';
import type {Report} from './report.ts';
import {findSecrets, plantSecrets, type Secret} from './secrets.ts';
import {startDns} from './targets/names.ts';

const listenPort = 9753;
const port = 8642;
/** Where the checks of the configuration lead: there the secrets belong. */
const configuredAddress = '10.77.200.2';
/** Longer than any module's timeout, and what the daemon may take besides. */
const answerWithinMs = 12_000;

export async function abuseProbe(
	{seed, requests, folder}: {seed: number; requests: number; folder: string},
	report: Report,
): Promise<void> {
	const draw = seededRandom(seed);
	await startDns();
	const names = ['api-key', 'door', 'password', 'token', 'credentials', 'header', 'ws-token', 'line', 'message'];
	const secrets = plantSecrets(names, folder, draw);
	const forbidden = await listenForbidden();
	const asked = await listenRecording(allowedAddress);
	const configured = await listenRecording(configuredAddress);
	const config = describeConfig(secrets);
	const configPath = join(folder, 'fuzz.yaml');
	writeFileSync(configPath, stringify(config));
	const daemon = await startDaemon(configPath, listenPort, {environment: {FUZZ_HEADER: secretOf(secrets, 'header')}});
	const token = secretOf(secrets, 'door');
	const builtIn = ['icmp', 'tunnel'].map(type => [type, type] as const);
	const options = {
		port,
		modules: new Map([
			...builtIn,
			...Object.entries(config.modules).map(([name, {prober}]) => [name, prober] as const),
		]),
		token,
	};

	const faults = {server: [] as string[], hung: [] as string[], unanswered: [] as string[], up: [] as string[]};
	const leaked = new Set<string>();
	const statuses = new Map<string, number>();
	let sent = 0;
	await Promise.all(
		Array.from({length: 16}, async () => {
			while (sent < requests) {
				sent++;
				const request = drawRequest(draw, options);
				const text = await send(request);
				const status = /^HTTP\/1\.1 (\d{3})/.exec(text ?? '')?.[1] ?? (text === undefined ? 'hung' : 'closed');
				statuses.set(status, (statuses.get(status) ?? 0) + 1);
				if (text === undefined) faults.hung.push(request.what);
				else if (status === 'closed' && request.isHttp) faults.unanswered.push(request.what);
				if (status.startsWith('5') && !isPromised(status, request)) faults.server.push(`${status} for ${request.what}`);
				if (request.isForbidden && /^probe_success 1$|"verdict": ?"up"/m.test(text ?? '')) faults.up.push(request.what);
				for (const name of findSecrets(text ?? '', secrets)) leaked.add(`${name} in an answer`);
			}
		}),
	);
	for (const path of [
		'/metrics',
		'/',
		'/api/v1/status',
		'/api/v1/checks',
		'/api/v1/nodes',
		'/api/v1/vantages',
		'/openapi.json',
		'/sd/nodes',
	]) {
		const answer = await fetch(`http://127.0.0.1:${listenPort}${path}`, {headers: {authorization: `Bearer ${token}`}});
		const text = await answer.text();
		if (path === '/metrics') {
			const bugs = /^tailprobe_internal_errors_total (\d+)$/m.exec(text)?.[1];
			report.check(bugs === '0', 'no internal error under abuse', bugs);
		}
		for (const name of findSecrets(text, secrets)) leaked.add(`${name} at ${path}`);
	}
	const belonging = ['password', 'token', 'credentials', 'header', 'ws-token', 'line'];
	const notHeard = () => {
		const heard = findSecrets(configured.heard(), secrets);
		return belonging.filter(name => !heard.includes(name));
	};
	// On a busy machine what a probe type needs first takes longer than its first runs may.
	for (let tries = 0; notHeard().length > 0 && tries < 20; tries++) await sleep(1000);
	const end = await daemon.end();
	const log = daemon.lines.join('\n');
	for (const name of findSecrets(log, secrets)) leaked.add(`${name} in the log`);
	const strange = daemon.lines.filter(line => !isExpectedLine(line, false));

	report.check(
		(statuses.get('200') ?? 0) > requests / 10,
		'a good part of it really ran',
		`${statuses.get('200')} runs`,
	);
	const kinds = [...statuses].toSorted().map(([status, count]) => `${status} ×${count}`);
	const few = (list: readonly string[]) => list.slice(0, 3).join(' | ').slice(0, 600) || undefined;
	report.check(
		faults.server.length === 0,
		`no 5xx but the promised ones in ${sent} hostile requests`,
		few(faults.server) ?? kinds.join(', '),
	);
	report.check(faults.hung.length === 0, 'no request hung', few(faults.hung));
	report.check(faults.unanswered.length === 0, 'whatever was proper HTTP was answered', few(faults.unanswered));
	report.check(faults.up.length === 0, 'nothing forbidden was called up', few(faults.up));
	report.check(
		forbidden.reached.length === 0,
		'nothing was reached that the guard forbids',
		few(forbidden.reached) ?? `${forbidden.listeners} listeners waited in vain`,
	);
	const stranger = findSecrets(asked.heard(), secrets);
	report.check(asked.heard() !== '', 'what is allowed was reached');
	report.check(stranger.length === 0, 'no secret was sent to an ad hoc target', few(stranger));
	const missing = notHeard();
	report.check(
		missing.length === 0,
		'the checks themselves did send theirs',
		few(missing.map(name => `${name} is missing`)),
	);
	report.check(leaked.size === 0, 'no secret in any answer, metric, page or log line', few([...leaked]));
	report.check(
		daemon.lines.length > 0 && strange.length === 0,
		'every log line is one line of JSON, and none an error',
		few(strange),
	);
	report.check(end.code === 0, 'the daemon ends in order', `exit ${end.code} after ${end.seconds.toFixed(1)} s`);
	for (const each of [forbidden, asked, configured]) each.close();
}

/** 503: nobody could look. 500: as blackbox_exporter, for a scrape timeout that is no number. */
function isPromised(status: string, {hasOddTimeout}: HostileRequest): boolean {
	return status === '503' || (status === '500' && hasOddTimeout);
}

/** The operator allowed everything that can be allowed; what is refused now is refused to everybody. */
function describeConfig(secrets: readonly Secret[]) {
	const file = (name: string) => ({file: secrets.find(secret => secret.name === name)?.file ?? ''});
	const short = {timeout: '400ms'};
	const direct = {...short, via: 'direct'};
	const modules: Record<string, {prober: string; [option: string]: unknown}> = {
		http_direct: {prober: 'http', ...direct},
		http_tailnet: {prober: 'http', ...short},
		http_password: {prober: 'http', ...direct, http: {basic_auth: {username: 'fuzz', password: file('password')}}},
		http_token: {prober: 'http', ...direct, http: {bearer_token: file('token')}},
		http_credentials: {
			prober: 'http',
			...direct,
			http: {
				authorization: {type: 'Key', credentials: file('credentials')},
				http_headers: {'X-Secret': {secrets: [{env: 'FUZZ_HEADER'}]}},
			},
		},
		warm_direct: {prober: 'http_warm', ...direct},
		tcp_direct: {prober: 'tcp', ...direct},
		tcp_lines: {prober: 'tcp', ...direct, tcp: {query_response: [{send: `AUTH ${secretOf(secrets, 'line')}`}]}},
		tls_direct: {prober: 'tls', ...direct},
		ws_direct: {prober: 'ws', ...direct, ws: {bearer_token: file('ws-token'), send: secretOf(secrets, 'message')}},
		stun_direct: {prober: 'stun', ...direct},
		derp_direct: {prober: 'derp', ...direct},
		dns_direct: {prober: 'dns', ...direct, dns: {query_name: 'x.test'}},
	};
	const checks = ['http_password', 'http_token', 'http_credentials', 'tcp_lines', 'ws_direct'].map(module => ({
		name: module === 'http_credentials' ? 'http-with-secrets' : `check-${module}`,
		module,
		via: 'direct',
		interval: '1s',
		targets: [
			{
				name: 'own',
				target: `${module === 'tcp_lines' ? '' : module === 'ws_direct' ? 'ws://' : 'http://'}${configuredAddress}:${port}${module === 'tcp_lines' ? '' : '/'}`,
			},
		],
	}));
	return {
		web: {listen: `127.0.0.1:${listenPort}`, bearer_tokens: [{name: 'fuzz', ...file('door')}]},
		log: {level: 'info', format: 'json'},
		headscale: {url: `http://${configuredAddress}:${port}`, api_key: file('api-key'), interval: '2s', timeout: '1s'},
		tailnet: {domain: 'soak.test', dns_server: dnsAddress},
		vantages: [{name: 'fuzz', type: 'local', tailscaled: false}],
		adhoc: {allow: ['0.0.0.0/0', '::/0'], concurrency: 50, rate: '100000/1s'},
		modules,
		checks,
	};
}

function secretOf(secrets: readonly Secret[], wanted: string): string {
	return secrets.find(({name}) => name === wanted)?.value ?? '';
}

interface Side {
	close(): void;
}

/** On every forbidden address, TCP and UDP: who comes is noted. */
async function listenForbidden(): Promise<Side & {reached: string[]; listeners: number}> {
	const reached: string[] = [];
	const closers: (() => void)[] = [];
	const ports = [port, 80, 443, 3478];
	for (const address of forbiddenAddresses)
		for (const each of ports) {
			const server = createServer(socket => {
				reached.push(`TCP ${address}:${each}`);
				socket.on('error', () => {}).end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
			});
			server.listen(each, address);
			await once(server, 'listening');
			closers.push(() => server.close());
			const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
			socket.on('message', () => reached.push(`UDP ${address}:${each}`));
			socket.bind(each === 443 ? 53 : each, address);
			await once(socket, 'listening');
			closers.push(() => socket.close());
		}
	return {reached, listeners: closers.length, close: () => closers.map(close => close())};
}

/** An HTTP server of sorts that remembers what it was sent. */
async function listenRecording(address: string): Promise<Side & {heard(): string}> {
	const pieces: string[] = [];
	let size = 0;
	const server = createServer(socket => {
		socket.on('error', () => {});
		socket.on('data', (bytes: Buffer) => {
			if (size < 64 * 1024 * 1024) pieces.push(bytes.toString('latin1'));
			size += bytes.length;
			socket.end('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n');
		});
	});
	server.listen(port, address);
	await once(server, 'listening');
	return {heard: () => pieces.join('\n'), close: () => void server.close()};
}

/** What was answered, '' when the connection was closed without a word; undefined when nothing came in time. */
function send({bytes}: HostileRequest): Promise<string | undefined> {
	return new Promise(resolve => {
		const socket = connect(listenPort, '127.0.0.1');
		let text = '';
		const giveUp = setTimeout(() => {
			socket.destroy();
			resolve(undefined);
		}, answerWithinMs);
		const end = () => {
			clearTimeout(giveUp);
			socket.destroy();
			// What comes before the answer to those who expect something.
			resolve(text.replace(/^HTTP\/1\.1 100 .*\r\n\r\n/, ''));
		};
		socket.setEncoding('latin1');
		socket.on('data', (piece: string) => {
			text += piece;
		});
		socket.on('error', end).on('close', end).on('end', end);
		socket.write(bytes);
	});
}
