/** Builds every part in one readable order: configuration and inventory → plan → vantages (schedule, run) → sinks → server. */

import {createAdhoc} from './adhoc.ts';
import {
	collectedOwnMetrics,
	collectedVantageMetrics,
	collectOwnSamples,
	collectVantageSamples,
} from './collectors/own.ts';
import {exposeHeadscale, exposeKnown} from './collectors/registry.ts';
import {fixedKeys} from './config/fixed-keys.ts';
import {insist, type Loaded, loadConfig, parseConfig} from './config/load.ts';
import {createReloader, type ReloadResult} from './config/reloader.ts';
import type {Config} from './config/types.ts';
import {askBigPings} from './diagnosis/ask-big-pings.ts';
import {askPeer} from './diagnosis/ask-peer.ts';
import {createDeparted} from './diagnosis/departed.ts';
import {createDiagnoser} from './diagnosis/diagnoser.ts';
import {startIncidentRounds} from './diagnosis/incident-rounds.ts';
import {worldNow} from './diagnosis/world-now.ts';
import {createPublisher} from './engine/publish.ts';
import {startGpuSide} from './gpu-side.ts';
import {type HeadscaleSource, startHeadscale} from './headscale/source.ts';
import {listLandmarks} from './inventory/landmarks.ts';
import {viewPlatform} from './inventory/platform.ts';
import {freshNodes, groupTunnels, viewNodes} from './inventory/view.ts';
import {ownMetrics} from './metrics/core.ts';
import {createExposition} from './metrics/exposition.ts';
import {noLabels} from './metrics/label-set.ts';
import {createPlanner, listsNodes} from './planner.ts';
import {probes} from './probes/registry.ts';
import {createApp, type Log, startServer} from './server/app.ts';
import {createDoor, insistOnDoor} from './server/door/door.ts';
import {isLoopbackHost} from './server/front-door.ts';
import type {CheckView, DaemonView} from './server/types.ts';
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
	/** Where the page is. */
	url: string;
	view: DaemonView;
	/** Cancels runs in flight, ends every part and closes the listener. */
	stop(): Promise<void>;
}

/** How often silent gauges and changes of the platform, for the log, are looked for. */
const sweepMs = 5000;
/** How often changes of vantages are looked for, for the log. */
const watchMs = 1000;
/** Checks begin at the latest after this time, even when a source or a vantage has not told anything yet. */
const planWithoutMs = 3000;

/** Starts everything. Throws a UserError that lists every mistake of the configuration, or says why the port cannot be had. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
	const reloader = createReloader({
		path: options.configText === undefined ? options.configPath : undefined,
		read: () => load(options),
		apply,
		onBug: text => onBug(text),
		clock: systemClock,
		watchIntervalMs: options.watchIntervalMs,
	});
	let config = insist(await reloader.first());
	const listen = options.listen ?? config.web;
	const log = options.log ?? createLog(config.log);
	const startedAt = systemClock.wall();
	let lastReload = {ok: true, succeededAt: startedAt};
	let reloadMistakes: readonly string[] = [];
	let stopped = false;

	// Telling.
	const exposition = createExposition();
	const bugs = exposition.counter(ownMetrics.bugs);
	const onBug = (text: string) => {
		bugs.inc(noLabels);
		log.error({error: text}, 'internal error, please report it');
	};
	const metrics = createMetricsSink({exposition, clock: systemClock, probes, maxSeries: config.limits.maxSeries});
	const transitions = createTransitionLog(log, systemClock);
	const history = createHistory({clock: systemClock, onTransition: transitions.tell});
	const gpuReadings = createGpuReadings();
	const publisher = createPublisher([metrics, history, gpuReadings], (sink, error) =>
		onBug(`sink ${sink}: ${error instanceof Error ? error.stack : error}`),
	);
	metrics.setObjectives(objectivesOf(config));
	const changes = createChangeLog(log);
	const refused = exposition.counter(ownMetrics.httpRefused);
	const tell: Log = (event, fields, level = 'warn') => log[level](fields, event);
	const door = createDoor({
		webConfigPath: options.webConfigPath ?? config.web.configFile,
		bearerTokens: () => config.web.bearerTokens,
		callerRate: () => config.adhoc.rate,
		clock: systemClock,
		log: tell,
		count: (kind, by) => refused.inc(noLabels, by, kind),
		onBug,
	});
	insistOnDoor(door);

	// Looking.
	const planner = createPlanner({
		config: () => config,
		nodes: () => headscale?.state().nodes.value?.nodes,
		podsOf: way => gpuSide.podsOf(way),
		vantages: () => vantages,
		known: () => vantages.known() && (headscale?.nodesTried() ?? true),
		onPlan(checks) {
			publisher.update(checks);
			vantages.assign(checks);
		},
	});
	const gpuSide = startGpuSide(config, {
		exposition,
		log,
		readings: gpuReadings,
		nodes: () => headscale?.state().nodes.value?.nodes ?? [],
		onChange: replan,
	});
	const vantages = startVantages({
		config,
		allowLoopback: options.allowLoopback ?? false,
		peers: () => planner.peers(),
		kubernetes: () => gpuSide.kubernetes(),
		onOutcomes: outcomes => publisher.publish(outcomes),
		onKnown: replan,
		onBug,
		onThreadDeath: (vantage, why, delayMs) =>
			log.error({vantage, why, restart_in_ms: delayMs}, 'the measuring thread ended and is started again'),
	});
	let headscale: HeadscaleSource | undefined = startHeadscale(config.headscale, {
		log,
		onNodes: replan,
		kubernetes: () => gpuSide.kubernetes(),
	});
	const tailscaled = startTailscaled({
		vantages: config.vantages,
		log,
		nodes: () => headscale?.state().nodes.value?.nodes ?? [],
	});
	const standings = createStandings(systemClock);
	const adhoc = createAdhoc({
		exposition,
		log,
		config: () => config,
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
			prefixes: () => config.tailnet.prefixes,
			allowLoopback: options.allowLoopback ?? false,
			refreshHeadscale: () => headscale?.refresh,
			askPeer,
			askBigPings,
			onBug,
		},
	});

	const view: DaemonView = {
		version,
		startedAt,
		checks: () => history.views(),
		check: key => history.view(key),
		history: key => history.history(key),
		vantages: () => standings.look(vantages.standings()),
		sources: () => [...(headscale?.sources() ?? []), ...tailscaled.sources(), ...gpuSide.sources()],
		nodes: () => viewNodes(headscale?.state(), tunnelViews(), systemClock.wall()),
		listedNodes,
		platform: () => viewPlatform(headscale, tailscaled, systemClock.wall()),
		pools: () => gpuSide.pools(),
		vast: () => gpuSide.vast(),
		machines: () => gpuSide.machines(),
		landmarks: () => listLandmarks(config),
		problems: () => [
			...reloadMistakes,
			...waitingChecks(),
			...(headscale?.problems() ?? []),
			...planner.problems(),
			...gpuSide.problems(),
			...door.problems(),
		],
		renderMetrics: () => exposition.render(),
		headscaleMetrics: () => headscale?.originalMetrics(),
		tailscaledMetrics: vantage => tailscaled.originalMetrics(vantage),
		async probe(request) {
			const answer = await adhoc.probe(request);
			if (answer.kind === 'busy') door.refusals.note('busy', {caller: request.caller});
			return answer;
		},
		async diagnose(request) {
			const answer = await diagnoser.diagnose(request);
			if (answer.kind === 'busy') door.refusals.note('busy', {caller: request.caller});
			return answer;
		},
		reload: reloader.reload,
		ready: () => planner.planned() && (headscale?.tried() ?? true) && tailscaled.tried() && gpuSide.tried(),
	};
	exposition.collected(collectedVantageMetrics, () => collectVantageSamples(view.vantages()));
	exposition.collected(collectedOwnMetrics, () =>
		collectOwnSamples({
			version,
			startedAt,
			lastReload,
			checks: planner.plan().checks.length,
			planProblems: planner.problems().length,
		}),
	);
	const incidents = startIncidentRounds({clock: systemClock, world: nowMs => worldNow(view, nowMs), onBug});
	exposeKnown(exposition, {
		checks: () => config.checks,
		incidents: incidents.latest,
		machines: () => ({machines: view.machines(), vantages: planner.remotes()}),
	});
	exposeHeadscale(
		exposition,
		() => headscale,
		() => groupTunnels(tunnelViews()),
		tailscaled,
		() => gpuSide.sources(),
	);

	const app = createApp(view, {listenHost: listen.host, log: tell, door});
	let server: Awaited<ReturnType<typeof startServer>>;
	try {
		server = await startServer(app, listen, door);
	} catch (error) {
		incidents.stop();
		await Promise.all([vantages.stop(), headscale?.stop(), tailscaled.stop(), gpuSide.stop(), door.stop()]);
		throw error;
	}
	const sweeper = setInterval(() => {
		metrics.sweep();
		gpuSide.update(() => ({nodes: view.nodes(), nodesAreFresh: listedNodes() !== undefined, checks: view.checks()}));
		changes.platform(view.platform());
		departed.look(view);
	}, sweepMs);
	const watcher = setInterval(() => changes.vantages(view.vantages()), watchMs);
	const cancelWait = systemClock.after(planWithoutMs, () => planner.hurry());
	reloader.start();
	replan();
	log.info({url: server.url, version}, 'tailprobe is serving');
	const warning = isLoopbackHost(listen.host) ? undefined : door.warnBeyondLoopback();
	if (warning !== undefined) log.warn({listen: listen.host}, warning);
	return {url: server.url, view, stop};

	/** Nodes, addresses or the configuration changed: what is wanted is compared with what runs. */
	function replan(): void {
		if (stopped) return;
		if (headscale) changes.headscale(headscale.state());
		planner.replan();
	}

	function listedNodes(): ReturnType<DaemonView['listedNodes']> {
		const nodes = freshNodes(headscale?.state(), config.headscale?.intervalMs ?? 0, systemClock.wall());
		const domain = config.tailnet.domain ?? view.vantages().find(({facts}) => facts.domain)?.facts.domain;
		return nodes && {nodes, ...(domain === undefined ? {} : {domain})};
	}

	/** Only those: each scrape asks, and the last hour of every other check would be put together for nothing. */
	function tunnelViews(): CheckView[] {
		const tunnels = publisher.checks().filter(check => check.type === 'tunnel');
		return tunnels.flatMap(check => history.view(check.key) ?? []);
	}

	/** Checks over nodes that nothing is known of yet. */
	function waitingChecks(): string[] {
		if (!headscale || headscale.state().nodes.value) return [];
		return config.checks
			.filter(check => check.nodes)
			.map(check => `Check ${check.name} waits for headscale's list of nodes, which was not read yet.`);
	}

	async function apply(loaded: Loaded): Promise<ReloadResult> {
		const mistakes = loaded.ok
			? [
					...fixedKeys(config, loaded.config, {
						listen: options.listen !== undefined,
						webConfig: options.webConfigPath !== undefined,
					}),
					...door.tokens.problems(loaded.config.web.bearerTokens),
				]
			: loaded.mistakes;
		if (!loaded.ok || mistakes.length > 0) {
			lastReload = {...lastReload, ok: false};
			reloadMistakes = mistakes.map(
				mistake => `The last reload was refused, the old configuration is in force: ${mistake}`,
			);
			log.error({mistakes}, 'the configuration was not reloaded; the old one stays in force');
			return {ok: false, mistakes};
		}
		const before = config;
		config = loaded.config;
		reloadMistakes = [];
		lastReload = {ok: true, succeededAt: systemClock.wall()};
		log.level = options.log ? log.level : config.log.level;
		metrics.setObjectives(objectivesOf(config));
		metrics.setMaxSeries(config.limits.maxSeries);
		vantages.configure(config);
		tailscaled.configure(config.vantages);
		gpuSide.configure(config);
		if (JSON.stringify(before.headscale) !== JSON.stringify(config.headscale)) {
			const old = headscale;
			headscale = startHeadscale(config.headscale, {
				log,
				onNodes: replan,
				kubernetes: () => gpuSide.kubernetes(),
				...(old && before.headscale?.url === config.headscale?.url && listsNodes(config)
					? {continuing: old.state()}
					: {}),
			});
			await old?.stop();
		}
		replan();
		log.info({checks: planner.plan().checks.length}, 'the configuration was reloaded');
		return {ok: true};
	}

	async function stop(): Promise<void> {
		log.info(
			{runs_in_flight: view.vantages().reduce((sum, state) => sum + state.runsInFlight, 0)},
			'tailprobe is ending',
		);
		stopped = true;
		reloader.stop();
		clearInterval(sweeper);
		clearInterval(watcher);
		incidents.stop();
		cancelWait();
		await Promise.all([vantages.stop(), headscale?.stop(), tailscaled.stop(), gpuSide.stop()]);
		transitions.flush();
		await Promise.all([server.close(), door.stop()]);
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
