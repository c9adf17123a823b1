/** A little SOCKS5 proxy on loopback, as honest or as broken as a test wants it; gone when the test ends. */

import {once} from 'node:events';
import {type AddressInfo, connect, createServer, type Socket} from 'node:net';
import type {ExecutionContext} from 'ava';

export interface Socks5Server {
	/** `address:port`, as the configuration writes it. */
	address: string;
	/** The requests that came: the address as its bytes say it, never a name. */
	asked: {address: string; port: number; type: number}[];
	/** Connections of clients that are open now. */
	open: Set<Socket>;
}

export interface Socks5Manners {
	/** What is said to the greeting instead of `05 00`; '' is silence. */
	onGreeting?: Buffer | '';
	/** What is said to the request, instead of connecting; '' is silence. */
	onRequest?: Buffer | '';
	/** The connection is closed after that was said. */
	thenCloses?: boolean;
	/** The type of the bound address in a good reply: IPv4, a name, IPv6. */
	boundType?: 1 | 3 | 4;
	/** The good reply is held back until the target said something, and goes out together with it. */
	replyWithBanner?: boolean;
	/** The good reply goes out one byte at a time. */
	drips?: boolean;
}

/** A reply with this code (0 succeeded, 4 host unreachable, 5 refused …). */
export function socks5Reply(code: number, boundType: 1 | 3 | 4 = 1): Buffer {
	const bound = {1: [0, 0, 0, 0], 3: [4, 110, 111, 110, 101], 4: Array<number>(16).fill(0)}[boundType];
	return Buffer.from([5, code, 0, boundType, ...bound, 0, 0]);
}

/** Connects to the address that a client asks for, unless `manners` say otherwise. */
export async function startSocks5(t: ExecutionContext, manners: Socks5Manners = {}): Promise<Socks5Server> {
	const sockets = new Set<Socket>();
	const state: Socks5Server = {address: '', asked: [], open: new Set()};
	const server = createServer(client => {
		state.open.add(client);
		client.on('close', () => state.open.delete(client));
		keep(client);
		void talk(client);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	state.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	t.teardown(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	return state;

	function keep(socket: Socket): void {
		sockets.add(socket);
		socket.on('error', () => {}).on('close', () => sockets.delete(socket));
	}

	async function talk(client: Socket): Promise<void> {
		await take(client, 3);
		say(client, manners.onGreeting ?? Buffer.from([5, 0]));
		if (manners.onGreeting !== undefined) return;
		const [, , , type = 0] = await take(client, 4);
		const address = await take(client, type === 1 ? 4 : 16);
		const port = (await take(client, 2)).readUInt16BE();
		const text = type === 1 ? address.join('.') : address.toString('hex').replace(/(.{4})(?!$)/g, '$1:');
		state.asked.push({address: text, port, type});
		if (manners.onRequest !== undefined) say(client, manners.onRequest);
		else forward(client, type === 1 ? text : '::1', port);
	}

	function say(client: Socket, bytes: Buffer | ''): void {
		if (bytes !== '') client.write(bytes);
		if (manners.thenCloses) client.end();
	}

	function forward(client: Socket, host: string, port: number): void {
		const target = connect({host, port});
		keep(target);
		target.on('error', () => void client.end(socks5Reply(5)));
		client.on('close', () => target.destroy());
		target.on('connect', async () => {
			const reply = socks5Reply(0, manners.boundType);
			if (manners.replyWithBanner) {
				const [banner] = (await once(target, 'data')) as [Buffer];
				target.pause();
				client.write(Buffer.concat([reply, banner]));
			} else if (manners.drips) {
				for (const byte of reply)
					await new Promise(done => client.write(Buffer.from([byte]), () => setImmediate(done)));
			} else {
				client.write(reply);
			}
			client.pipe(target).pipe(client);
		});
	}
}

/** Rejects when the client is gone; nobody waits for the rest then. */
async function take(socket: Socket, count: number): Promise<Buffer> {
	for (;;) {
		const bytes: Buffer | null = socket.read(count);
		if (bytes) return bytes;
		await new Promise(resolve => socket.once('readable', resolve));
	}
}
