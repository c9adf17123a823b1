/** headscale as the daemon holds it: client and poller of the configured one, with what pages and metrics ask of it. */

import {headscaleSources, type SourceReading, sourceName} from '../collectors/sources.ts';
import {readSecret} from '../config/secrets.ts';
import type {HeadscaleConfig} from '../config/types.ts';
import type {KubernetesSource} from '../kubernetes/source.ts';
import {createSourceLog} from '../sinks/source-log.ts';
import {isFresh, type Read} from '../sources/read.ts';
import {systemCalendar} from '../util/calendar.ts';
import {systemClock} from '../util/clock.ts';
import type {Logger} from '../util/log.ts';
import {createCliClient} from './cli/client.ts';
import type {RunOptions} from './cli/run.ts';
import type {PodPlace} from './cli/run-in-pod.ts';
import {createHeadscaleClient, type HeadscaleClient} from './client.ts';
import {HeadscaleError} from './get.ts';
import {createHeadscalePoller} from './poll.ts';
import type {HeadscaleState} from './types.ts';

export interface HeadscaleSource {
	readonly intervalMs: number;
	/** The longest time between two reads of the inventories. */
	readonly inventoryIntervalMs: number;
	/** Names of users that must exist. */
	readonly expectUsers: readonly string[];
	/** An offline node whose last sign of life is older lingers. */
	readonly lingerAfterMs: number;
	state(): HeadscaleState;
	/** Reads its health, nodes and keys now, joining reads in flight, and resolves when all were tried. Rejects only with the signal's reason. */
	refresh(signal: AbortSignal): Promise<void>;
	sources(): SourceReading[];
	/** Entries of its lists that could not be used, as sentences. */
	problems(): string[];
	/** headscale's own metrics text while the last read of it succeeded. */
	originalMetrics(): string | undefined;
	/** Every part was tried once. */
	tried(): boolean;
	/** The node list was tried once, or cannot be read for want of a key. */
	nodesTried(): boolean;
	stop(): Promise<void>;
}

export interface HeadscaleSourceOptions {
	log: Logger;
	/** After each read of the nodes. */
	onNodes(): void;
	/** Asked at each read where the command line is called in a pod; undefined: there is none at present. */
	kubernetes?: () => Pick<KubernetesSource, 'access'> | undefined;
	/** What an earlier source of the same headscale knew, for a reload. */
	continuing?: HeadscaleState;
}

/** Starts reading; undefined where no headscale is configured. Throws a UserError when the configuration cannot be used. */
export function startHeadscale(
	config: HeadscaleConfig | undefined,
	{log, onNodes, continuing, kubernetes}: HeadscaleSourceOptions,
): HeadscaleSource | undefined {
	if (!config) return undefined;
	const {intervalMs, inventorySchedule} = config;
	const inventoryIntervalMs = systemCalendar.longestGapMs(inventorySchedule);
	const sourceLog = createSourceLog(log, systemClock);
	const poller = createHeadscalePoller({
		client: createClient(config, kubernetes),
		inventorySchedule,
		calendar: systemCalendar,
		intervalMs,
		restartGraceMs: config.restartGraceMs,
		clock: systemClock,
		...(continuing === undefined ? {} : {initial: continuing}),
		onRead(part, state) {
			const {error, failure}: Read<unknown> = state[part] ?? {};
			const place = part === 'metrics' ? 'metrics_url' : 'url';
			sourceLog.tried({name: sourceName(part), system: 'headscale', place, error, failure});
			if (part === 'nodes') onNodes();
		},
	});
	poller.start();

	return {
		intervalMs,
		inventoryIntervalMs,
		expectUsers: config.expectUsers,
		lingerAfterMs: config.lingerAfterMs,
		state: poller.state,
		refresh: signal =>
			poller.refresh(
				signal,
				poller.parts.filter(part => ['health', 'nodes', 'key', 'apiHealth'].includes(part)),
			),
		sources: () => headscaleSources(poller, {intervalMs, inventoryIntervalMs}),
		problems() {
			const {nodes, users, preAuthKeys, apiKeys, routes} = poller.state();
			return [nodes, users, preAuthKeys, apiKeys, routes].flatMap(read => read?.value?.problems ?? []);
		},
		originalMetrics() {
			const {error, succeededAt, value} = poller.state().metrics;
			return error === undefined && isFresh(succeededAt, intervalMs, systemClock.wall()) ? value?.text : undefined;
		},
		tried: () => poller.parts.every(part => poller.state()[part]?.triedAt !== undefined),
		nodesTried: () => !poller.parts.includes('nodes') || poller.state().nodes.triedAt !== undefined,
		async stop() {
			await poller.stop();
			sourceLog.flush();
		},
	};
}

/** The lists come through the API or, where that has no key, through the command line. */
function createClient(config: HeadscaleConfig, kubernetes: HeadscaleSourceOptions['kubernetes']): HeadscaleClient {
	const {url, apiKey, caFile, cliCommand, cliPod, metricsUrl, timeoutMs, maxAnswerBytes} = config;
	return {
		...createHeadscaleClient({
			url,
			apiKey: apiKey === undefined ? undefined : () => readSecret(apiKey),
			caFile,
			metricsUrl,
			timeoutMs,
			maxAnswerBytes,
		}),
		...(cliCommand &&
			createCliClient({
				command: cliCommand,
				timeoutMs,
				maxAnswerBytes,
				...(cliPod && {run: options => runInPod(options, cliPod, kubernetes?.())}),
			})),
	};
}

async function runInPod(
	options: RunOptions,
	place: PodPlace,
	kubernetes: Pick<KubernetesSource, 'access'> | undefined,
): Promise<string> {
	if (!kubernetes)
		throw new HeadscaleError(
			'headscale.cli.pod is reached through the Kubernetes API, and there is no kubernetes block.',
		);
	const {runHeadscaleInPod} = await import('./cli/run-in-pod.ts');
	return runHeadscaleInPod({...options, place, access: kubernetes.access()});
}
