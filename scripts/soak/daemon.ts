/** The daemon under soak or abuse: `tailprobe serve` as a child, with what it wrote. */

import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath} from 'node:url';
import {nodeEnvironment, nodeFlags} from '../as-started.ts';

export interface SoakedDaemon {
	pid: number;
	url: string;
	child: ChildProcess;
	/** Lines of its log, and whatever else came by standard error. */
	lines: string[];
	/** SIGTERM; answers how it ended and how long it took. */
	end(): Promise<{code: number | null; signal: string | null; seconds: number}>;
}

const root = new URL('../../', import.meta.url);

/** Resolves when it is ready. Throws with its last words when it ends before that. */
export async function startDaemon(
	configPath: string,
	port: number,
	options: {hook?: string; environment?: Record<string, string>} = {},
): Promise<SoakedDaemon> {
	const flags = [...nodeFlags, ...(options.hook === undefined ? [] : ['--import', options.hook])];
	const child = spawn(
		process.execPath,
		[...flags, fileURLToPath(new URL('src/main.ts', root)), 'serve', '--config', configPath],
		{stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, ...nodeEnvironment, ...options.environment}},
	);
	const lines: string[] = [];
	for (const stream of [child.stdout, child.stderr]) {
		let rest = '';
		stream.setEncoding('utf8').on('data', (text: string) => {
			const parts = (rest + text).split('\n');
			rest = parts.pop() ?? '';
			lines.push(...parts);
		});
		stream.on('end', () => rest !== '' && lines.push(rest));
	}
	const exited = once(child, 'exit');
	process.on('exit', () => child.kill('SIGKILL'));
	const url = `http://127.0.0.1:${port}`;
	for (;;) {
		if (child.exitCode !== null) throw new Error(`the daemon ended at once: ${lines.slice(-10).join('\n')}`);
		const ready = await fetch(`${url}/-/ready`).catch(() => undefined);
		await ready?.body?.cancel();
		if (ready?.status === 200) break;
		await new Promise(resolve => setTimeout(resolve, 100));
	}
	return {
		pid: child.pid ?? 0,
		url,
		child,
		lines,
		async end() {
			const began = performance.now();
			child.kill('SIGTERM');
			const giveUp = setTimeout(() => child.kill('SIGKILL'), 30_000);
			const [code, signal] = (await exited) as [number | null, string | null];
			clearTimeout(giveUp);
			return {code, signal, seconds: (performance.now() - began) / 1000};
		},
	};
}
