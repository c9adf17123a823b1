/** Kubernetes as the daemon holds it: what is watched of one cluster, with what pages and metrics ask of it. */

import {type SourceReading, sourceReading} from '../collectors/sources.ts';
import type {KubernetesConfig} from '../config/types.ts';
import {createSourceLog} from '../sinks/source-log.ts';
import type {Read} from '../sources/read.ts';
import {systemClock} from '../util/clock.ts';
import {messageOf} from '../util/errors.ts';
import type {Logger} from '../util/log.ts';
import {type KubernetesAccess, openKubernetes, pathPart} from './client.ts';
import {podSurroundings, type Surroundings} from './credentials.ts';
import {KubernetesError} from './errors.ts';
import {parseLease} from './nodes.ts';
import {startRepeat} from './repeat.ts';
import {checkRights, leaseNamespace, listNeeds, missingRights, wantsNodes} from './rights.ts';
import type {Deployment, KubernetesState, Lease, Node, Pod, WatchState} from './types.ts';
import {type PodWay, podsKey, type Wanted, wantedWatches} from './wanted.ts';
import {startWatch, type Watch} from './watch.ts';

export type {PodWay} from './wanted.ts';

export interface KubernetesSource {
	readonly intervalMs: number;
	state(): KubernetesState;
	/** What exec needs; `kubeConfig` throws a KubernetesError, and `ask` rejects with one, while there is no access. */
	access(): Pick<KubernetesAccess, 'kubeConfig' | 'ask'>;
	sources(): SourceReading[];
	/** What is watched, by the name of the source. */
	watched(): {name: string; state: WatchState<unknown>}[];
	/** Rights that are missing and objects that could not be used, as sentences. */
	problems(): string[];
	/** Everything was tried once. */
	tried(): boolean;
	/** Takes what a reload brought: what did not change goes on undisturbed. */
	configure(config: KubernetesConfig, ways?: readonly PodWay[]): void;
	stop(): Promise<void>;
}

export interface KubernetesSourceOptions {
	log: Logger;
	/** Some of the objects changed; told at most ten times a second. */
	onChange(): void;
	/** The pods of all ways of type `pod`. */
	ways?: readonly PodWay[];
	surroundings?: Surroundings;
	/** For tests: the first wait after a failure. */
	retryMs?: number;
}

/** Starts reading. Everything that goes wrong is in its state; client-node is loaded first, in the background. */
export function startKubernetes(
	initial: KubernetesConfig,
	{log, onChange, ways: initialWays = [], surroundings = podSurroundings, retryMs}: KubernetesSourceOptions,
): KubernetesSource {
	const sourceLog = createSourceLog(log, systemClock);
	const telling = throttle(onChange, 100);
	const ending = new Set<Promise<unknown>>();
	const watches = new Map<string, {definition: string; name: string; watch: Watch<unknown>}>();
	let config = initial;
	let ways = initialWays;
	let opening: Promise<KubernetesAccess> | undefined;
	let opened: KubernetesAccess | undefined;
	let generation = 0;
	let isStopped = false;
	let leasesAskedOf: ReadonlySet<string> = new Set();
	configureWatches();
	let repeats = startRepeats();

	return {
		get intervalMs() {
			return config.intervalMs;
		},
		state,
		access: () => ({
			kubeConfig: () => insistOnAccess().kubeConfig(),
			ask: async call => insistOnAccess().ask(call),
		}),
		sources,
		watched: () => [...watches.values()].map(({name, watch}) => ({name, state: watch.state()})),
		problems() {
			const {rights} = state();
			const watched = [...watches.values()].flatMap(({watch}) => watch.state().read.value?.problems ?? []);
			return [...missingRights(rights.value ?? []), ...watched];
		},
		tried: () => sources().every(({ok}) => ok !== undefined),
		configure(next, nextWays = ways) {
			const before = {config, ways};
			[config, ways] = [next, nextWays];
			if (JSON.stringify(before) === JSON.stringify({config, ways})) return;
			if (placeOf(before.config) !== placeOf(config)) closeAccess();
			configureWatches();
			endLater(repeats.stop());
			repeats = startRepeats();
		},
		async stop() {
			isStopped = true;
			telling.stop();
			await Promise.all([repeats.stop(), ...[...watches.values()].map(({watch}) => watch.stop())]);
			closeAccess();
			await Promise.all(ending);
			sourceLog.flush();
		},
	};

	function insistOnAccess(): KubernetesAccess {
		if (opened) return opened;
		throw new KubernetesError(repeats.rights.read().error ?? 'The Kubernetes API was not reached yet.', {
			failure: 'unanswered',
		});
	}

	function state(): KubernetesState {
		const {gpuPods} = config;
		const pods = gpuPods && stateOf<Pod>(podsKey(gpuPods));
		const nodes = stateOf<Node>('nodes');
		const deployment = stateOf<Deployment>('deployment');
		const leases = repeats.leases?.read();
		return {
			...(pods && {pods}),
			...(nodes && {nodes}),
			...(leases && {leases}),
			...(deployment && {deployment}),
			exposure: new Map(config.exposureNamespaces.flatMap(namespace => entry(namespace, `exposure ${namespace}`))),
			wayPods: new Map(ways.flatMap(way => entry(`${way.namespace} ${way.selector}`, podsKey(way)))),
			rights: repeats.rights.read(),
			virtualNodes: virtualNodesOf(config, pods, nodes),
		};
	}

	function stateOf<T>(key: string): WatchState<T> | undefined {
		// Each key has one type, given where its watch is started.
		return watches.get(key)?.watch.state() as WatchState<T> | undefined;
	}

	function entry(name: string, key: string): [string, WatchState<Pod>][] {
		const found = stateOf<Pod>(key);
		return found ? [[name, found]] : [];
	}

	function sources(): SourceReading[] {
		const {intervalMs} = config;
		return [
			...[...watches.values()].map(({name, watch}) => sourceReading(name, watch.state().read, intervalMs)),
			...(repeats.leases ? [sourceReading('kubernetes-leases', repeats.leases.read(), intervalMs)] : []),
			sourceReading('kubernetes-rights', repeats.rights.read(), rightsIntervalMs),
		];
	}

	/** Starts the watches that are new, ends those that went, and starts those anew that are of something else now. */
	function configureWatches(): void {
		const wanted = wantedWatches(config, ways);
		for (const [key, {watch, definition}] of watches) {
			if (wanted.get(key) !== undefined && definitionOf(wanted.get(key)) === definition) continue;
			watches.delete(key);
			endLater(watch.stop());
		}
		for (const [key, one] of wanted) {
			if (watches.has(key)) continue;
			const {name, ...what} = one;
			const watch: Watch<unknown> = startWatch({
				...what,
				...{access, intervalMs: config.intervalMs, timeoutMs: config.timeoutMs, resyncMs: config.resyncMs},
				...(retryMs === undefined ? {} : {retryMs}),
				onChange(wasTried) {
					if (wasTried) tell(name, watch.state().read);
					followNodes();
					telling.call();
				},
			});
			watches.set(key, {definition: definitionOf(one), name, watch});
		}
	}

	function definitionOf(wanted: Wanted | undefined): string {
		const {intervalMs, timeoutMs, resyncMs} = config;
		return JSON.stringify([wanted?.path, wanted?.query, wanted?.keeps, intervalMs, timeoutMs, resyncMs, generation]);
	}

	function startRepeats() {
		const {intervalMs, timeoutMs, leases} = config;
		const needs = listNeeds(config, ways);
		const rights = startRepeat({
			ask: async signal => checkRights(await access(), needs, signal),
			// One that is missing is about to be granted.
			pauseMs: found => (found.every(({allowed}) => allowed) ? rightsIntervalMs : rightsPauseMs),
			retryMs: intervalMs,
			onChange: () => tell('kubernetes-rights', rights.read()),
		});
		if (!leases || !wantsNodes(config)) return {rights, leases: undefined, stop: () => rights.stop()};
		const leasesRead = startRepeat({
			ask: signal => askLeases(signal, timeoutMs),
			pauseMs: () => intervalMs,
			retryMs: intervalMs,
			onChange() {
				tell('kubernetes-leases', leasesRead.read());
				telling.call();
			},
		});
		return {rights, leases: leasesRead, stop: () => Promise.all([rights.stop(), leasesRead.stop()])};
	}

	/** Of each virtual node; one that has none writes none, which is no fault. */
	async function askLeases(signal: AbortSignal, timeoutMs: number): Promise<Lease[]> {
		const {ask} = await access();
		const path = `/apis/coordination.k8s.io/v1/namespaces/${leaseNamespace}/leases`;
		const nodes = state().virtualNodes.slice(0, maxLeases);
		leasesAskedOf = new Set(state().virtualNodes);
		const found = await Promise.all(
			nodes.map(async node => {
				try {
					const parsed = parseLease(
						await ask({path: `${path}/${pathPart(node)}`, timeoutMs, maxBytes: 256 * 1024, signal}),
					);
					return 'value' in parsed ? parsed.value : [];
				} catch (error) {
					if (error instanceof KubernetesError && error.status === 404) return [];
					throw error;
				}
			}),
		);
		return found.flat();
	}

	/** One opening for all who ask; one that failed is tried again with the next. */
	function access(): Promise<KubernetesAccess> {
		if (isStopped) return Promise.reject(new KubernetesError('Reading Kubernetes was stopped.'));
		const mine = generation;
		opening ??= openKubernetes(config, surroundings).then(
			found => {
				if (mine !== generation) endLater(found.close());
				else opened = found;
				return found;
			},
			error => {
				if (mine === generation) opening = undefined;
				throw error instanceof KubernetesError
					? error
					: new KubernetesError(`The Kubernetes client cannot be used: ${messageOf(error)}.`);
			},
		);
		return opening;
	}

	function closeAccess(): void {
		generation++;
		if (opened) endLater(opened.close());
		opening = undefined;
		opened = undefined;
	}

	function endLater(end: Promise<unknown>): void {
		const ended = end.catch(() => {}).finally(() => ending.delete(ended));
		ending.add(ended);
	}

	function tell(name: string, {error, failure}: Read<unknown>): void {
		if (isStopped) return;
		sourceLog.tried({name, system: 'kubernetes', error, failure});
		// Whether a right is missing shows in either.
		if (failure === undefined && error !== undefined && name !== 'kubernetes-rights') hurryRights();
	}

	/** Nodes that were not there when leases were asked for. */
	function followNodes(): void {
		if (!repeats.leases || state().virtualNodes.every(node => leasesAskedOf.has(node))) return;
		repeats.leases.hurry();
	}

	function hurryRights(): void {
		const {triedAt} = repeats.rights.read();
		if (triedAt !== undefined && systemClock.wall() - triedAt > rightsPauseMs) repeats.rights.hurry();
	}
}

const rightsIntervalMs = 3_600_000;
/** Between two reviews, also when something is refused over and over. */
const rightsPauseMs = 60_000;
const maxLeases = 100;

function virtualNodesOf(
	{nodes}: KubernetesConfig,
	pods: WatchState<Pod> | undefined,
	watched: WatchState<Node> | undefined,
): string[] {
	if (nodes && 'names' in nodes) return [...new Set(nodes.names)];
	if (nodes) return (watched?.read.value?.items ?? []).map(({name}) => name);
	return [...new Set((pods?.read.value?.items ?? []).flatMap(({node}) => node ?? []))];
}

/** What the access depends on. */
function placeOf({kubeconfigFile, context, timeoutMs}: KubernetesConfig): string {
	return JSON.stringify([kubeconfigFile, context, timeoutMs]);
}

/** Calls at once, then at most once in so many milliseconds. */
function throttle(call: () => void, pauseMs: number): {call(): void; stop(): void} {
	let timer: NodeJS.Timeout | undefined;
	let isDue = false;
	const run = () => {
		timer = undefined;
		if (isDue) begin();
	};
	const begin = () => {
		isDue = false;
		timer = setTimeout(run, pauseMs);
		call();
	};
	return {
		call() {
			if (timer) isDue = true;
			else begin();
		},
		stop: () => clearTimeout(timer),
	};
}
