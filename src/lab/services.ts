/** The services of the platform: orchestrator and auth, LiveKit, and speech on both GPU machines. */

import type {Server} from 'node:http';
import {createSecureContext} from 'node:tls';
import type {LabCertificates} from './certificates.ts';
import {type Conditions, isReachable} from './conditions.ts';
import {closeHttp, listen, listenTogether} from './listening.ts';
import {findNode, type LabService, relayRttMs, type ServiceKind, services} from './platform.ts';
import {createReplyServer, goText, json, type Reply, text} from './reply.ts';
import {createSilentPorts} from './silent-ports.ts';
import {between} from './values.ts';
import type {World} from './world.ts';

export type ServicePorts = Record<ServiceKind, number>;

/** Starts all of them, on their usual ports where those are free and `usual` says so, and returns the ports. */
export async function startServices(
	world: World,
	usual: boolean,
	certificates: LabCertificates,
): Promise<ServicePorts> {
	const running = services.map(service => ({service, server: createService(service, world, certificates)}));
	const ports = {} as ServicePorts;
	for (const {kind, usualPort} of services) {
		if (ports[kind] !== undefined) continue;
		const members = running
			.filter(({service}) => service.kind === kind && world.conditions.services[service.id].listens)
			.map(({service, server}) => ({server, address: findNode(service.node).address}));
		ports[kind] = await listenTogether(members, usual ? usualPort : 0);
	}
	const silent = createSilentPorts();
	world.onChange(async now => {
		const those = running.map(({service, server}) => ({
			server,
			state: stateOf(service, now),
			address: findNode(service.node).address,
			port: ports[service.kind],
		}));
		for (const {server, state} of those) {
			if (state === 'closed') await closeHttp(server);
			// Whoever is connected hears nothing more, not even the end.
			else if (state === 'silent' && server.listening) server.close();
		}
		await silent.become(those.filter(({state}) => state === 'silent').map(({address, port}) => ({address, port})));
		for (const {server, state, address, port} of those)
			if (state === 'open' && !server.listening) await listen(server, address, port);
	});
	return ports;
}

/** How its port is: a machine that cannot be reached says nothing, not even no. */
function stateOf({id, node}: LabService, now: Conditions): 'open' | 'closed' | 'silent' {
	const {listens, filtered} = now.services[id];
	if (!listens) return 'closed';
	return filtered || !isReachable(now, node) ? 'silent' : 'open';
}

function createService(service: LabService, world: World, certificates: LabCertificates): Server {
	const server = createReplyServer(
		(_request, {pathname}) => {
			const {extraMs, status, hangs} = world.conditions.services[service.id];
			if (hangs || !isReachable(world.conditions, service.node)) return undefined;
			const relayed = world.conditions.nodes[service.node].path === 'derp' ? relayRttMs : 0;
			const reply = status === undefined ? soundReply(service.kind, pathname) : failure(status);
			return {...reply, afterMs: between(...service.answersInMs) + extraMs + relayed};
		},
		service.tls ? presenting(world, certificates) : {},
	);
	if (service.kind === 'livekit') refuseUpgrades(server, service, world);
	return server;
}

/** What it shows of itself is asked anew for each handshake. */
function presenting(world: World, certificates: LabCertificates) {
	return {
		...certificates.sound,
		SNICallback(_name: string, present: (error: null, context: ReturnType<typeof createSecureContext>) => void) {
			present(null, createSecureContext(certificates[world.conditions.certificate]));
		},
	};
}

/** LiveKit's signal socket wants a token first. */
function refuseUpgrades(server: Server, service: LabService, world: World): void {
	server.on('upgrade', (_request, socket) => {
		socket.on('error', () => socket.destroy());
		if (!isReachable(world.conditions, service.node)) return;
		const body = 'no permissions to access the room';
		socket.end(
			`HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
		);
	});
}

function soundReply(kind: ServiceKind, pathname: string): Reply {
	if (kind === 'livekit') return pathname === '/' ? text(200, 'OK', 'text/plain') : goText(404, '404 page not found');
	return pathname === '/healthz' ? json(health[kind]) : text(404, '{"detail":"Not Found"}', 'application/json');
}

function failure(status: number): Reply {
	return text(status, '{"detail":"Internal Server Error"}', 'application/json');
}

const health = {
	orchestrator: {status: 'ok'},
	auth: {status: 'ok'},
	tts: {status: 'healthy', service: 'tts', model: 'xtts-v2', device: 'cuda:0'},
	stt: {status: 'healthy', service: 'stt', model: 'whisper-large-v3', device: 'cuda:0'},
};
