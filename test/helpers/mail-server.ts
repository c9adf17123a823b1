/** A server of lines with STARTTLS, in the shape of SMTP: answers each line with what a test says. */

import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {type AddressInfo, createServer, type Socket} from 'node:net';
import {TLSSocket} from 'node:tls';
import type {ExecutionContext} from 'ava';
import type {CertificateName} from './servers.ts';

export interface MailServer {
	port: number;
	/** Lines that came, each with whether it came over TLS. */
	heard: [line: string, encrypted: boolean][];
}

/** The answer to a line, without its line end; `tls` says it and begins TLS; undefined says nothing. */
export type Answers = (line: string, encrypted: boolean) => string | {tls: string} | undefined;

const folder = new URL('../fixtures/tls/', import.meta.url);

/** Says `banner` first; gone when the test ends. */
export async function startMail(
	t: ExecutionContext,
	banner: string,
	answers: Answers,
	certificate: CertificateName = 'good',
): Promise<MailServer> {
	const state: MailServer = {port: 0, heard: []};
	const sockets = new Set<Socket>();
	const server = createServer(socket => {
		sockets.add(socket);
		socket.on('error', () => {});
		socket.write(`${banner}\r\n`);
		listen(socket, false);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	state.port = (server.address() as AddressInfo).port;
	t.teardown(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	return state;

	function listen(socket: Socket, encrypted: boolean): void {
		let text = '';
		socket.on('data', onData);

		function onData(chunk: Buffer): void {
			text += chunk.toString();
			const lines = text.split('\n');
			text = lines.pop() ?? '';
			for (const line of lines) hear(line.replace(/\r$/, ''));
		}

		function hear(line: string): void {
			state.heard.push([line, encrypted]);
			const answer = answers(line, encrypted);
			if (answer === undefined) return;
			if (typeof answer === 'string') {
				socket.write(`${answer}\r\n`);
				return;
			}
			socket.off('data', onData);
			socket.write(`${answer.tls}\r\n`, () => {
				const key = readFileSync(new URL('server.key', folder));
				const cert = readFileSync(new URL(`${certificate}.pem`, folder));
				const tls = new TLSSocket(socket, {isServer: true, key, cert});
				tls.on('error', () => {});
				listen(tls, true);
			});
		}
	}
}
