/** Asks the parts of a lab, and compares the shape of what they say with recordings. */

import {readFileSync} from 'node:fs';
import {request} from 'node:http';
import type {ExecutionContext} from 'ava';
import {type Lab, startLab} from '../../src/lab/lab.ts';

export interface Answer {
	status: number;
	headers: NodeJS.Dict<string | string[]>;
	body: string;
}

/** A lab that ends with the test file. */
export async function aLab(t: {after: {always(end: () => Promise<void>): void}}): Promise<Lab> {
	const lab = await startLab({quiet: true});
	t.after.always(() => lab.stop());
	return lab;
}

/** One request; `silence` when nothing came within the time, `refused` when nobody listens. */
export function ask(
	target: string | {socketPath: string; path: string},
	options: {method?: string; headers?: Record<string, string>; withinMs?: number} = {},
): Promise<Answer | 'silence' | 'refused' | 'reset'> {
	const {withinMs = 5000, ...rest} = options;
	return new Promise((resolve, reject) => {
		const signal = AbortSignal.timeout(withinMs);
		const settings = {...rest, signal, agent: false as const};
		const sent =
			typeof target === 'string'
				? request(target, settings)
				: request({...target, ...settings, setHost: false, headers: {Host: 'local-tailscaled.sock', ...rest.headers}});
		sent.on('response', response => {
			let body = '';
			response.setEncoding('utf8').on('data', data => {
				body += data;
			});
			response.on('end', () => resolve({status: response.statusCode ?? 0, headers: response.headers, body}));
		});
		sent.on('error', (error: NodeJS.ErrnoException) => {
			if (signal.aborted) resolve('silence');
			else if (error.code === 'ECONNREFUSED') resolve('refused');
			else if (error.code === 'ECONNRESET') resolve('reset');
			else reject(error);
		});
		sent.end();
	});
}

/** The JSON of an answer that must have come. */
export function jsonOf<T>(t: ExecutionContext, answer: Answer | string): T {
	if (typeof answer === 'string') throw t.fail(`no answer: ${answer}`) as unknown as Error;
	return JSON.parse(answer.body) as T;
}

export function localApi(lab: Lab, path: string) {
	return {socketPath: lab.urls.tailscaledSocket, path: `/localapi/v0/${path}`};
}

/** A ping through the LocalAPI; half a second without an answer counts as lost. */
export function ping(lab: Lab, name: string, type: string) {
	const address = lab.nodes.find(node => node.name === name)?.address;
	return ask(localApi(lab, `ping?ip=${address}&type=${type}`), {method: 'POST', withinMs: 500});
}

export function apiHeaders(lab: Lab): Record<string, string> {
	return {Authorization: `Bearer ${readFileSync(lab.urls.apiKeyFile, 'utf8').trim()}`};
}

export function fixture(name: string): string {
	return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
}

/** Every path of keys in a value; items of arrays and keys of machines are one. */
export function keyPaths(value: unknown, at = ''): string[] {
	if (Array.isArray(value)) return [...new Set(value.flatMap(item => keyPaths(item, `${at}[]`)))];
	if (typeof value !== 'object' || value === null) return [at];
	return [
		...new Set(
			Object.entries(value).flatMap(([key, inner]) =>
				keyPaths(inner, `${at}.${key.startsWith('nodekey:') ? '*' : key}`),
			),
		),
	].sort();
}

/** Families of an exposition: name → type and names of labels. */
export function families(exposition: string): Map<string, string> {
	const found = new Map<string, string>();
	for (const [, name = '', type] of exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
		const labels = new Set<string>();
		const samples = new RegExp(`^${name}(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? `, 'gm');
		for (const [, text = ''] of exposition.matchAll(samples))
			for (const [, label = ''] of text.matchAll(/(\w+)="/g)) labels.add(label);
		found.set(name, [type, ...[...labels].sort()].join(' '));
	}
	return found;
}

/** Whether a process runs; one that ended and was not yet collected does not. */
export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
	} catch (error) {
		// Without /proc the first line has decided.
		return (error as NodeJS.ErrnoException).code === 'ENOENT' && process.platform !== 'linux';
	}
}

/** Waits until the condition holds; fails the test after ten seconds. */
export async function until(t: ExecutionContext, what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
	const giveUpAt = performance.now() + 10_000;
	while (!(await holds())) {
		if (performance.now() > giveUpAt) return void t.fail(`waited in vain: ${what}`);
		await new Promise(resolve => setTimeout(resolve, 20));
	}
}
