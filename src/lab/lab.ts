/** The embedded lab: a June platform on loopback, in one process of its own, with faults to switch on. */

import {type ChildProcess, fork} from 'node:child_process';
import {rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {fileURLToPath} from 'node:url';
import {UserError} from '../util/errors.ts';
import {ownFile} from '../util/own-file.ts';
import {commandLab} from './commanding.ts';
import {describeConfig} from './config.ts';
import {claimDirectory, controlPathIn, makePrivateDirectory, removeRemains} from './directory.ts';
import {faults, findFault} from './faults.ts';
import type {Answer, Command, FromServers, LabFacts, StartMessage, ToServers} from './messages.ts';
import {type NodeName, nodes} from './platform.ts';

export interface LabOptions {
	/** No lines on standard output when a fault goes on or off. */
	quiet?: boolean;
	/** `preferred`: the ports of the real platform where they are free. Default `free`: any. */
	ports?: 'free' | 'preferred';
	/** With it, other terminals can command the lab through this directory, and there is only one there (see `labDirectory`). */
	directory?: string;
}

export interface Lab {
	/** YAML configuration for the daemon. */
	config: string;
	/** Process of the lab's servers. */
	pid: number;
	/** Where everything listens. */
	urls: LabFacts;
	nodes: readonly {name: NodeName; address: string}[];
	/** Every fault there is, and whether it is on. */
	faults(): FaultView[];
	/** Switches a fault on; resolves when the lab behaves so. Throws a UserError for an unknown name. */
	break(name: string): Promise<void>;
	/** Switches a fault off, or all of them. Throws a UserError for an unknown name. */
	heal(name?: string): Promise<void>;
	/** Has the lab tell other terminals where the page of the daemon is that watches it. */
	watchedAt(url: string): void;
	/** Ends the lab; afterwards no process and no file of it is left. */
	stop(): Promise<void>;
	/** Resolves when the servers have ended: true when `stop` was called, false when they ended by themselves. */
	ended: Promise<boolean>;
}

export interface FaultView {
	name: string;
	effect: string;
	see: string;
	on: boolean;
}

const startTimeoutMs = 20_000;
const stopTimeoutMs = 3000;

/** Starts the lab. Throws a UserError when one runs already in that directory, or when this machine cannot have one. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
	const directory = await findPlace(options.directory);
	const controlPath = options.directory === undefined ? undefined : controlPathIn(options.directory);
	const active = new Set<string>();
	const child = fork(fileURLToPath(ownFile('./servers.ts', import.meta.url)), {
		execArgv: [],
		stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
	});
	const exited = new Promise<void>(resolve => {
		const end = () => {
			// They remove their files themselves unless they were killed.
			rmSync(directory, {recursive: true, force: true});
			if (controlPath !== undefined) rmSync(controlPath, {force: true});
			resolve();
		};
		child.once('exit', end);
		// It could not be started at all, then there is no exit.
		child.once('error', () => child.pid === undefined && end());
	});

	let facts: LabFacts;
	try {
		facts = await start(child, exited, {
			kind: 'start',
			directory,
			usualPorts: options.ports === 'preferred',
			...(controlPath === undefined ? {} : {controlPath}),
		});
	} catch (error) {
		await endProcess(child, exited);
		throw error;
	}
	child.on('message', (message: FromServers) => {
		if (message.kind !== 'switched') return;
		if (message.on) active.add(message.fault);
		else active.delete(message.fault);
		if (!options.quiet) process.stdout.write(`${timeOfDay()} ${describeSwitch(message.fault, message.on)}\n`);
	});

	const command = commander(child, exited);
	let stopped = false;
	return {
		config: describeConfig(facts),
		pid: child.pid ?? 0,
		urls: facts,
		nodes: nodes.map(({name, address}) => ({name, address})),
		faults: () => faults.map(({name, effect, see}) => ({name, effect, see, on: active.has(name)})),
		async break(name) {
			checkName(name);
			await command({do: 'break', fault: name});
		},
		async heal(name) {
			if (name !== undefined) checkName(name);
			await command(name === undefined ? {do: 'heal'} : {do: 'heal', fault: name});
		},
		watchedAt: url => send(child, {kind: 'watched', url}),
		async stop() {
			stopped = true;
			await endProcess(child, exited);
		},
		ended: exited.then(() => stopped),
	};
}

/** The sentence for a name that is no fault. */
export function unknownFault(name: string): UserError {
	const known = faults.map(fault => fault.name).join(', ');
	return new UserError(`There is no fault named ${JSON.stringify(name)}. There are: ${known}.`, 64);
}

function checkName(name: string): void {
	if (!findFault(name)) throw unknownFault(name);
}

/** A private directory for the new lab. */
async function findPlace(shared: string | undefined): Promise<string> {
	if (process.getuid === undefined)
		throw new UserError('The lab needs unix sockets and the addresses of 127.0.0.0/8: run it on Linux or macOS.', 69);
	if (shared === undefined) return makePrivateDirectory(tmpdir(), 'tailprobe-lab');
	claimDirectory(shared);
	const running = await commandLab(shared, {do: 'status'});
	if (running) {
		const page = running.ok && running.status.url ? `, page ${running.status.url}` : '';
		const who = running.ok ? ` (process ${running.status.pid}${page})` : '';
		throw new UserError(`A lab of yours is running already${who}. End it with Ctrl-C in its terminal first.`, 69);
	}
	removeRemains(shared);
	return makePrivateDirectory(shared, 'run');
}

function start(child: ChildProcess, exited: Promise<void>, message: StartMessage): Promise<LabFacts> {
	return new Promise((resolve, reject) => {
		const fail = (what: string) => reject(new Error(`the process of the lab's servers ${what}`));
		const timer = setTimeout(() => fail(`was not ready after ${startTimeoutMs / 1000} s`), startTimeoutMs);
		child.once('error', error => fail(`could not be started: ${error.message}`));
		void exited.then(() => fail('ended while it was starting'));
		child.once('message', (answer: FromServers) => {
			clearTimeout(timer);
			if (answer.kind === 'started') resolve(answer.facts);
			else if (answer.kind === 'failed' && answer.exitCode !== 70)
				reject(new UserError(answer.message, answer.exitCode));
			else fail(answer.kind === 'failed' ? `failed: ${answer.message}` : 'said something unexpected');
		});
		send(child, message);
	});
}

/** Sends commands and matches the answers by number. */
function commander(child: ChildProcess, exited: Promise<void>): (command: Command) => Promise<void> {
	const waiting = new Map<number, (answer: Answer) => void>();
	let lastId = 0;
	child.on('message', (message: FromServers) => {
		if (message.kind !== 'answer') return;
		waiting.get(message.id)?.(message.answer);
		waiting.delete(message.id);
	});
	void exited.then(() => {
		for (const settle of waiting.values()) settle({ok: false, message: 'The lab has ended.'});
	});
	return async command => {
		const id = ++lastId;
		const answer = await new Promise<Answer>(resolve => {
			if (!child.connected) return resolve({ok: false, message: 'The lab has ended.'});
			waiting.set(id, resolve);
			send(child, {kind: 'command', id, command});
		});
		if (!answer.ok) throw new UserError(answer.message, 69);
	};
}

async function endProcess(child: ChildProcess, exited: Promise<void>): Promise<void> {
	// The servers end when their channel closes.
	if (child.connected) child.disconnect();
	const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
	await exited;
	clearTimeout(timer);
}

function send(child: ChildProcess, message: ToServers): void {
	// A channel that is gone shows as the end of the process.
	child.send(message, () => {});
}

function describeSwitch(name: string, on: boolean): string {
	return on ? `Broken: ${name}. ${findFault(name)?.effect}` : `Healed: ${name}.`;
}

/** As the log of the daemon, which stands between these lines, tells it. */
function timeOfDay(): string {
	return new Date().toISOString().slice(11, 19);
}
