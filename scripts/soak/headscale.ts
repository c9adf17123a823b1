/** A headscale whose list of nodes changes whenever it is told to. */

import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {nodeAddress} from './kinds.ts';

export interface FakeHeadscale {
	url: string;
	/** From now on these are its nodes, by number. */
	list(nodes: readonly number[]): void;
	close(): void;
}

export async function startHeadscale(): Promise<FakeHeadscale> {
	let nodes: readonly number[] = [];
	const answers: Record<string, () => unknown> = {
		'/health': () => ({status: 'pass'}),
		'/version': () => ({version: 'v0.29.2'}),
		'/key': () => ({publicKey: `mkey:${'0'.repeat(64)}`}),
		'/api/v1/health': () => ({databaseConnectivity: true}),
		'/api/v1/node': () => ({nodes: nodes.map(describeNode)}),
		'/api/v1/user': () => ({users: [user]}),
		'/api/v1/apikey': () => ({apiKeys: []}),
		'/api/v1/preauthkey': () => ({preAuthKeys: []}),
		'/api/v1/policy': () => ({policy: '{}', updatedAt: created}),
	};
	const server = createServer((request, response) => {
		const answer = answers[new URL(request.url ?? '/', 'http://headscale').pathname];
		response.statusCode = answer ? 200 : 404;
		response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer?.() ?? {code: 5}));
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		list(now) {
			nodes = now;
		},
		close() {
			server.closeAllConnections();
			server.close();
		},
	};
}

const created = '2026-01-01T00:00:00Z';
const user = {id: '1', name: 'soak', createdAt: created};

function describeNode(at: number) {
	return {
		id: String(at + 1),
		name: `node-${at}`,
		givenName: `node-${at}`,
		ipAddresses: [nodeAddress(at)],
		user,
		online: true,
		lastSeen: created,
		createdAt: created,
		expiry: null,
		preAuthKey: null,
		registerMethod: 'REGISTER_METHOD_CLI',
	};
}
