/** A shell of this machine as if it were another's, for tests of what is carried and read. */

import {execa} from 'execa';
import type {Check} from '../../src/engine/types.ts';
import type {ShellRun, ShellTransport} from '../../src/vantages/shell-transport.ts';

export interface LocalShell extends ShellTransport {
	/** Scripts that were run. */
	scripts: string[];
}

export interface LocalShellOptions {
	/** The shell and its first arguments. */
	shell?: readonly string[];
	maxScriptBytes?: number;
	path?: string;
	/** Nothing but what is on the path is found. */
	hide?: boolean;
	/** What becomes of a run's output on its way. */
	change?: (run: ShellRun) => ShellRun;
}

export function localShell(options: LocalShellOptions = {}): LocalShell {
	const {
		shell = ['sh'],
		maxScriptBytes = 100_000,
		path = process.env.PATH ?? '',
		hide = false,
		change = run => run,
	} = options;
	const scripts: string[] = [];
	const [program = 'sh', ...first] = shell;
	return {
		type: 'ssh',
		maxScriptBytes,
		scripts,
		async run(script, {deadlineMs, maxBytes, signal}) {
			scripts.push(script);
			const begunAt = performance.now();
			const result = await execa(program, [...first, '-s'], {
				input: hide ? script.replace(/PATH=\$PATH:\S+/, 'PATH=$PATH') : script,
				encoding: 'buffer',
				stripFinalNewline: false,
				reject: false,
				timeout: Math.max(1, deadlineMs),
				maxBuffer: maxBytes,
				cancelSignal: signal,
				killDescendants: true,
				extendEnv: false,
				env: {PATH: path},
			});
			const roundTripMs = performance.now() - begunAt;
			const stderr = Buffer.from(result.stderr ?? '').toString();
			const stdout = Buffer.from(result.stdout ?? '');
			return change({
				kind: 'ran',
				stdout,
				stderr,
				roundTripMs,
				...(result.exitCode === undefined ? {} : {status: result.exitCode}),
			});
		},
		async stop() {},
	};
}

/** A check whose options are already as its schema returns them. */
export function shellCheck(type: string, address: string, options: unknown, more: Partial<Check> = {}): Check {
	return {
		key: `${type}/there/${address}`,
		name: type,
		type,
		vantage: 'there',
		target: {name: 'target', address, via: 'direct', peer: ''},
		options,
		intervalMs: 15_000,
		timeoutMs: 3000,
		confirm: 1,
		detail: 'full',
		histogram: false,
		...more,
	};
}
