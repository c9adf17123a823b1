/** A vast.ai on loopback: pages of instances, with the secrets that the real one puts beside what is asked for. */

import type {RequestListener} from 'node:http';
import type {ExecutionContext} from 'ava';
import {type AnsweringServer, answer} from './answering-server.ts';

/** The key that it takes. */
export const vastKey = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';

/** What must never come out of an answer. */
export const vastSecrets = {
	jupyter_token: 'SECRET-jupyter-df77e27085bd4b3b',
	onstart: 'tailscale up --authkey=SECRET-onstart-tskey',
	extra_env: [['TAILSCALE_AUTH_KEY', 'SECRET-env-tskey']],
	image_login: '-u me -p SECRET-login',
};

/** An instance as vast.ai tells it, running for an hour. */
export function aRawInstance(over: Record<string, unknown> = {}): Record<string, unknown> {
	return {
		id: 27_711_234,
		machine_id: 12_345,
		host_id: 678,
		label: null,
		gpu_name: 'RTX 4090',
		num_gpus: 1,
		gpu_util: 37.5,
		gpu_temp: 61,
		actual_status: 'running',
		intended_status: 'running',
		cur_state: 'running',
		next_state: 'running',
		dph_total: 0.42,
		start_date: 1_700_000_000.25,
		end_date: 1_700_604_800,
		duration: -0.3,
		reliability2: 0.9971,
		status_msg: 'success, running ozzuworld/june-gpu-multi_latest/ssh',
		ssh_host: 'ssh5.vast.ai',
		ssh_port: 11_234,
		public_ipaddr: '203.0.113.7',
		inet_up: null,
		...vastSecrets,
		...over,
	};
}

export interface VastServerOptions {
	instances?: () => readonly Record<string, unknown>[];
	/** Keys that are taken. */
	keys?: () => readonly string[];
	/** There is no newer list. */
	onlyOld?: boolean;
	/** Called before anything else; true: it has answered. */
	instead?: (...request: Parameters<RequestListener>) => boolean;
}

export interface VastServer extends AnsweringServer {
	url: string;
}

/** Answers as vast.ai does: at most 25 instances a page, only the columns that were asked for, errors in several shapes. */
export async function serveVast(t: ExecutionContext, options: VastServerOptions = {}): Promise<VastServer> {
	const {instances = () => [aRawInstance()], keys = () => [vastKey], onlyOld = false, instead} = options;
	const server = await answer(t, (request, response) => {
		if (instead?.(request, response)) return;
		const url = new URL(request.url ?? '/', 'http://vast');
		const send = (status: number, body: unknown) =>
			response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify(body));
		if (!keys().some(key => request.headers.authorization === `Bearer ${key}`))
			return send(401, {success: false, error: 'auth_error', msg: 'Invalid user key'});
		if (url.pathname === '/api/v0/instances/')
			return send(200, {instances_found: instances().length, instances: instances()});
		if (url.pathname !== '/api/v1/instances/' || onlyOld) return send(404, {success: false, msg: 'no such endpoint'});
		const limit = Number(url.searchParams.get('limit') ?? '25');
		if (!(limit >= 1 && limit <= 25)) return send(400, {success: false, msg: 'limit must be between 1 and 25'});
		const from = Number(url.searchParams.get('after_token') ?? '0');
		const columns = JSON.parse(url.searchParams.get('select_cols') ?? 'null') as string[] | null;
		const page = instances().slice(from, from + limit);
		const next = from + limit;
		return send(200, {
			success: true,
			total_instances: instances().length,
			label_counts: {},
			next_token: next < instances().length ? String(next) : null,
			instances: page.map(entry =>
				columns ? Object.fromEntries(columns.map(column => [column, entry[column]])) : entry,
			),
		});
	});
	return {...server, url: `http://127.0.0.1:${server.port}`};
}
