/**
 * The process that holds all servers of the lab, so that they do not share the loop of the measuring one. Started by `lab.ts`;
 * it ends, and takes its files along, when that process is gone, however that came about.
 */

import {rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {messageOf, UserError} from '../util/errors.ts';
import {type LabAgents, startAgents} from './agents.ts';
import {makeCertificates} from './certificates.ts';
import {serveControl} from './control.ts';
import {startDerp} from './derp.ts';
import {startExposure} from './exposure.ts';
import {startHeadscale} from './headscale.ts';
import {makeIdentities} from './identity.ts';
import {startMagicDns} from './magic-dns.ts';
import type {Answer, Command, FromServers, StartMessage, ToServers} from './messages.ts';
import {domain, ownName} from './platform.ts';
import {startServices} from './services.ts';
import {startStun} from './stun.ts';
import {startTailscaled} from './tailscaled.ts';
import {startVast} from './vast.ts';
import {createWorld, type World} from './world.ts';

let directory: string | undefined;
let controlPath: string | undefined;
let agents: LabAgents | undefined;
let watchedAt: string | undefined;
let carryOut: ((command: Command) => Promise<Answer>) | undefined;

process.on('disconnect', end);
process.on('SIGTERM', end);
// Ctrl-C reaches every process of the terminal; the one that started us decides.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
// The starter may have died while we were loading.
if (!process.connected) end();

process.on('message', async (message: ToServers) => {
	if (message.kind === 'start') {
		try {
			await start(message);
		} catch (error) {
			tell({kind: 'failed', message: messageOf(error), exitCode: error instanceof UserError ? error.exitCode : 70});
		}
	} else if (message.kind === 'watched') watchedAt = message.url;
	else if (carryOut) tell({kind: 'answer', id: message.id, answer: await carryOut(message.command)});
});

async function start(message: StartMessage): Promise<void> {
	directory = message.directory;
	const startedAt = Date.now();
	const identities = makeIdentities(startedAt);
	const apiKeyFile = join(directory, 'headscale-api-key');
	const tailscaledSocket = join(directory, 'tailscaled.sock');
	writeFileSync(apiKeyFile, `${identities.apiKey}\n`, {mode: 0o600});
	const world = createWorld((fault, on) => tell({kind: 'switched', fault, on}));
	carryOut = command => carryOutIn(world, command, startedAt);

	const usual = message.usualPorts;
	const certificates = makeCertificates(['june-orchestrator', `june-orchestrator.${domain}`], startedAt);
	const caFile = join(directory, 'authority.pem');
	writeFileSync(caFile, certificates.ca, {mode: 0o600});
	const [derpPort, stunPort, dnsPort, headscale, servicePorts, publicPort, vast] = await Promise.all([
		startDerp(world),
		startStun(world),
		startMagicDns(world),
		startHeadscale(world, identities, usual ? {api: 50_481, metrics: 50_480} : {api: 0, metrics: 0}),
		startServices(world, usual, certificates),
		startExposure(world),
		startVast(identities, {
			port: 0,
			mood: () => world.conditions.vast.mood,
			hasStray: () => world.conditions.vast.hasStray,
		}),
	]);
	const vastKeyFile = join(directory, 'vast-api-key');
	writeFileSync(vastKeyFile, `${vast.apiKey}\n`, {mode: 0o600});
	const [started] = await Promise.all([
		startAgents({world, identities, directory, derpPort, dnsPort, usualPort: usual ? 9754 : 0}),
		startTailscaled(world, identities, {own: ownName, socketPath: tailscaledSocket, derpPort}),
	]);
	agents = started;
	if (message.controlPath !== undefined) {
		await serveControl(message.controlPath, carryOut);
		controlPath = message.controlPath;
	}
	tell({
		kind: 'started',
		facts: {
			headscaleUrl: headscale.url,
			headscaleMetricsUrl: headscale.metricsUrl,
			servicePorts,
			dnsServer: `127.0.0.1:${dnsPort}`,
			derpUrl: `http://127.0.0.1:${derpPort}`,
			stunServer: `127.0.0.1:${stunPort}`,
			tailscaledSocket,
			caFile,
			publicPort,
			apiKeyFile,
			agentPort: started.port,
			agentSecretFile: started.secretFile,
			vastUrl: vast.url,
			vastKeyFile,
		},
	});
}

async function carryOutIn(world: World, command: Command, startedAt: number): Promise<Answer> {
	try {
		const known =
			command.do === 'break'
				? await world.break(command.fault)
				: command.do === 'heal'
					? await world.heal(command.fault)
					: true;
		if (!known) return {ok: false, message: 'There is no such fault.'};
	} catch (error) {
		return {ok: false, message: `The fault was switched, but a part of the lab failed at it: ${messageOf(error)}.`};
	}
	const active = [...world.active].map(([name, since]) => ({name, since}));
	return {ok: true, status: {pid: process.pid, startedAt, active, url: watchedAt}};
}

function tell(message: FromServers): void {
	// When the channel is gone, so is whoever would listen, and `disconnect` follows.
	if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function end(): void {
	agents?.stop();
	if (directory !== undefined) rmSync(directory, {recursive: true, force: true});
	if (controlPath !== undefined) rmSync(controlPath, {force: true});
	process.exit(0);
}
