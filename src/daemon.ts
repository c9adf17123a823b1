/** Builds every part in one readable order: configuration and inventory → plan → vantages (schedule, run) → sinks → server. */

import {createAdhoc} from './adhoc.ts';
import {inventoryNames} from './collectors/inventory-rows.ts';
import {createInForce} from './config/in-force.ts';
import {insist, type Loaded, loadConfig, parseConfig} from './config/load.ts';
import {createReloader} from './config/reloader.ts';
import type {Config} from './config/types.ts';
import {exposeDaemon} from './daemon-metrics.ts';
import {createDaemonView, listUnlogged, type ViewParts} from './daemon-view.ts';
import {askBigPings} from './diagnosis/ask-big-pings.ts';
import {askPeer} from './diagnosis/ask-peer.ts';
import {createDeparted} from './diagnosis/departed.ts';
import {createDiagnoser} from './diagnosis/diagnoser.ts';
import {startIncidentRounds} from './diagnosis/incident-rounds.ts';
import {worldNow} from './diagnosis/world-now.ts';
import {createPublisher} from './engine/publish.ts';
import {startGpuSide} from './gpu-side.ts';
import {startHeadscaleSide} from './headscale-side.ts';
import type {TailnetNode} from './inventory/types.ts';
import {startInventoryLease} from './kubernetes/inventory-lease.ts';
import {createLooks} from './looks.ts';
import {ownMetrics} from './metrics/core.ts';
import {createExposition} from './metrics/exposition.ts';
import {noLabels} from './metrics/label-set.ts';
import {createPlanner} from './planner.ts';
import {probes} from './probes/registry.ts';
import {createApp, type Log, startServer} from './server/app.ts';
import {createDoor, insistOnDoor} from './server/door/door.ts';
import {isLoopbackHost} from './server/front-door.ts';
import type {DaemonView} from './server/types.ts';
import {createChangeLog} from './sinks/change-log.ts';
import {createGpuReadings} from './sinks/gpu-readings.ts';
import {createHistory} from './sinks/history.ts';
import {createTransitionLog} from './sinks/log.ts';
import {createMetricsSink} from './sinks/metrics.ts';
import {startTailscaled} from './tailscaled/source.ts';
import {systemClock} from './util/clock.ts';
import {createLog, type Logger} from './util/log.ts';
import {version} from './util/version.ts';
import {startVantages} from './vantages/set.ts';
import {createStandings} from './vantages/standing.ts';

export interface DaemonOptions {
	/** The configuration file; reload reads it again. */
	configPath?: string;
	/** Or its text, which then cannot be reloaded. */
	configText?: string;
	/** Instead of `web.listen`; port 0 takes a free one. */
	listen?: {host: string; port: number};
	/** Instead of `web.config_file`. */
	webConfigPath?: string;
	/** Loopback targets are allowed. Only the embedded lab and tests may say so: no configuration can. */
	allowLoopback?: boolean;
	log?: Logger;
	/** Between two looks at the configuration's files; default 5000. */
	watchIntervalMs?: number;
}

export interface Daemon {
	/** Where the page is; it becomes https:// when a certificate that was awaited is there. */
	readonly url: string;
	view: DaemonView;
	/** Cancels runs in flight, ends every part and closes the listener. */
	stop(): Promise<void>;
}

/** Checks begin at the latest after this time, even when a source or a vantage has not told anything yet. */
const planWithoutMs = 3000;

/** Starts everything. Throws a UserError that lists every mistake of the configuration, or says why the port cannot be had. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
	const reloader = createReloader({
		path: options.configText === undefined ? options.configPath : undefined,
		read: () => load(options),
		apply: loaded => inForce.apply(loaded),
		onBug: text => onBug(text),
		clock: systemClock,
		watchIntervalMs: options.watchIntervalMs,
	});
	const initial = insist(await reloader.first());
	const listen = options.listen ?? initial.web;
	const log = options.log ?? createLog(initial.log);
	const startedAt = systemClock.wall();
	const inForce = createInForce({
		initial,
		given: {listen: options.listen !== undefined, webConfig: options.webConfigPath !== undefined},
		tokenProblems: tokens => door.tokens.problems(tokens),
		onNew: takeUp,
		clock: systemClock,
		log,
	});
	let stopped = false;
	/** From remote vantages, as of the last plan made for that. */
	let lookedAfar: boolean | undefined;

	// Telling.
	let inventoryExported = false;
	const exposition = createExposition({
		hidden() {
			inventoryExported = inventoryLease.exports();
			return inventoryExported ? new Set() : inventoryNames;
		},
	});
	const bugs = exposition.counter(ownMetrics.bugs);
	const onBug = (text: string) => {
		bugs.inc(noLabels);
		log.error({error: text}, 'internal error, please report it');
	};
	const metrics = createMetricsSink({exposition, clock: systemClock, probes, maxSeries: initial.limits.maxSeries});
	const transitions = createTransitionLog(log, systemClock);
	const history = createHistory({clock: systemClock, onTransition: transitions.tell});
	const gpuReadings = createGpuReadings();
	const publisher = createPublisher([metrics, history, gpuReadings], (sink, error) =>
		onBug(`sink ${sink}: ${error instanceof Error ? error.stack : error}`),
	);
	metrics.setObjectives(objectivesOf(initial));
	const changes = createChangeLog(log);
	const refused = exposition.counter(ownMetrics.httpRefused);
	const tell: Log = (event, fields, level = 'warn') => log[level](fields, event);
	const door = createDoor({
		webConfigPath: options.webConfigPath ?? initial.web.configFile,
		bearerTokens: () => inForce.config().web.bearerTokens,
		callerRate: () => inForce.config().adhoc.rate,
		clock: systemClock,
		log: tell,
		count: (kind, by) => refused.inc(noLabels, by, kind),
		onBug,
	});
	insistOnDoor(door);

	// Looking.
	const planner = createPlanner({
		config: inForce.config,
		nodes: listNodes,
		podsOf: way => gpuSide.podsOf(way),
		vantages: () => vantages,
		looksAfar: () => inventoryLease.looksAfar(),
		known: () => vantages.known() && (headscale.current()?.nodesTried() ?? true),
		onPlan(checks) {
			publisher.update(checks);
			vantages.assign(checks);
		},
	});
	const gpuSide = startGpuSide(initial, {
		exposition,
		log,
		readings: gpuReadings,
		nodes: () => listNodes() ?? [],
		onChange: replan,
	});
	const vantages = startVantages({
		config: initial,
		allowLoopback: options.allowLoopback ?? false,
		peers: () => planner.peers(),
		kubernetes: () => gpuSide.kubernetes(),
		onOutcomes: outcomes => publisher.publish(outcomes),
		onKnown: replan,
		onTaken() {
			inventoryLease.yieldAfar();
			replanOnTurn();
		},
		onBug,
		onThreadDeath: (vantage, why, delayMs) =>
			log.error({vantage, why, restart_in_ms: delayMs}, 'the measuring thread ended and is started again'),
	});
	const inventoryLease = startInventoryLease(initial.kubernetes, {
		log,
		isFit: () => vantages.fit(),
		onTried: replanOnTurn,
	});
	const headscale = startHeadscaleSide(initial, {log, onNodes: replan, kubernetes: () => gpuSide.kubernetes()});
	const tailscaled = startTailscaled({vantages: initial.vantages, log, nodes: () => listNodes() ?? []});
	const standings = createStandings(systemClock);
	const adhoc = createAdhoc({
		exposition,
		log,
		config: inForce.config,
		checks: () => publisher.checks(),
		vantages: () => vantages.list(),
	});
	const departed = createDeparted(systemClock);
	const diagnoser = createDiagnoser({
		departed,
		exposition,
		log,
		source: () => view,
		tools: {
			clock: systemClock,
			vantages: () => vantages.list(),
			prefixes: () => inForce.config().tailnet.prefixes,
			allowLoopback: options.allowLoopback ?? false,
			refreshHeadscale: () => headscale.current()?.refresh,
			askPeer,
			askBigPings,
			onBug,
		},
	});

	const looks = createLooks({
		view: () => view,
		metrics,
		gpuSide,
		departed,
		changes,
		unlogged: () => listUnlogged(parts),
		tokenProblems: () => door.tokens.problems(inForce.config().web.bearerTokens),
	});

	// What readers see.
	const parts: ViewParts = {
		startedAt,
		listenHost: listen.host,
		inForce,
		reloader,
		exposition,
		publisher,
		history,
		door,
		planner,
		vantages,
		standings,
		headscale,
		tailscaled,
		gpuSide,
		inventoryLease,
		looks,
		adhoc,
		diagnoser,
	};
	const view: DaemonView = createDaemonView(parts);
	const incidents = startIncidentRounds({clock: systemClock, world: nowMs => worldNow(view, nowMs), onBug});
	exposeDaemon({view, parts, incidents, inventoryExported: () => inventoryExported});

	const app = createApp(view, {listenHost: listen.host, log: tell, door});
	let server: Awaited<ReturnType<typeof startServer>>;
	try {
		server = await startServer(app, listen, door);
	} catch (error) {
		incidents.stop();
		await Promise.all([endParts(), door.stop()]);
		throw error;
	}
	looks.start();
	const cancelWait = systemClock.after(planWithoutMs, () => planner.hurry());
	reloader.start();
	replan();
	log.info({url: server.url, version}, 'tailprobe is serving');
	const warning = isLoopbackHost(listen.host) ? undefined : door.warnBeyondLoopback();
	if (warning !== undefined) log.warn({listen: listen.host}, warning);
	return {
		get url() {
			return server.url;
		},
		view,
		stop,
	};

	/** Nodes, addresses or the configuration changed: what is wanted is compared with what runs. */
	function replan(): void {
		if (stopped) return;
		const source = headscale.current();
		if (source) changes.headscale(source.state());
		planner.replan();
	}

	/** The lease is tried every few seconds, and seldom changes hands. */
	function replanOnTurn(): void {
		const looksAfar = inventoryLease.looksAfar();
		if (looksAfar === lookedAfar) return;
		lookedAfar = looksAfar;
		replan();
	}

	/** undefined: nothing was read yet. */
	function listNodes(): readonly TailnetNode[] | undefined {
		return headscale.current()?.state().nodes.value?.nodes;
	}

	/** Another configuration is in force. */
	async function takeUp(config: Config): Promise<void> {
		log.level = options.log ? log.level : config.log.level;
		metrics.setObjectives(objectivesOf(config));
		metrics.setMaxSeries(config.limits.maxSeries);
		vantages.configure(config);
		tailscaled.configure(config.vantages);
		gpuSide.configure(config);
		inventoryLease.configure(config.kubernetes);
		await headscale.configure(config);
		replan();
		log.info({checks: planner.plan().checks.length}, 'the configuration was reloaded');
	}

	async function stop(): Promise<void> {
		log.info(
			{runs_in_flight: view.vantages().reduce((sum, state) => sum + state.runsInFlight, 0)},
			'tailprobe is ending',
		);
		stopped = true;
		reloader.stop();
		looks.stop();
		incidents.stop();
		cancelWait();
		await endParts();
		transitions.flush();
		await Promise.all([server.close(), door.stop()]);
	}

	/** Nothing looks any more, and what was lent is given back. */
	async function endParts(): Promise<void> {
		await Promise.all([vantages.stop(), headscale.stop(), tailscaled.stop(), gpuSide.stop(), inventoryLease.stop()]);
	}
}

function load(options: Pick<DaemonOptions, 'configPath' | 'configText' | 'allowLoopback'>): Promise<Loaded> {
	const how = {allowLoopback: options.allowLoopback ?? false};
	if (options.configText !== undefined)
		return Promise.resolve(parseConfig(options.configText, options.configPath ?? 'configuration', how));
	if (options.configPath === undefined) throw new TypeError('a daemon needs a configuration');
	return loadConfig(options.configPath, how);
}

function objectivesOf(config: Config): number[] {
	return config.checks.flatMap(check => (check.objectiveMs === undefined ? [] : [check.objectiveMs / 1000]));
}
