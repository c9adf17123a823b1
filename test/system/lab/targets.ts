/** Everything that a probe may meet, for `/probe`: `node targets.ts CERTIFICATE-DIRECTORY`, one process. Prints `ready`. */

import {createSocket} from 'node:dgram';
import {readFileSync} from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net, {type Server, type Socket} from 'node:net';
import {join} from 'node:path';
import tls from 'node:tls';
import {gzipSync} from 'node:zlib';
import {type Answer, decode, encode, type Packet, streamDecode, streamEncode} from 'dns-packet';

const [directory = ''] = process.argv.slice(2);
const fixtures = new URL('../../fixtures/tls/', import.meta.url);
const own = {key: readFileSync(join(directory, 'services.key')), cert: readFileSync(join(directory, 'services.pem'))};
const fixture = (name: string) => ({
	key: readFileSync(new URL('server.key', fixtures)),
	cert: readFileSync(new URL(`${name}.pem`, fixtures)),
});

type Request = http.IncomingMessage | http2.Http2ServerRequest;

const text = 'The door is open.\n';
const plain = {'content-type': 'text/plain', 'content-length': text.length};

function serve(request: Request, response: http.ServerResponse): void {
	const {url = '/'} = request;
	const end = (body: string | Buffer) => void response.end(body);
	const status = /^\/status\/(\d{3})$/.exec(url)?.[1];
	if (status === '204') {
		response.writeHead(204);
		end('');
	} else if (status !== undefined) {
		response.writeHead(Number(status), {...plain});
		end(text);
	} else if (url === '/redirect') {
		response.writeHead(302, {location: '/ok', 'content-length': 0});
		end('');
	} else if (url === '/redirect-twice') {
		response.writeHead(301, {location: '/redirect', 'content-length': 0});
		end('');
	} else if (url === '/redirect-for-ever') {
		response.writeHead(302, {location: url, 'content-length': 0});
		end('');
	} else if (url === '/redirect-nowhere') {
		response.writeHead(302, {location: `http://${request.headers.host?.split(':')[0]}:9099/`, 'content-length': 0});
		end('');
	} else if (url === '/chunked') {
		response.writeHead(200, {'content-type': 'text/plain'});
		response.write(text);
		end(text);
	} else if (url === '/gzip') {
		const packed = gzipSync(text.repeat(100));
		response.writeHead(200, {'content-encoding': 'gzip', 'content-length': packed.length});
		end(packed);
	} else if (url === '/post') {
		response.writeHead(request.method === 'POST' ? 201 : 405, {...plain});
		end(text);
	} else if (url === '/host') {
		const host = request.headers.host ?? String(request.headers[':authority']);
		response.writeHead(200, {'content-length': host.length});
		end(host);
	} else if (url === '/half') {
		response.writeHead(200, {'content-length': 1000});
		response.write(text);
	} else if (url !== '/silent') {
		response.writeHead(200, {...plain, 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT', 'x-door': 'open'});
		end(text);
	}
}

const h2 = (pair: typeof own) =>
	http2.createSecureServer({...pair, allowHTTP1: true}, serve as never) as unknown as Server;

/** A mail server's first words, TLS where it is asked for, in the one order in which the modules ask. */
function mail(socket: Socket): void {
	socket.on('error', () => {});
	socket.write('220 mail.lab ESMTP lab\r\n');
	const talk = (data: Buffer) => {
		if (String(data).startsWith('EHLO')) socket.write('250-mail.lab\r\n250-STARTTLS\r\n250 HELP\r\n');
		if (!String(data).startsWith('STARTTLS')) return;
		socket.off('data', talk);
		socket.write('220 go ahead\r\n');
		const secure = new tls.TLSSocket(socket, {isServer: true, ...own});
		secure.on('error', () => {});
		secure.on('data', words => {
			if (String(words).startsWith('EHLO')) secure.write('250-mail.lab\r\n250-AUTH PLAIN\r\n250 HELP\r\n');
		});
	};
	socket.on('data', talk);
}

const listeners: ReadonlyArray<[port: number, server: Server]> = [
	[9080, http.createServer(serve)],
	[9443, h2(own)],
	[9444, (await import('node:https')).createServer({...own, maxVersion: 'TLSv1.2'}, serve)],
	[9445, h2(fixture('self-signed'))],
	[9446, h2(fixture('expired'))],
	[9447, h2(fixture('chain'))],
	[9100, net.createServer(mail)],
	[9101, net.createServer(socket => void socket.on('error', () => {}).write('SSH-2.0-OpenSSH_9.2 lab\r\n'))],
	[9102, net.createServer(socket => void socket.on('error', () => {}))],
	[9103, net.createServer(socket => void socket.resetAndDestroy())],
	[9104, net.createServer(socket => void socket.on('error', () => {}).end())],
	[
		53,
		net.createServer(
			socket => void socket.on('error', () => {}).on('data', (data: Buffer) => answerStream(socket, data)),
		),
	],
];
for (const [port, server] of listeners) await new Promise<void>(resolve => server.listen(port, '::', () => resolve()));

const soa = {
	mname: 'ns.zone.lab',
	rname: 'admin.zone.lab',
	serial: 2_026_112_201,
	refresh: 3600,
	retry: 600,
	expire: 86_400,
	minimum: 60,
};
const authority: Answer[] = [{type: 'SOA', name: 'zone.lab', ttl: 60, data: soa}];
const zone: Record<string, {answers?: Answer[]; authorities?: Answer[]; additionals?: Answer[]; rcode?: number}> = {
	'A www.zone.lab': {
		answers: ['10.1.2.3', '10.1.2.4'].map(data => ({type: 'A', name: 'www.zone.lab', ttl: 300, data})),
	},
	'AAAA www.zone.lab': {answers: [{type: 'AAAA', name: 'www.zone.lab', ttl: 300, data: 'fd00::7'}]},
	'MX www.zone.lab': {
		answers: [{type: 'MX', name: 'www.zone.lab', ttl: 300, data: {preference: 10, exchange: 'mail.zone.lab'}}],
		authorities: [{type: 'NS', name: 'zone.lab', ttl: 300, data: 'ns.zone.lab'}],
		additionals: [{type: 'A', name: 'mail.zone.lab', ttl: 300, data: '10.1.2.5'}],
	},
	'TXT www.zone.lab': {answers: [{type: 'TXT', name: 'www.zone.lab', ttl: 300, data: ['some "words"', 'more']}]},
	'CNAME alias.zone.lab': {answers: [{type: 'CNAME', name: 'alias.zone.lab', ttl: 300, data: 'www.zone.lab'}]},
	'SOA zone.lab': {answers: authority},
	'A refused.zone.lab': {rcode: 5},
	'A servfail.zone.lab': {rcode: 2},
	'A empty.zone.lab': {authorities: authority},
};

/** The answer to a question; undefined where none is given at all. */
function answerTo({id = 0, flags = 0, questions = []}: Packet): Packet | undefined {
	const [question] = questions;
	if (question === undefined || question.name === 'silent.zone.lab') return undefined;
	const found = zone[`${question.type} ${question.name}`] ?? {rcode: 3, authorities: authority};
	// Recursion wanted comes back as it was asked.
	return {type: 'response', id, flags: (flags & 0x01_00) | 0x04_00 | (found.rcode ?? 0), questions, ...found} as Packet;
}

function answerStream(socket: Socket, data: Buffer): void {
	const answer = answerTo(streamDecode(data));
	if (answer !== undefined) socket.write(streamEncode(answer));
}

const datagrams = createSocket('udp6');
datagrams.on('message', (message, from) => {
	const answer = answerTo(decode(message));
	if (answer !== undefined) datagrams.send(encode(answer), from.port, from.address);
});
await new Promise<void>(resolve => datagrams.bind(53, () => resolve()));

process.stdout.write('ready\n');
