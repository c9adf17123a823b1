/** The services of the platform: orchestrator, LiveKit, and speech on both GPU machines. */

import type {Server} from 'node:http';
import {isReachable} from './conditions.ts';
import {closeHttp, listen, listenTogether} from './listening.ts';
import {findNode, type LabService, relayRttMs, type ServiceKind, services} from './platform.ts';
import {createReplyServer, goText, json, type Reply, text} from './reply.ts';
import {between} from './values.ts';
import type {World} from './world.ts';

export type ServicePorts = Record<ServiceKind, number>;

/** Starts all of them, on their usual ports where those are free and `usual` says so, and returns the ports. */
export async function startServices(world: World, usual: boolean): Promise<ServicePorts> {
	const running = services.map(service => ({service, server: createService(service, world)}));
	const ports = {} as ServicePorts;
	for (const {kind, usualPort} of services) {
		if (ports[kind] !== undefined) continue;
		const members = running
			.filter(({service}) => service.kind === kind)
			.map(({service, server}) => ({server, address: findNode(service.node).address}));
		ports[kind] = await listenTogether(members, usual ? usualPort : 0);
	}
	world.onChange(async now => {
		await Promise.all(
			running.map(async ({service, server}) => {
				if (!now.services[service.id].listens) await closeHttp(server);
				else if (!server.listening) await listen(server, findNode(service.node).address, ports[service.kind]);
			}),
		);
	});
	return ports;
}

function createService(service: LabService, world: World): Server {
	const server = createReplyServer((_request, {pathname}) => {
		if (!isReachable(world.conditions, service.node)) return undefined;
		const {extraMs, status} = world.conditions.services[service.id];
		const relayed = world.conditions.nodes[service.node].path === 'derp' ? relayRttMs : 0;
		const reply = status === undefined ? soundReply(service.kind, pathname) : failure(status);
		return {...reply, afterMs: between(...service.answersInMs) + extraMs + relayed};
	});
	if (service.kind === 'livekit') refuseUpgrades(server, service, world);
	return server;
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
	tts: {status: 'healthy', service: 'tts', model: 'xtts-v2', device: 'cuda:0'},
	stt: {status: 'healthy', service: 'stt', model: 'whisper-large-v3', device: 'cuda:0'},
};
