/**
 * What a caller of `/probe` may try in order to reach where nobody meant it to. Each row runs through the whole daemon; what must not
 * be reached has a listener that counts, and it counts zero.
 */

import {createSocket, type Socket as UdpSocket} from 'node:dgram';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {type AddressInfo, createServer, type Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {type Daemon, startDaemon} from '../../src/daemon.ts';
import {createLog} from '../../src/util/log.ts';
import {startDnsServer} from '../helpers/dns-server.ts';

/** Listeners of one port on every address that must not be reached. */
interface ForbiddenSide {
	port: number;
	unixPath: string;
	/** Connections and packets that came. */
	count(): number;
	close(): Promise<void>;
}

const forbiddenHosts = ['127.0.0.1', '127.9.9.9', '::1'];

async function openForbiddenSide(): Promise<ForbiddenSide> {
	let count = 0;
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-forbidden-'));
	const unixPath = join(directory, 'docker.sock');
	const servers: Server[] = [];
	const sockets: UdpSocket[] = [];
	let port = 0;
	for (const host of forbiddenHosts) port = await listenTcp({host, port});
	for (const host of forbiddenHosts) await listenUdp(host);
	await listenTcp({path: unixPath});
	return {
		port,
		unixPath,
		count: () => count,
		async close() {
			for (const server of servers) server.close();
			for (const socket of sockets) socket.close();
			await rm(directory, {recursive: true});
		},
	};

	async function listenTcp(where: {host: string; port: number} | {path: string}): Promise<number> {
		const server = createServer(socket => {
			count++;
			socket.on('error', () => {});
			socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret');
		});
		server.listen(where);
		await once(server, 'listening');
		servers.push(server);
		return (server.address() as AddressInfo).port;
	}

	async function listenUdp(host: string): Promise<void> {
		const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
		socket.on('message', () => count++);
		socket.bind(port, host);
		await once(socket, 'listening');
		sockets.push(socket);
	}
}

const quietLog = createLog({level: 'error', format: 'json'}, {write() {}, isTTY: false} as never);

/** An operator who allowed everything that can be allowed: what is refused now is refused to everybody. */
const openConfig = `
vantages: [{name: here, type: local, tailscaled: false}]
tailnet: {domain: tail.test}
adhoc: {allow: [0.0.0.0/0, "::/0"], concurrency: 50}
modules:
  http_direct: {prober: http, via: direct, timeout: 3s}
  trusted_direct: {prober: http, via: direct, timeout: 3s, trust_adhoc: true}
  trusted_tailnet: {prober: tcp, timeout: 3s, trust_adhoc: true}
  warm_direct: {prober: http_warm, via: direct, timeout: 3s}
  tcp_direct: {prober: tcp, via: direct, timeout: 3s}
  icmp_direct: {prober: icmp, via: direct, timeout: 3s}
  ws_direct: {prober: ws, via: direct, timeout: 3s}
  tls_direct: {prober: tls, via: direct, timeout: 3s}
  stun_direct: {prober: stun, via: direct, timeout: 3s}
  derp_direct: {prober: derp, via: direct, timeout: 3s}
  dns_direct: {prober: dns, via: direct, timeout: 3s, dns: {query_name: tail.test}}
  dns_tailnet: {prober: dns, timeout: 3s, dns: {query_name: tail.test}}
`;

let side: ForbiddenSide;
let open: Daemon;

test.before(async () => {
	side = await openForbiddenSide();
	open = await startDaemon({configText: openConfig, listen: {host: '127.0.0.1', port: 0}, log: quietLog});
});

test.after.always(async () => {
	await open?.stop();
	await side?.close();
});

interface Answer {
	status: number;
	text: string;
	reason: string | undefined;
}

async function probe(daemon: Daemon, module: string, target: string): Promise<Answer> {
	const query = new URLSearchParams({module, target, debug: 'true'});
	const response = await fetch(`${daemon.url}/probe?${query}`);
	const text = await response.text();
	return {status: response.status, text, reason: /probe_failure_info\{reason="(\w+)"\} 1/.exec(text)?.[1]};
}

/**
 * `PORT` is the port of the forbidden side. A row is refused as no target at all (`400`), judged by this reason, or nobody is asked, for
 * want of a tailscaled (`unasked`).
 */
type Row = readonly [module: string, target: string, wanted: '400' | 'forbidden' | 'wrong_network' | 'unasked'];

const rows: readonly Row[] = [
	// Loopback, plainly.
	['http_direct', 'http://127.0.0.1:PORT/', 'forbidden'],
	['http_direct', 'http://127.9.9.9:PORT/', 'forbidden'],
	['http_direct', 'http://[::1]:PORT/', 'forbidden'],
	['http_direct', 'http://localhost:PORT/', 'forbidden'],
	['http_direct', 'http://LOCALHOST:PORT/', 'forbidden'],
	['http_direct', 'http://localhost.:PORT/', 'forbidden'],
	['http_direct', '127.0.0.1:PORT', 'forbidden'],
	['tcp_direct', '127.0.0.1:PORT', 'forbidden'],
	['tcp_direct', 'localhost:PORT', 'forbidden'],
	['tcp_direct', '[::1]:PORT', 'forbidden'],
	['trusted_direct', 'http://127.0.0.1:PORT/', 'forbidden'],
	['trusted_direct', 'http://169.254.169.254/latest/meta-data/', 'forbidden'],
	['trusted_tailnet', '127.0.0.1:PORT', 'forbidden'],
	['trusted_tailnet', '10.0.0.1:22', 'wrong_network'],
	['warm_direct', 'http://127.0.0.1:PORT/', 'forbidden'],
	['warm_direct', 'https://[::1]:PORT/', 'forbidden'],
	['ws_direct', 'ws://127.0.0.1:PORT/', 'forbidden'],
	['ws_direct', 'wss://localhost:PORT/', 'forbidden'],
	['tls_direct', '127.0.0.1:PORT', 'forbidden'],
	['stun_direct', '127.0.0.1:PORT', 'forbidden'],
	['derp_direct', 'http://127.0.0.1:PORT', 'forbidden'],
	['dns_direct', '127.0.0.1:PORT', 'forbidden'],
	['dns_direct', 'dns://127.0.0.1:PORT/tail.test', 'forbidden'],
	['dns_tailnet', '127.0.0.1:PORT', 'forbidden'],
	['icmp_direct', '127.0.0.1', 'forbidden'],
	['http_2xx', 'http://127.0.0.1:PORT/', 'forbidden'],
	['tunnel', '127.0.0.1', 'unasked'],
	// IPv4 in other spellings.
	['http_direct', 'http://0x7f.0.0.1:PORT/', '400'],
	['http_direct', 'http://0x7f000001:PORT/', '400'],
	['http_direct', 'http://0177.0.0.1:PORT/', '400'],
	['http_direct', 'http://017700000001:PORT/', '400'],
	['http_direct', 'http://2130706433:PORT/', '400'],
	['http_direct', 'http://127.1:PORT/', '400'],
	['http_direct', 'http://127.0.1:PORT/', '400'],
	['http_direct', 'http://127.0.0.1.:PORT/', '400'],
	['http_direct', 'http://127.0.0.01:PORT/', '400'],
	['tcp_direct', '0x7f.1:PORT', '400'],
	['tcp_direct', '2130706433:PORT', '400'],
	['tcp_direct', '127.1:PORT', '400'],
	['icmp_direct', '2130706433', '400'],
	['icmp_direct', '0x7f.1', '400'],
	['tls_direct', '017700000001:PORT', '400'],
	['ws_direct', 'ws://0x7f.1:PORT/', '400'],
	['stun_direct', '2130706433:PORT', '400'],
	['dns_direct', '0x7f.1:PORT', '400'],
	// IPv6 that means an IPv4 address, or this link.
	['http_direct', 'http://[::ffff:127.0.0.1]:PORT/', '400'],
	['http_direct', 'http://[::ffff:7f00:1]:PORT/', 'forbidden'],
	['http_direct', 'http://[::127.0.0.1]:PORT/', '400'],
	['http_direct', 'http://[64:ff9b::7f00:1]:PORT/', 'forbidden'],
	['http_direct', 'http://[2002:7f00:1::]:PORT/', 'forbidden'],
	['http_direct', 'http://[::]:PORT/', 'forbidden'],
	['http_direct', 'http://[0:0:0:0:0:0:0:1]:PORT/', '400'],
	['tcp_direct', '[::ffff:127.0.0.1]:PORT', '400'],
	['tcp_direct', '[::1%25lo]:PORT', '400'],
	['tcp_direct', '[::1%lo]:PORT', '400'],
	['http_direct', 'http://[fe80::1%25eth0]:PORT/', '400'],
	['http_direct', 'http://[fe80::1]:PORT/', 'forbidden'],
	// Clouds' metadata, and what stands in no route.
	['http_direct', 'http://169.254.169.254/latest/meta-data/', 'forbidden'],
	['http_direct', 'http://[fd00:ec2::254]/latest/meta-data/', 'forbidden'],
	['http_direct', 'http://100.100.100.200/latest/meta-data/', 'forbidden'],
	['http_direct', 'http://[::ffff:a9fe:a9fe]/', 'forbidden'],
	['http_direct', 'http://2852039166/', '400'],
	['http_direct', 'http://169.254.1/', '400'],
	['http_direct', 'http://0.0.0.0:PORT/', 'forbidden'],
	['http_direct', 'http://0:PORT/', '400'],
	['http_direct', 'http://255.255.255.255:PORT/', 'forbidden'],
	['http_direct', 'http://224.0.0.1:PORT/', 'forbidden'],
	['http_direct', 'http://100.100.100.100/', 'forbidden'],
	['http_2xx', 'http://100.100.100.100/', 'forbidden'],
	['dns_direct', '169.254.169.254', 'forbidden'],
	// Schemes and sockets.
	['http_direct', 'file:///etc/passwd', '400'],
	['http_direct', 'gopher://127.0.0.1:PORT/_x', '400'],
	['http_direct', 'unix:UNIX', '400'],
	['http_direct', 'http+unix://UNIX/', '400'],
	['http_direct', 'http://unix:UNIX:/', '400'],
	['tcp_direct', 'UNIX', '400'],
	['tcp_direct', 'unix:UNIX', '400'],
	['ws_direct', 'http+unix://UNIX/', '400'],
	['derp_direct', 'ftp://127.0.0.1:PORT/', '400'],
	['dns_direct', 'http://127.0.0.1:PORT/', '400'],
	// User names, and what parsers disagree about.
	['http_direct', 'http://example.com@127.0.0.1:PORT/', '400'],
	['http_direct', 'http://user:password@127.0.0.1:PORT/', '400'],
	['http_direct', 'http://127.0.0.1:PORT@example.com/', '400'],
	['http_direct', 'http://example.com\\@127.0.0.1:PORT/', '400'],
	['http_direct', 'http://127.0.0.1:PORT\\.example.com/', '400'],
	['http_direct', 'http:/\\127.0.0.1:PORT/', '400'],
	['http_direct', 'http:127.0.0.1:PORT/', '400'],
	['http_direct', 'http:///127.0.0.1:PORT/', '400'],
	['http_direct', '//127.0.0.1:PORT/', '400'],
	['http_direct', 'http://127.0.0.1:PORT#@example.com/', 'forbidden'],
	['http_direct', 'http://127。0。0。1:PORT/', '400'],
	['http_direct', 'http://①②⑦.⓪.⓪.①:PORT/', '400'],
	['http_direct', 'http://ｌｏｃａｌｈｏｓｔ:PORT/', '400'],
	['http_direct', 'http://loc\u00adalhost:PORT/', '400'],
	['http_direct', 'http://%31%32%37.0.0.1:PORT/', '400'],
	['http_direct', 'http://127.0.0.1%00.example.com:PORT/', '400'],
	['http_direct', 'http://127.0.0.1\t:PORT/', '400'],
	['http_direct', 'http://127.0.0.1:PORT/\r\nHost: evil', '400'],
	['http_direct', 'http://127.0.0.1:00PORT/', '400'],
	['http_direct', 'http://127.0.0.1:99999/', '400'],
	['http_direct', ' http://127.0.0.1:PORT/', '400'],
	// Options of a command, commands of a shell.
	['icmp_direct', '-f/etc/passwd', '400'],
	['icmp_direct', '--file=/etc/passwd', '400'],
	['icmp_direct', '$(touch x)', '400'],
	['icmp_direct', '127.0.0.1;id', '400'],
	['icmp_direct', '127.0.0.0/8', '400'],
	['icmp_direct', '`id`', '400'],
	['tunnel', '-h', '400'],
	['tcp_direct', '-oProxyCommand=id:22', '400'],
	// Names that nothing should answer for.
	['http_2xx', 'http://localhost:PORT/', 'unasked'],
	['http_2xx', 'http://-evil.tail.test/', '400'],
	['http_2xx', `http://${'a'.repeat(64)}.test/`, '400'],
	['http_2xx', 'http://10.0.0.1/', 'wrong_network'],
	['http_2xx', 'http://192.0.2.7/', 'wrong_network'],
	['tcp_connect', '8.8.8.8:53', 'wrong_network'],
	['icmp', '1.1.1.1', 'wrong_network'],
];

for (const [module, target, wanted] of rows) {
	test.serial(`${module} of ${JSON.stringify(target)} reaches nobody`, async t => {
		const before = side.count();

		const answer = await probe(
			open,
			module,
			target.replaceAll('PORT', String(side.port)).replaceAll('UNIX', side.unixPath),
		);

		t.is(side.count(), before);
		t.notRegex(answer.text, /secret/);
		if (wanted === '400') t.is(answer.status, 400, answer.text);
		else if (wanted === 'unasked') t.true(answer.status === 503 || answer.reason === 'resolve', answer.text);
		else t.deepEqual([answer.status, answer.reason], [200, wanted], answer.text);
	});
}

test.serial('the forbidden side was there all the time', async t => {
	const before = side.count();

	const answer = await fetch(`http://127.0.0.1:${side.port}/`);

	t.is(await answer.text(), 'secret');
	t.is(side.count(), before + 1);
});

/** Here 127.0.0.2 is the tailnet, 127.0.0.1 is not. */
function splitConfig(dnsServer: string): string {
	return `
vantages: [{name: here, type: local, tailscaled: false}]
tailnet: {domain: tail.test, prefixes: [127.0.0.2/32], dns_server: "${dnsServer}"}
adhoc: {concurrency: 50}
modules:
  ws: {prober: ws}
  tls: {prober: tls}
  derp: {prober: derp}
`;
}

async function serveRedirects(location: (path: string) => string): Promise<{port: number; close(): void}> {
	const server = createServer(socket => {
		socket.on('error', () => {});
		socket.once('data', bytes => {
			const path = / (\S+) /.exec(bytes.toString('latin1'))?.[1] ?? '/';
			const lines = ['HTTP/1.1 302 Found', `Location: ${location(path)}`, 'Content-Length: 0', 'Connection: close'];
			socket.end(`${lines.join('\r\n')}\r\n\r\n`);
		});
	});
	server.listen(0, '127.0.0.2');
	await once(server, 'listening');
	return {port: (server.address() as AddressInfo).port, close: () => void server.close()};
}

const redirects: readonly (readonly [location: string, reason: string])[] = [
	['http://127.0.0.1:PORT/', 'wrong_network'],
	['//127.0.0.1:PORT/', 'wrong_network'],
	['http://evil.tail.test:PORT/', 'wrong_network'],
	['http://evil:PORT/', 'wrong_network'],
	['http://[::1]:PORT/', 'wrong_network'],
	['http://0x7f.1:PORT/', 'protocol'],
	['http://2130706433:PORT/', 'protocol'],
	['http://[::ffff:127.0.0.1]:PORT/', 'protocol'],
	['http://user@127.0.0.1:PORT/', 'protocol'],
	['file:///etc/passwd', 'protocol'],
	['unix:/run/docker.sock', 'protocol'],
	['http://169.254.169.254/latest/', 'forbidden'],
	['\\\\127.0.0.1:PORT\\', 'protocol'],
];

for (const [location, reason] of redirects) {
	test.serial(`a redirect from an allowed host to ${location} is not followed`, async t => {
		const dns = await startDnsServer({'ok.tail.test': ['127.0.0.2'], 'evil.tail.test': ['127.0.0.1']});
		const allowed = await serveRedirects(() => location.replaceAll('PORT', String(side.port)));
		const daemon = await startSplit(dns.address);
		const before = side.count();

		const answer = await probe(daemon, 'http_2xx', `http://ok:${allowed.port}/`);
		await daemon.stop();
		allowed.close();
		await dns.close();

		t.is(side.count(), before);
		t.is(answer.reason, reason, answer.text);
		t.notRegex(answer.text, /secret/);
	});
}

test.serial(
	'a name that answers differently the second time is judged and dialled by one and the same answer',
	async t => {
		const dns = await startDnsServer({});
		let asked = 0;
		Object.defineProperty(dns.records, 'flip.tail.test', {get: () => [asked++ % 2 === 0 ? '127.0.0.2' : '127.0.0.1']});
		const daemon = await startSplit(dns.address);
		const before = side.count();

		const answers: Answer[] = [];
		for (const module of ['http_2xx', 'tcp_connect', 'ws', 'tls', 'derp', 'http_2xx'])
			answers.push(
				await probe(
					daemon,
					module,
					module === 'tcp_connect' || module === 'tls'
						? `flip:${side.port}`
						: `${module === 'ws' ? 'ws' : 'http'}://flip:${side.port}/`,
				),
			);
		await daemon.stop();
		await dns.close();

		t.is(side.count(), before);
		// 127.0.0.2 has no listener on that port; 127.0.0.1 is no tailnet.
		for (const {reason, text} of answers) t.true(reason === 'refused' || reason === 'wrong_network', text);
		t.true(answers.some(({reason}) => reason === 'refused'));
		t.true(answers.some(({reason}) => reason === 'wrong_network'));
	},
);

test.serial('a name with an allowed and a forbidden address is refused as a whole', async t => {
	const dns = await startDnsServer({'both.tail.test': ['127.0.0.2', '127.0.0.1']});
	const daemon = await startSplit(dns.address);
	const before = side.count();

	const answer = await probe(daemon, 'http_2xx', `http://both:${side.port}/`);
	await daemon.stop();
	await dns.close();

	t.is(side.count(), before);
	t.is(answer.reason, 'wrong_network', answer.text);
});

function startSplit(dnsServer: string): Promise<Daemon> {
	return startDaemon({
		configText: splitConfig(dnsServer),
		allowLoopback: true,
		listen: {host: '127.0.0.1', port: 0},
		log: quietLog,
	});
}
