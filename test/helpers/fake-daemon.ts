/** A daemon that measures nothing: a `DaemonView` made of plain data, for the HTTP side, the page and the command line. */

import http from 'node:http';
import type {Check, Outcome} from '../../src/engine/types.ts';
import {noMachines} from '../../src/inventory/machine-types.ts';
import type {TailnetNode} from '../../src/inventory/types.ts';
import {createApp, type LogLine, startServer} from '../../src/server/app.ts';
import type {AdhocAnswer, AdhocRequest, CheckView, DaemonView, NodeView} from '../../src/server/types.ts';
import type {VantageState} from '../../src/vantages/types.ts';
import {aCheck, anOutcome, aReading} from './checks.ts';

export {aCheck, anOutcome, aReading};

/** When everything in here happened. */
export const someTime = 1_700_000_000_000;

/** An answered HTTP run with everything that the probe reads. */
export function anHttpOutcome(part: Partial<Outcome> = {}): Outcome {
	return anOutcome({
		reading: {
			ok: true,
			phases: {resolve: 0.0012, connect: 0.0021, tls: 0.004, processing: 0.0045, transfer: 0.0007},
			values: {
				status_code: 200,
				content_length: 2,
				body_bytes: 2,
				redirects: 0,
				ssl: 1,
				tls_earliest_cert_expiry_seconds: 1_790_000_000,
			},
			facts: {
				address: '100.64.0.3',
				family: '4',
				http_version: '1.1',
				tls_version: 'TLSv1.3',
				tls_cipher: 'TLS_AES_128_GCM_SHA256',
				final_url: 'https://june-orchestrator:8080/healthz',
				resolved_by: 'magicdns',
				phase: 'transfer',
			},
		},
		...part,
	});
}

export function aCheckView(part: Partial<CheckView> = {}): CheckView {
	return {
		check: aCheck(),
		verdict: 'up',
		ran: true,
		confirmed: false,
		last: anHttpOutcome(),
		strip: Array.from({length: 60}, () => ({up: 2, down: 0, unknown: 0, worstSeconds: 0.013})),
		...part,
	};
}

export function aNode(part: Partial<TailnetNode> = {}): TailnetNode {
	return {
		id: '1',
		name: 'june-orchestrator',
		resolvable: true,
		addresses: ['100.64.0.3'],
		owner: 'june',
		tags: [],
		online: true,
		ephemeral: false,
		lastSeenMs: someTime,
		...part,
	};
}

export function aNodeView(part: Partial<NodeView> = {}): NodeView {
	return {node: aNode(), tunnels: [{vantage: 'cluster', verdict: 'up', path: 'direct', rttSeconds: 0.0061}], ...part};
}

export function aVantage(part: Partial<VantageState> = {}): VantageState {
	return {
		name: 'cluster',
		type: 'local',
		condition: 'sound',
		latenessMs: 0.4,
		runsInFlight: 0,
		runs: {started: 0, up: 0, down: 0, unknown: 0},
		skippedSlots: {overlap: 0, late: 0},
		threadRestarts: 0,
		facts: {backendState: 'Running'},
		...part,
	};
}

/** What an ad hoc run answers by default: an HTTP target that is up. */
export function ranAnswer(outcome: Outcome = anHttpOutcome({kind: 'adhoc'}), check: Check = aCheck()): AdhocAnswer {
	return {
		kind: 'ran',
		check,
		outcome,
		timeoutMs: 5000,
		module: {name: 'http_2xx', prober: 'http', text: 'prober: http\nhttp:\n  basic_auth: <redacted>\n'},
	};
}

export interface FakeDaemon extends DaemonView {
	/** The ad hoc requests that came. */
	readonly asked: AdhocRequest[];
	/** How often a reload was asked for. */
	reloads: number;
}

/** A ready daemon with one check that is up; `part` replaces what a test is about. */
export function fakeDaemon(part: Partial<DaemonView> = {}): FakeDaemon {
	const asked: AdhocRequest[] = [];
	const checks = part.checks ?? (() => [aCheckView()]);
	const daemon: FakeDaemon = {
		asked,
		reloads: 0,
		version: '0.1.0',
		startedAt: someTime,
		checks,
		check: key => checks().find(view => view.check.key === key),
		history: key =>
			checks().some(view => view.check.key === key) ? {recent: [anHttpOutcome()], failures: []} : undefined,
		vantages: () => [aVantage()],
		pools: () => [],
		vast: () => undefined,
		machines: () => noMachines,
		async diagnose({subject}) {
			return {kind: 'bad_request', field: 'subject', detail: `Nothing here goes by the name ${subject}.`};
		},
		sources: () => [{name: 'headscale-nodes', ok: true, lastSuccessAt: someTime, lastTriedAt: someTime, seconds: 0.02}],
		nodes: () => [aNodeView()],
		listedNodes: () => ({nodes: [aNode()], domain: 'tail.example.com'}),
		platform: () => ({tailscaled: []}),
		landmarks: () => ({headscale: [], dnsServer: '100.100.100.100'}),
		problems: () => [],
		troubles: () => [],
		ownNotes: () => [],
		async *renderMetrics() {
			yield '# HELP tailprobe_up Up.\n# TYPE tailprobe_up gauge\n';
			yield 'tailprobe_up 1\n';
		},
		headscaleMetrics: () => undefined,
		tailscaledMetrics: () => undefined,
		async reload() {
			daemon.reloads++;
			return {ok: true};
		},
		ready: () => true,
		...part,
		async probe(request) {
			asked.push(request);
			return part.probe ? part.probe(request) : ranAnswer();
		},
	};
	return daemon;
}

export interface Served {
	url: string;
	port: number;
	log: LogLine[];
	get(path: string, headers?: Record<string, string>, method?: string): Promise<Answer>;
}

export interface Answer {
	status: number;
	headers: http.IncomingHttpHeaders;
	body: string;
}

/** Serves the daemon on a free port of loopback, as if bound to `listenHost`, for as long as `use` runs. */
export async function withServer(
	view: DaemonView,
	use: (served: Served) => Promise<void>,
	listenHost = '127.0.0.1',
): Promise<void> {
	const log: LogLine[] = [];
	const app = createApp(view, {listenHost, log: (event, fields) => log.push({event, fields})});
	const server = await startServer(app, {host: '127.0.0.1', port: 0});
	try {
		const get: Served['get'] = (path, headers = {}, method = 'GET') => ask(`${server.url}${path}`, headers, method);
		await use({url: server.url, port: Number(new URL(server.url).port), log, get});
	} finally {
		await server.close();
	}
}

/** One request with exactly these headers (fetch would refuse to send some of them). */
function ask(url: string, headers: Record<string, string>, method: string): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const request = http.request(url, {headers, method, agent: false}, response => {
			const chunks: Buffer[] = [];
			response.on('data', chunk => chunks.push(chunk));
			response.on('error', reject);
			response.on('end', () => {
				resolve({status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString()});
			});
		});
		request.on('error', reject);
		request.end();
	});
}
