/**
 * Ports that swallow whatever comes, as those of a machine that is gone or behind a firewall do. On loopback the kernel takes
 * connections for every listener; only one whose queue is full is left without an answer.
 */

import {connect, type Socket} from 'node:net';
import {Worker} from 'node:worker_threads';
import {messageOf} from '../util/errors.ts';
import {ownFile} from '../util/own-file.ts';

export interface Port {
	address: string;
	port: number;
}

export interface SilentPorts {
	/** From now on these are silent, and those that were before are free again. Throws where one is taken. */
	become(ports: readonly Port[]): Promise<void>;
}

/** What the thread is given. */
export interface SilentThreadData {
	ports: readonly Port[];
	/** Waited for: it ends when the first number is not 0 any more. */
	end: Int32Array;
}

/** A backlog of one holds two. */
const queueLength = 2;
/** Loopback answers within a millisecond, or not at all. */
const unansweredMs = 500;

/** None is silent yet. */
export function createSilentPorts(): SilentPorts {
	let now: readonly Port[] = [];
	let close = async () => {};
	return {
		async become(ports) {
			if (JSON.stringify(ports) === JSON.stringify(now)) return;
			await close();
			now = [];
			close = async () => {};
			if (ports.length > 0) close = await open(ports);
			now = ports;
		},
	};
}

async function open(ports: readonly Port[]): Promise<() => Promise<void>> {
	const end = new Int32Array(new SharedArrayBuffer(4));
	const workerData: SilentThreadData = {ports, end};
	const thread = new Worker(ownFile('./silent-thread.ts', import.meta.url), {
		workerData,
		resourceLimits: {maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2},
	});
	const ended = new Promise(resolve => thread.once('exit', resolve));
	await listening(thread);
	const queued = await Promise.all(ports.flatMap(port => Array.from({length: queueLength}, () => queueUp(port))));
	return async () => {
		for (const socket of queued) socket.destroy();
		Atomics.store(end, 0, 1);
		Atomics.notify(end, 0);
		await ended;
	};
}

function listening(thread: Worker): Promise<void> {
	return new Promise((resolve, reject) => {
		thread.once('message', () => resolve());
		thread.once('error', error => reject(new Error(`a port cannot be made silent: ${messageOf(error)}`)));
		thread.once('exit', () => reject(new Error('the thread with the silent ports ended')));
	});
}

/** Where a probe was quicker, the queue is as full by that one, and ours stays unanswered. */
function queueUp({address, port}: Port): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const socket = connect(port, address);
		const queued = () => {
			clearTimeout(timer);
			socket.off('error', reject).on('error', () => {});
			resolve(socket);
		};
		const timer = setTimeout(queued, unansweredMs);
		socket.once('connect', queued);
		socket.once('error', reject);
	});
}
