/** tailprobe itself in a host of the lab, started as users start it; and what a test asks it. */

import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {nodeEnvironment, nodeFlags} from '../../../scripts/as-started.ts';
import {parseExposition} from '../../../src/headscale/exposition.ts';
import {until} from '../../helpers/until.ts';
import {tailnetDomain} from './headscale.ts';
import {startProcess} from './processes.ts';
import type {Site} from './site.ts';
import {type NodeHost, nodeNames, type Tailnet} from './tailnet.ts';

/** All series of one scrape, or one reader's part of it. */
export interface Series {
	/** The value of the one series of this name whose labels contain these; undefined where there is none. Throws when several fit. */
	value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
	/** Every series of this name whose labels contain these. */
	all(name: string, labels?: Readonly<Record<string, string>>): Array<{labels: Record<string, string>; value: number}>;
	/** `up`, `down` or `unknown` of a check; undefined where it does not exist. */
	state(check: string, target?: string): string | undefined;
	/** The states of all checks as `check target state`, in order. */
	states(): string[];
	text: string;
}

/** A running daemon. */
export interface Prober {
	series(): Promise<Series>;
	/** The first scrape, of four a second, for which the condition holds; rejects after the limit with the states of all checks. */
	until(condition: (series: Series) => boolean, limitMs?: number): Promise<Series>;
	/** The first scrape with so many checks, all of them up; rejects after a minute. */
	allUp(count: number): Promise<Series>;
	/** Asks the daemon at a path; resolves to status and body. */
	get(path: string, ...curlArgs: string[]): Promise<{status: number; body: string}>;
	/** JSON of the API at a path. */
	json(path: string): Promise<unknown>;
	/** Writes another configuration and reloads; rejects when it is refused. */
	reload(config: string): Promise<void>;
	log(): Promise<string>;
	stop(): Promise<number | undefined>;
	/** Ends it without giving it time for anything; resolves when it is gone. */
	kill(): Promise<void>;
}

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const usualPort = 9753;
/** Each look costs a process and a scrape, which must not become what is measured. */
const pollMs = 250;
let started = 0;

/** Starts `tailprobe serve` in a host, and resolves when it says ready. It ends with the tailnet, where not before; a second one beside it needs another port. */
export async function startProber(tailnet: Site, host: NodeHost, config: string, port = usualPort): Promise<Prober> {
	const id = `${host}-${++started}`;
	const file = join(tailnet.directory, `tailprobe-${id}.yaml`);
	await writeFile(file, config);
	const running = startProcess({
		namespace: tailnet.underlay.namespace(host),
		command: process.execPath,
		args: [...nodeFlags, main, 'serve', '--config', file, '--listen', `127.0.0.1:${port}`],
		env: nodeEnvironment,
		logFile: join(tailnet.directory, `tailprobe-${id}.log`),
	});
	const stop = () => {
		running.signal('SIGTERM');
		return running.exited;
	};
	tailnet.beforeStop(stop);
	const get: Prober['get'] = async (path, ...curlArgs) => {
		const url = `http://127.0.0.1:${port}${path}`;
		const args = ['-s', '-g', '--max-time', '30', '-w', '\n%{http_code}', ...curlArgs, url];
		const text = await tailnet.underlay.run(host, 'curl', args);
		const end = text.lastIndexOf('\n');
		return {status: Number(text.slice(end + 1)), body: text.slice(0, end)};
	};
	// Packed, as Prometheus asks for it.
	const series = async () => readSeries((await get('/metrics', '--compressed', '-H', 'Accept-Encoding: gzip')).body);
	await until(
		async () => {
			if (!running.alive()) throw new Error(`tailprobe ended: ${(await running.log()).slice(-3000)}`);
			return get('/-/ready').then(
				({status}) => status === 200,
				() => false,
			);
		},
		30_000,
		pollMs,
	);
	const untilSeries: Prober['until'] = async (condition, limitMs = 30_000) => {
		let last: Series | undefined;
		try {
			await until(
				async () => {
					last = await series();
					return condition(last);
				},
				limitMs,
				pollMs,
			);
		} catch (error) {
			throw new Error(`${(error as Error).message}; the states were:\n${last?.states().join('\n')}`);
		}
		return last as Series;
	};
	return {
		series,
		until: untilSeries,
		allUp: count => {
			const isAll = (states: readonly string[]) =>
				states.length === count && states.every(line => line.endsWith(' up'));
			return untilSeries(now => isAll(now.states()), 60_000);
		},
		get,
		json: async path => JSON.parse((await get(path)).body),
		reload: async text => {
			await writeFile(file, text);
			const {status, body} = await get('/-/reload', '-X', 'POST');
			if (status !== 200) throw new Error(`The reload was answered ${status}: ${body}`);
		},
		log: () => running.log(),
		stop,
		kill: async () => {
			running.signal('SIGKILL');
			await running.exited;
		},
	};
}

/** Series of a scrape. Throws where the text is not the format. */
export function readSeries(text: string): Series {
	const families = parseExposition(text);
	const samples = [...families.values()].flatMap(family => family.samples);
	const all: Series['all'] = (name, labels = {}) =>
		samples
			.filter(sample => sample.name === name)
			.map(sample => ({labels: {...sample.labels}, value: sample.value}))
			.filter(sample => Object.entries(labels).every(([label, value]) => sample.labels[label] === value));
	const value: Series['value'] = (name, labels) => {
		const found = all(name, labels);
		if (found.length > 1) throw new Error(`${found.length} series fit ${name}${JSON.stringify(labels ?? {})}.`);
		return found[0]?.value;
	};
	const on = (labels: Readonly<Record<string, string>>) =>
		all('tailprobe_check_state', labels).filter(sample => sample.value === 1);
	return {
		text,
		all,
		value,
		state: (check, target) => on({check, ...(target !== undefined && {target})})[0]?.labels.state,
		states: () =>
			on({})
				.map(({labels}) => `${labels.check} ${labels.target} ${labels.state}`)
				.sort(),
	};
}

/** The first lines of every configuration in the lab: the vantage `cluster` and `others`, headscale, the tailnet. Checks follow. */
export function baseConfig({headscale, node}: Tailnet, host: NodeHost = 'mon', others: readonly string[] = []): string {
	const {socket, userspace} = node(host);
	const proxy = userspace ? ', socks5: "127.0.0.2:1055"' : '';
	return `
vantages:
${[`{name: cluster, type: local, tailscaled: {socket: ${socket}${proxy}}}`, ...others].map(line => `  - ${line}\n`).join('')}
headscale:
  url: ${headscale.url}
  api_key: {file: ${headscale.apiKeyFile}}
  ca_file: ${headscale.caFile}
  metrics_url: ${headscale.metricsUrl}
  interval: 3s
  timeout: 2s
  expect_users: [ozzu]
tailnet: {domain: ${tailnetDomain}}
modules:
  healthz: {prober: http, timeout: 1800ms, http: {valid_status_codes: [200]}}
`;
}

/** Checks of everything that the lab has, every two or three seconds: one per type and service. */
export function juneChecks({headscale, underlay, directory}: Tailnet): string {
	const ca = `tls_config: {ca_file: ${directory}/ca.pem}`;
	const checks = [
		'{name: tunnel, prober: tunnel, nodes: {}, interval: 3s, timeout: 2500ms}',
		'{name: orchestrator, module: healthz, via: tailnet, targets: [{name: june-orchestrator, target: "http://june-orchestrator:8080/healthz"}], interval: 2s}',
		`{name: orchestrator-h2, prober: http, timeout: 2s, via: tailnet, targets: [{name: june-orchestrator, target: "https://june-orchestrator:8443/healthz"}], interval: 3s, http: {valid_http_versions: [HTTP/2.0], ${ca}}}`,
		'{name: orchestrator-big, prober: http, timeout: 2500ms, via: tailnet, targets: [{name: june-orchestrator, target: "http://june-orchestrator:8080/big"}], interval: 3s}',
		'{name: orchestrator-warm, prober: http_warm, timeout: 1800ms, via: tailnet, targets: [{name: june-orchestrator, target: "http://june-orchestrator:8080/healthz"}], interval: 2s}',
		`{name: cert, prober: tls, timeout: 2s, via: tailnet, targets: ["june-orchestrator:8443"], interval: 3s, tls: {${ca}}}`,
		'{name: redis, prober: tcp, timeout: 2s, via: tailnet, targets: ["june-orchestrator:6379"], interval: 3s, tcp: {query_response: [{send: PING}, {expect: "^\\\\+PONG"}]}}',
		'{name: livekit, module: healthz, via: tailnet, targets: [{name: livekit, target: "http://livekit:7880/"}], interval: 2s}',
		'{name: rtc, prober: ws, timeout: 2s, via: tailnet, targets: [{name: livekit, target: "ws://livekit:7880/rtc"}], interval: 3s, ws: {valid_status_codes: [401]}}',
		'{name: magicdns, prober: dns, timeout: 2s, nodes: {}, target: "dns://100.100.100.100/{node}", interval: 3s, dns: {expect_addresses: peers}}',
		`{name: stun, prober: stun, timeout: 2s, via: direct, targets: [{name: headscale, target: "${underlay.address('hs')}:3478"}], interval: 3s}`,
		`{name: derp, prober: derp, timeout: 2s, via: direct, targets: [{name: headscale, target: "${headscale.url}"}], interval: 3s, derp: {${ca}}}`,
		'{name: ping, prober: icmp, nodes: {}, interval: 3s, timeout: 2500ms}',
		`{name: tts, module: healthz, nodes: {name: "${nodeNames.gpu1.slice(0, 9)}*"}, target: "http://{node}:8000/healthz", interval: 2s}`,
	];
	return `checks:\n${checks.map(check => `  - ${check}\n`).join('')}`;
}
