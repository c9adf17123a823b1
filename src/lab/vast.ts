/** The lab's vast.ai: the list of the rented GPU machines as its API pages it, with what else stands in an entry there. */

import {randomBytes, timingSafeEqual} from 'node:crypto';
import type {IncomingMessage} from 'node:http';
import type {VastMood} from './conditions.ts';
import type {Identities, Identity} from './identity.ts';
import {closeHttp, listenTogether} from './listening.ts';
import {gpuNodeNames, rejoinedName} from './platform.ts';
import {createReplyServer, json, type Reply, text} from './reply.ts';

export interface Vast {
	/** Address without a path. */
	url: string;
	apiKey: string;
	stop(): Promise<void>;
}

export interface VastOptions {
	/** The port to take where it is free; 0 takes any. */
	port: number;
	mood?(): VastMood;
	/** Whether one more instance is rented, which runs and never joins the tailnet. */
	hasStray?(): boolean;
}

/** Starts it on 127.0.0.1. Each GPU machine was rented a minute and a half before it joined; its label is the name of its node. */
export async function startVast(
	identities: Identities,
	{port, mood = () => 'answers', hasStray = () => false}: VastOptions,
): Promise<Vast> {
	const apiKey = randomBytes(32).toString('hex');
	const strayStartMs = Date.now();
	const server = createReplyServer((request, url) => {
		const now = mood();
		if (now === 'frozen') return undefined;
		if (now === 'busy') return text(429, 'API requests too frequent endpoint threshold=2.0', 'text/plain');
		if (now === 'down') return text(502, '<html><head><title>502 Bad Gateway</title></head></html>', 'text/html');
		return replyTo(request, url);
	});

	function replyTo(request: IncomingMessage, {pathname, searchParams}: URL): Reply {
		if (request.method !== 'GET') return refuse(405, 'method not allowed');
		if (!isAuthorized(request, apiKey)) return refuse(401, 'Invalid user key');
		if (pathname !== '/api/v1/instances/') return refuse(404, 'no such endpoint');
		const limit = Number(searchParams.get('limit') ?? '25');
		if (!(limit >= 1 && limit <= 25)) return refuse(400, 'limit must be between 1 and 25');
		const all = instances();
		const from = Number(searchParams.get('after_token') ?? '0') || 0;
		const columns = columnsOf(searchParams.get('select_cols'));
		const page = all.slice(from, from + limit);
		return json({
			success: true,
			total_instances: all.length,
			label_counts: {},
			next_token: from + limit < all.length ? String(from + limit) : null,
			instances: page.map(entry =>
				columns ? Object.fromEntries(columns.map(column => [column, entry[column] ?? null])) : entry,
			),
		});
	}

	function instances(): Record<string, unknown>[] {
		const machines = identities.nodes.filter(
			({name}) => name !== rejoinedName && (gpuNodeNames as readonly string[]).includes(name),
		);
		const rented = machines.map((node, at) => describe(27_700_001 + at, node));
		if (!hasStray()) return rented;
		const stray = {
			...anInstance(27_700_900, strayStartMs),
			label: null,
			public_ipaddr: '10.77.0.90',
			status_msg: 'success, running',
		};
		return [...rented, stray];
	}

	const at = await listenTogether([{server, address: '127.0.0.1'}], port);
	return {url: `http://127.0.0.1:${at}`, apiKey, stop: () => closeHttp(server)};
}

const bootMs = 90_000;

/** That a machine froze is noticed there only minutes later. */
function describe(id: number, {name, endpoint, createdAt}: Identity): Record<string, unknown> {
	return {
		...anInstance(id, createdAt - bootMs),
		label: name,
		public_ipaddr: endpoint.split(':', 1)[0],
		status_msg: 'success, running',
	};
}

const dayMs = 86_400_000;

function anInstance(id: number, startMs: number): Record<string, unknown> {
	return {
		id,
		machine_id: 12_000 + (id % 1000),
		host_id: 600 + (id % 10),
		gpu_name: 'RTX 4090',
		num_gpus: 1,
		gpu_util: 23,
		gpu_temp: 58,
		actual_status: 'running',
		intended_status: 'running',
		cur_state: 'running',
		dph_total: 0.37,
		start_date: startMs / 1000,
		end_date: (startMs + 60 * dayMs) / 1000,
		reliability2: 0.9968,
		ssh_host: 'ssh5.vast.ai',
		ssh_port: 10_000 + (id % 1000),
		jupyter_token: 'lab-jupyter-token',
		onstart: 'tailscale up --authkey=lab-auth-key',
		extra_env: [['TAILSCALE_AUTH_KEY', 'lab-auth-key']],
	};
}

function columnsOf(raw: string | null): string[] | undefined {
	try {
		const columns: unknown = JSON.parse(raw ?? 'null');
		return Array.isArray(columns) ? columns.map(String) : undefined;
	} catch {
		return undefined;
	}
}

function refuse(status: number, msg: string): Reply {
	return {...json({success: false, error: 'error', msg}), status};
}

function isAuthorized(request: IncomingMessage, apiKey: string): boolean {
	const given = Buffer.from(request.headers.authorization ?? '');
	const wanted = Buffer.from(`Bearer ${apiKey}`);
	return given.length === wanted.length && timingSafeEqual(given, wanted);
}
