/**
 * Many embedded labs at once, each with the daemon that watches it in a process of its own, at the pace that users have: intervals
 * and deadlines of checks and sources are the defaults.
 */

import {fork} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {nodeEnvironment, nodeFlags} from '../../../../scripts/as-started.ts';
import type {FromLab, ToLab} from './lab-process.ts';

/** One lab, and the daemon that watches it. */
export interface EmbeddedLab {
	/** Where the daemon is scraped, host and port. */
	address: string;
	/** Switches faults on; resolves when the lab behaves so. Rejects for an unknown name. */
	break(faults: readonly string[]): Promise<void>;
	/** Ends every fault. */
	heal(): Promise<void>;
	/** Resolves when the daemon finds everything up, direct and read; rejects after five minutes with what it does not. */
	untilSound(): Promise<void>;
	stop(): Promise<void>;
}

const program = fileURLToPath(new URL('lab-process.ts', import.meta.url));

/** Starts one; resolves when it can be scraped. */
export async function startEmbeddedLab(): Promise<EmbeddedLab> {
	const child = fork(program, {
		execArgv: [...nodeFlags],
		env: {...process.env, ...nodeEnvironment},
		stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
	});
	let lastId = 0;
	const waiting = new Map<number, (answer: FromLab) => void>();
	child.on('message', (answer: FromLab) => {
		waiting.get(answer.id)?.(answer);
		waiting.delete(answer.id);
	});
	const exited = new Promise<void>(resolve => child.once('exit', () => resolve()));
	void exited.then(() => {
		for (const settle of waiting.values()) settle({id: 0, error: 'The process of the lab ended.'});
	});
	const ask = async (asked: ToLab['do'], faults: readonly string[] = []): Promise<string> => {
		const id = ++lastId;
		const answer = await new Promise<FromLab>(resolve => {
			waiting.set(id, resolve);
			child.send({id, do: asked, faults} satisfies ToLab, error => error && resolve({id, error: error.message}));
		});
		if (answer.error !== undefined) throw new Error(answer.error);
		return answer.address ?? '';
	};
	const stop = async () => {
		if (child.connected) child.disconnect();
		await exited;
	};
	try {
		const address = await ask('start');
		return {
			address,
			break: async faults => void (await ask('break', faults)),
			heal: async () => void (await ask('heal')),
			untilSound: async () => void (await ask('await-sound')),
			stop,
		};
	} catch (error) {
		await stop();
		throw error;
	}
}
