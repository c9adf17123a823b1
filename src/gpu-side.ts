/** The GPU side as the daemon holds it: the Kubernetes API, vast.ai, GPUs and pools, each only while it is configured. */

import {gpuCollector} from './collectors/gpus.ts';
import {kubernetesCollector} from './collectors/kubernetes.ts';
import type {SourceReading} from './collectors/sources.ts';
import {vastCollector} from './collectors/vast.ts';
import type {Config, PodWayConfig} from './config/types.ts';
import type {MachinesView} from './inventory/machine-types.ts';
import {joinMachines, type MachineInputs, rememberNodes} from './inventory/machines.ts';
import type {TailnetNode} from './inventory/types.ts';
import {type Entered, type KubernetesSource, startKubernetes} from './kubernetes/source.ts';
import type {Pod} from './kubernetes/types.ts';
import type {Exposition} from './metrics/exposition.ts';
import {createPools, type Pools} from './pools/pools.ts';
import type {PoolView} from './pools/types.ts';
import {verdictOf} from './pools/view.ts';
import type {CheckView, NodeView} from './server/types.ts';
import type {GpuReadings} from './sinks/gpu-readings.ts';
import {freshValue, isFresh} from './sources/read.ts';
import {systemClock} from './util/clock.ts';
import type {Logger} from './util/log.ts';
import type {MemberPod} from './vantages/members.ts';
import type {VastJoin} from './vast/join.ts';
import {createRentals, type Rentals, withEndpoints} from './vast/rentals.ts';
import {startVast, type VastSource} from './vast/source.ts';
import {type VastView, viewVast} from './vast/view.ts';

export interface GpuSideOptions {
	exposition: Exposition;
	log: Logger;
	readings: GpuReadings;
	/** The nodes of the tailnet as last listed. */
	nodes(): readonly TailnetNode[];
	/** Pods came, went or changed. */
	onChange(): void;
}

/** What it is held against: the nodes as headscale and the tunnels know them, and the checks. */
export interface GpuSideSurroundings {
	nodes: readonly NodeView[];
	/** The list of nodes is what headscale says now. */
	nodesAreFresh: boolean;
	checks: readonly CheckView[];
}

export interface GpuSide {
	kubernetes(): KubernetesSource | undefined;
	/** The pods that a `pod` way selects, as last known. */
	podsOf(way: PodWayConfig): readonly MemberPod[];
	sources(): readonly SourceReading[];
	problems(): readonly string[];
	/** Whether everything that is configured was tried once. */
	tried(): boolean;
	/** Looks again at instances and pools; to be called every few seconds. `look` is called only where some are configured. */
	update(look: () => GpuSideSurroundings): void;
	pools(): readonly PoolView[];
	/** undefined: not configured, or nothing is known of the instances at present. */
	vast(): VastView | undefined;
	/** The machines behind nodes, as last known, each source with its age. */
	machines(): MachinesView;
	configure(config: Config): void;
	stop(): Promise<void>;
}

export function startGpuSide(initial: Config, options: GpuSideOptions): GpuSide {
	const {exposition, log, readings, nodes: listNodes, onChange} = options;
	let config = initial;
	let kubernetes: KubernetesSource | undefined;
	let vast: {source: VastSource; rentals: Rentals; account: string; definition: string} | undefined;
	/** What was last found of instances, also while the list is not fresh. */
	let rented: {join: VastJoin; lastNodes: ReturnType<typeof rememberNodes>} | undefined;
	const pools: Pools = createPools({exposition, clock: systemClock});
	/** By pool: how it is, and since when. */
	const standings = new Map<string, {verdict: ReturnType<typeof verdictOf>['verdict']; sinceMs: number}>();
	const ending = new Set<Promise<void>>();
	start();
	exposition.collected(gpuCollector.metrics, () => gpuCollector.collect(readings.latest(), systemClock.wall()));
	exposition.collected(kubernetesCollector.metrics, () =>
		kubernetesCollector.collect(
			kubernetes && {
				state: kubernetes.state(),
				watched: kubernetes.watched(),
				intervalMs: kubernetes.intervalMs,
				virtualKubelet: config.kubernetes?.virtualKubelet,
				podNamespace: config.kubernetes?.gpuPods?.namespace,
			},
			systemClock.wall(),
		),
	);
	exposition.collected(vastCollector.metrics, () => vastCollector.collect(vast?.rentals.join(), systemClock.wall()));

	return {
		kubernetes: () => kubernetes,
		podsOf: way => podsOf(way)?.map(({namespace, name, uid}) => ({namespace, name, uid})) ?? [],
		sources: () => [...(kubernetes?.sources() ?? []), ...(vast?.source.sources() ?? [])],
		problems: () => [...(kubernetes?.problems() ?? []), ...(vast?.source.problems() ?? []), ...unknownPools()],
		tried: () => (kubernetes?.tried() ?? true) && (vast?.source.tried() ?? true),
		update,
		pools: () => pools.view().map(pool => ({...pool, ...sinceOf(pool.name)})),
		vast() {
			const join = vast?.rentals.join();
			return join && viewVast(join);
		},
		machines: () => joinMachines(machineInputs()),
		configure(next) {
			config = next;
			start();
		},
		async stop() {
			end(kubernetes);
			end(vast?.source);
			await Promise.all(ending);
		},
	};

	/** Starts what is configured and not there, ends what is not configured any more. */
	function start(): void {
		if (!config.kubernetes) {
			end(kubernetes);
			kubernetes = undefined;
		} else if (kubernetes) kubernetes.configure(config.kubernetes, enteredBy(config));
		else kubernetes = startKubernetes(config.kubernetes, {log, onChange, entered: enteredBy(config)});

		const definition = JSON.stringify(config.vast);
		if (vast?.definition !== definition) {
			const before = vast;
			end(before?.source);
			vast = undefined;
			if (config.vast) {
				const account = JSON.stringify([config.vast.url, config.vast.apiKey]);
				if (before?.account !== account) rented = undefined;
				const known = before?.account === account ? {continuing: before.source.state()} : {};
				const source = startVast(config.vast, {log, onChange() {}, ...known});
				const rentals = before?.rentals ?? createRentals(config.vast);
				rentals.configure(config.vast);
				vast = {source, rentals, account, definition};
			} else rented = undefined;
		}
		pools.configure(config.pools);
	}

	function sinceOf(pool: string): {sinceMs?: number} {
		const sinceMs = standings.get(pool)?.sinceMs;
		return sinceMs === undefined ? {} : {sinceMs};
	}

	/** Dates what changed, and tells the log. */
	function noteStandings(nowMs: number): void {
		const views = pools.view();
		for (const name of standings.keys()) if (!views.some(view => view.name === name)) standings.delete(name);
		for (const view of views) {
			const {name, usable, unusable, unknown, min} = view;
			const {verdict} = verdictOf(view);
			const before = standings.get(name);
			if (before?.verdict === verdict) continue;
			standings.set(name, {verdict, sinceMs: nowMs});
			const fields = {pool: name, usable, min, unusable, unknown};
			if (verdict === 'short') log.warn(fields, 'a pool has fewer usable machines than its minimum');
			else if (before?.verdict === 'short' && verdict === 'enough')
				log.info(fields, 'a pool has enough usable machines again');
		}
	}

	function unknownPools(): string[] {
		const known = new Set(pools.view().map(({name}) => name));
		return config.pools
			.filter(({name}) => !known.has(name))
			.map(({name}) => `Pool ${name} is not judged: it is not known yet which machines belong to it.`);
	}

	function end(source: {stop(): Promise<void>} | undefined): void {
		if (!source) return;
		const ended = source.stop();
		ending.add(ended);
		void ended.finally(() => ending.delete(ended));
	}

	function podsOf(way: Pick<PodWayConfig, 'namespace' | 'selector'>): readonly Pod[] | undefined {
		return kubernetes?.state().wayPods.get(`${way.namespace} ${way.selector}`)?.read.value?.items;
	}

	function machineInputs(): MachineInputs {
		const nowMs = systemClock.wall();
		const instancesMs = vast?.source.state().instances.succeededAt;
		return {
			nodes: listNodes(),
			readings: readings.latest(),
			...(vast && config.vast && rented && instancesMs !== undefined
				? {
						vast: {
							...rented,
							nodeBy: config.vast.nodeBy,
							at: {ms: instancesMs, isFresh: vast.rentals.join() !== undefined},
						},
					}
				: {}),
			...(kubernetes ? {kubernetes: clusterInputs(kubernetes, nowMs)} : {}),
		};
	}

	function clusterInputs(
		{state, intervalMs}: KubernetesSource,
		nowMs: number,
	): NonNullable<MachineInputs['kubernetes']> {
		const {pods, nodes, deployment, virtualNodes} = state();
		const {succeededAt: ms} = pods?.read ?? {};
		const deployments = deployment && freshValue(deployment.read, intervalMs, nowMs)?.items;
		const virtualKubelet = config.kubernetes?.virtualKubelet;
		return {
			pods: pods?.read.value?.items ?? [],
			ways: podWays(config).map(way => ({nodeBy: way.nodeBy, pods: podsOf(way) ?? []})),
			nodes: (nodes && freshValue(nodes.read, intervalMs, nowMs)?.items) ?? [],
			virtualNodes,
			...(ms === undefined ? {} : {podsAt: {ms, isFresh: isFresh(ms, intervalMs, nowMs)}}),
			...(virtualKubelet && deployments ? {virtualKubelet: {...virtualKubelet, found: deployments}} : {}),
		};
	}

	function update(look: () => GpuSideSurroundings): void {
		const {nodes, nodesAreFresh, checks} = vast || config.pools.length > 0 ? look() : nothingAround;
		const nowMs = systemClock.wall();
		const localVantages = new Set(config.vantages.flatMap(({name, type}) => (type === 'local' ? [name] : [])));
		const gpuPods = kubernetes?.state().pods;
		vast?.rentals.update({
			list: vast.source.fresh(),
			nodes: withEndpoints(nodes, checks, localVantages),
			nodesAreFresh,
			pods: kubernetes && gpuPods && freshValue(gpuPods.read, kubernetes.intervalMs, nowMs)?.items,
			localVantages,
			nowMs,
		});
		const join = vast?.rentals.join();
		if (join) rented = {join, lastNodes: rememberNodes(rented?.lastNodes ?? new Map(), join)};
		pools.update({
			nodes,
			nodesAreFresh,
			checks,
			localVantages,
			vast: join,
			hasVast: vast !== undefined,
		});
		noteStandings(nowMs);
	}
}

/** Where nobody needs more: the last hour of every check would be put together for nothing. */
const nothingAround: GpuSideSurroundings = {nodes: [], nodesAreFresh: false, checks: []};

function enteredBy(config: Config): Entered {
	return {ways: podWays(config), headscalePod: config.headscale?.cliPod};
}

function podWays(config: Config): PodWayConfig[] {
	return config.vantages.flatMap(vantage =>
		vantage.type === 'remote' ? vantage.ways.filter(way => way.type === 'pod') : [],
	);
}
