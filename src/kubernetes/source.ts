/** Kubernetes as the daemon holds it: what is watched of one cluster, with what pages and metrics ask of it. */

import {type SourceReading, sourceReading} from '../collectors/sources.ts';
import type {KubernetesConfig} from '../config/types.ts';
import {createSourceLog} from '../sinks/source-log.ts';
import type {Read} from '../sources/read.ts';
import {systemClock} from '../util/clock.ts';
import {messageOf} from '../util/errors.ts';
import type {Logger} from '../util/log.ts';
import {type KubernetesAccess, openKubernetes, pathPart} from './client.ts';
import {ownNamespace, podSurroundings, type Surroundings} from './credentials.ts';
import {KubernetesError} from './errors.ts';
import {parseLease} from './nodes.ts';
import {type Repeat, startRepeat} from './repeat.ts';
import {
	checkRights,
	leaseNamespace,
	listNeeds,
	mayWatchNodes,
	missingRights,
	stillNeeded,
	wantsNodes,
} from './rights.ts';
import {throttle} from './throttle.ts';
import type {Deployment, KubernetesState, Lease, Node, Pod, Right, WatchState} from './types.ts';
import {type PodWay, podsKey, virtualNodesOf, wantedWatches} from './wanted.ts';
import {startWatch, type Watch, type WatchOptions} from './watch.ts';

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
	/** Everything was tried once; what a reload adds is not waited for. */
	tried(): boolean;
	/** Takes what a reload brought: what did not change goes on undisturbed, and what is read anew keeps what was known. */
	configure(config: KubernetesConfig, entered?: Entered): void;
	stop(): Promise<void>;
}

/** The pods that we go into by exec, besides what the `kubernetes` block names. */
export interface Entered {
	/** Of all ways of type `pod`. */
	ways: readonly PodWay[];
	/** Where headscale's command line is called in a pod. */
	headscalePod?: {namespace: string} | undefined;
}

export interface KubernetesSourceOptions {
	log: Logger;
	/** Some of the objects changed; told at most ten times a second. */
	onChange(): void;
	entered?: Entered;
	surroundings?: Surroundings;
	/** For tests: the first wait after a failure. */
	retryMs?: number;
}

/** Starts reading. Everything that goes wrong is in its state; client-node is loaded first, in the background. */
export function startKubernetes(
	initial: KubernetesConfig,
	{
		log,
		onChange,
		entered: initialEntered = {ways: []},
		surroundings = podSurroundings,
		retryMs,
	}: KubernetesSourceOptions,
): KubernetesSource {
	const sourceLog = createSourceLog(log, systemClock);
	const telling = throttle(onChange, 100);
	const ending = new Set<Promise<unknown>>();
	const watches = new Map<string, Reading & {name: string; watch: Watch<unknown>}>();
	let config = initial;
	let entered = initialEntered;
	let opening: Promise<KubernetesAccess> | undefined;
	let opened: KubernetesAccess | undefined;
	let generation = 0;
	let isStopped = false;
	let leasesAskedOf: ReadonlySet<string> = new Set();
	let wasTried = false;
	let rights = configureRights();
	let leases = configureLeases();
	configureWatches();

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
			const watched = [...watches.values()].flatMap(({watch}) => watch.state().read.value?.problems ?? []);
			return [...missingRights(rights.repeat.read().value ?? []), ...watched];
		},
		tried,
		configure(next, nextEntered = entered) {
			if (JSON.stringify([config, entered]) === JSON.stringify([next, nextEntered])) return;
			tried();
			const before = config;
			[config, entered] = [next, nextEntered];
			if (placeOf(before) !== placeOf(config)) closeAccess();
			rights = configureRights(rights);
			leases = configureLeases(leases);
			configureWatches();
			followNodes();
		},
		async stop() {
			isStopped = true;
			telling.stop();
			const running = [
				rights.repeat,
				...(leases ? [leases.repeat] : []),
				...[...watches.values()].map(({watch}) => watch),
			];
			await Promise.all(running.map(one => one.stop()));
			closeAccess();
			await Promise.all(ending);
			sourceLog.flush();
		},
	};

	function tried(): boolean {
		wasTried ||= sources().every(({ok}) => ok !== undefined);
		return wasTried;
	}

	function insistOnAccess(): KubernetesAccess {
		if (opened) return opened;
		throw new KubernetesError(rights.repeat.read().error ?? 'The Kubernetes API was not reached yet.', {
			failure: 'unanswered',
		});
	}

	function state(): KubernetesState {
		const {gpuPods} = config;
		const pods = gpuPods && stateOf<Pod>(podsKey(gpuPods));
		const nodes = stateOf<Node>('nodes');
		const deployment = stateOf<Deployment>('deployment');
		const renewals = leases?.repeat.read();
		return {
			...(pods && {pods}),
			...(nodes && {nodes}),
			...(renewals && {leases: renewals}),
			...(deployment && {deployment}),
			exposure: new Map(config.exposureNamespaces.flatMap(namespace => entry(namespace, `exposure ${namespace}`))),
			wayPods: new Map(entered.ways.flatMap(way => entry(`${way.namespace} ${way.selector}`, podsKey(way)))),
			rights: rights.repeat.read(),
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
			...(leases ? [sourceReading('kubernetes-leases', leases.repeat.read(), intervalMs)] : []),
			sourceReading('kubernetes-rights', rights.repeat.read(), rightsIntervalMs),
		];
	}

	/** Starts the watches that are new, ends those that went, and starts those anew that are of something else now. */
	function configureWatches(): void {
		const {intervalMs, timeoutMs, resyncMs} = config;
		const wanted = wantedWatches(config, entered.ways, mayWatchNodes(rights.repeat.read().value ?? []));
		for (const [key, {watch}] of watches) {
			if (wanted.has(key)) continue;
			watches.delete(key);
			endLater(watch.stop());
		}
		for (const [key, {name, ...what}] of wanted) {
			const before = watches.get(key);
			const subject = JSON.stringify([clusterOf(config), what.path, what.query]);
			const definition = JSON.stringify([subject, what.keeps, intervalMs, timeoutMs, resyncMs, generation]);
			if (before?.definition === definition) {
				before.name = name;
				continue;
			}
			if (before) endLater(before.watch.stop());
			const options: WatchOptions<unknown> = {
				...{...what, access, intervalMs, timeoutMs, resyncMs, ...(retryMs === undefined ? {} : {retryMs})},
				onChange(wasTried) {
					if (wasTried) tell(one.name, one.watch.state().read);
					followNodes();
					telling.call();
				},
			};
			const known = before?.subject === subject ? before.watch.known() : undefined;
			const one = {subject, definition, name, watch: startWatch(options, known)};
			watches.set(key, one);
		}
	}

	function configureRights(before?: Reading & {repeat: Repeat<Right[]>}): Reading & {repeat: Repeat<Right[]>} {
		const {intervalMs} = config;
		const {ways, headscalePod} = entered;
		const listNow = () => listNeeds(config, ways, {home: ownNamespace(config, surroundings), headscalePod});
		const needs = listNow();
		const subject = clusterOf(config);
		const definition = JSON.stringify([subject, needs, intervalMs, generation]);
		if (before?.definition === definition) return before;
		if (before) endLater(before.repeat.stop());
		const {value, ...read} = before?.subject === subject ? before.repeat.read() : {};
		const repeat: Repeat<Right[]> = startRepeat({
			ask: async signal => checkRights(await access(), listNow(), signal),
			// One that is missing is about to be granted.
			pauseMs: found => (found.every(({allowed}) => allowed) ? rightsIntervalMs : rightsPauseMs),
			retryMs: intervalMs,
			onChange() {
				configureWatches();
				tell('kubernetes-rights', repeat.read());
			},
			known: {...read, ...(value && {value: stillNeeded(value, needs)})},
		});
		return {subject, definition, repeat};
	}

	function configureLeases(
		before?: Reading & {repeat: Repeat<Lease[]>},
	): (Reading & {repeat: Repeat<Lease[]>}) | undefined {
		const {intervalMs, timeoutMs} = config;
		const subject = clusterOf(config);
		const definition = JSON.stringify([subject, intervalMs, timeoutMs, generation]);
		const isWanted = config.leases && wantsNodes(config);
		if (isWanted && before?.definition === definition) return before;
		if (before) endLater(before.repeat.stop());
		if (!isWanted) return undefined;
		const repeat: Repeat<Lease[]> = startRepeat({
			ask: signal => askLeases(signal, timeoutMs),
			pauseMs: () => intervalMs,
			retryMs: intervalMs,
			onChange() {
				tell('kubernetes-leases', repeat.read());
				telling.call();
			},
			known: before?.subject === subject ? before.repeat.read() : {},
		});
		return {subject, definition, repeat};
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
		if (!leases || state().virtualNodes.every(node => leasesAskedOf.has(node))) return;
		leases.repeat.hurry();
	}

	function hurryRights(): void {
		const {triedAt} = rights.repeat.read();
		if (triedAt !== undefined && systemClock.wall() - triedAt > rightsPauseMs) rights.repeat.hurry();
	}
}

/** Something that is read over and over. */
interface Reading {
	/** What must stay the same for it to go on as it is. */
	definition: string;
	/** What must stay the same for what is known to count. */
	subject: string;
}

const rightsIntervalMs = 3_600_000;
/** Between two reviews, also when something is refused over and over. */
const rightsPauseMs = 60_000;
const maxLeases = 100;

/** What the access depends on. */
function placeOf(config: KubernetesConfig): string {
	return JSON.stringify([clusterOf(config), config.timeoutMs]);
}

function clusterOf({kubeconfigFile, context}: KubernetesConfig): string {
	return JSON.stringify([kubeconfigFile, context]);
}
