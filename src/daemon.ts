/** Builds every part in one readable order: configuration and inventory → plan → vantages (schedule, run) → sinks → server. */

import {createAdhoc} from './adhoc.ts';
import {
	collectedOwnMetrics,
	collectedVantageMetrics,
	collectOwnSamples,
	collectVantageSamples,
} from './collectors/own.ts';
import {exposeHeadscale} from './collectors/registry.ts';
import {type Loaded, loadConfig, parseConfig, wrongConfigExitCode} from './config/load.ts';
import type {Config} from './config/types.ts';
import {type Plan, planChecks} from './engine/plan.ts';
import {createPublisher} from './engine/publish.ts';
import {type HeadscaleSource, startHeadscale} from './headscale/source.ts';
import type {TailnetNode} from './inventory/types.ts';
import {viewNodes} from './inventory/view.ts';
import {ownMetrics} from './metrics/core.ts';
import {createExposition} from './metrics/exposition.ts';
import {probes} from './probes/registry.ts';
import {createApp, startServer} from './server/app.ts';
import {isLoopbackHost} from './server/front-door.ts';
import type {AdhocAnswer, AdhocRequest, CheckView, DaemonView} from './server/types.ts';
import {createChangeLog} from './sinks/change-log.ts';
import {createHistory} from './sinks/history.ts';
import {logTransition} from './sinks/log.ts';
import {createMetricsSink} from './sinks/metrics.ts';
import {systemClock} from './util/clock.ts';
import {UserError} from './util/errors.ts';
import {createLog, type Logger} from './util/log.ts';
import {version} from './util/version.ts';
import {startVantages} from './vantages/set.ts';

export interface DaemonOptions {
	/** The configuration file; reload reads it again. */
	configPath?: string;
	/** Or its text, which then cannot be reloaded. */
	configText?: string;
	/** Instead of `web.listen`; port 0 takes a free one. */
	listen?: {host: string; port: number};
	/** Loopback targets are allowed. Only the embedded lab and tests may say so: no configuration can. */
	allowLoopback?: boolean;
	log?: Logger;
}

export interface Daemon {
	/** Where the page is. */
	url: string;
	view: DaemonView;
	/** Cancels runs in flight, ends every part and closes the listener. */
	stop(): Promise<void>;
}

/** How often silent gauges are looked for. */
const sweepMs = 5000;
/** How often changes of vantages are looked for, for the log. */
const watchMs = 1000;
/** Checks begin at the latest after this time, even when a source or a vantage has not told anything yet. */
const planWithoutMs = 3000;

/** Starts everything. Throws a UserError that lists every mistake of the configuration, or says why the port cannot be had. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
	let config = insist(await load(options));
	const listen = options.listen ?? config.web;
	const log = options.log ?? createLog(config.log);
	const startedAt = systemClock.wall();
	let lastReload = {ok: true, succeededAt: startedAt};
	let reloadMistakes: readonly string[] = [];
	let plan: Plan = {checks: [], problems: []};
	let planned = false;
	let plannedFor: Config | undefined;
	let plannedWith = '';
	/** The node last seen behind each check: a target whose node left headscale's list keeps its label. */
	let lastPeers: ReadonlyMap<string, string> = new Map();
	let waitedEnough = false;
	let stopped = false;

	// Telling.
	const exposition = createExposition();
	const bugs = exposition.counter(ownMetrics.bugs);
	const onBug = (text: string) => {
		bugs.inc();
		log.error({error: text}, 'internal error, please report it');
	};
	const metrics = createMetricsSink({exposition, clock: systemClock, probes, maxSeries: config.limits.maxSeries});
	const history = createHistory({
		clock: systemClock,
		onTransition: (check, transition) => logTransition(log, check, transition),
	});
	const publisher = createPublisher([metrics, history], (sink, error) =>
		onBug(`sink ${sink}: ${error instanceof Error ? error.stack : error}`),
	);
	metrics.setObjectives(objectivesOf(config));
	const changes = createChangeLog(log);

	// Looking.
	const vantages = startVantages({
		config,
		allowLoopback: options.allowLoopback ?? false,
		onOutcomes: outcomes => publisher.publish(outcomes),
		onKnown: replan,
		onBug,
		onThreadDeath: (vantage, why, delayMs) =>
			log.error({vantage, why, restart_in_ms: delayMs}, 'the measuring thread ended and is started again'),
	});
	let headscale: HeadscaleSource | undefined = startHeadscale(config.headscale, {log, onNodes: replan});
	const adhoc = createAdhoc({
		exposition,
		log,
		config: () => config,
		checks: () => publisher.checks(),
		vantages: () => vantages.list(),
	});

	const view: DaemonView = {
		version,
		startedAt,
		checks: () => history.views(),
		check: key => history.view(key),
		history: key => history.history(key),
		vantages: () => vantages.list().map(vantage => vantage.state()),
		sources: () => headscale?.sources() ?? [],
		nodes: () => viewNodes(headscale?.state(), tunnelViews(), systemClock.wall()),
		problems: () => [
			...reloadMistakes,
			...waitingChecks(),
			...(headscale?.state().nodes.value?.problems ?? []),
			...plan.problems,
		],
		renderMetrics: () => exposition.render(),
		headscaleMetrics: () => headscale?.originalMetrics(),
		probe: request => adhoc.probe(request),
		reload,
		ready: () => planned && (headscale?.tried() ?? true),
	};
	exposition.collected(collectedVantageMetrics, () => collectVantageSamples(view.vantages()));
	exposition.collected(collectedOwnMetrics, () =>
		collectOwnSamples({version, startedAt, lastReload, checks: plan.checks.length, planProblems: plan.problems.length}),
	);
	exposeHeadscale(
		exposition,
		() => headscale,
		() => view.nodes(),
	);

	const app = createApp(view, {listenHost: listen.host, log: (event, fields) => log.warn(fields, event)});
	let server: Awaited<ReturnType<typeof startServer>>;
	try {
		server = await startServer(app, listen);
	} catch (error) {
		await Promise.all([vantages.stop(), headscale?.stop()]);
		throw error;
	}
	const sweeper = setInterval(() => metrics.sweep(), sweepMs);
	const watcher = setInterval(() => changes.vantages(view.vantages()), watchMs);
	const cancelWait = systemClock.after(planWithoutMs, () => {
		waitedEnough = true;
		replan();
	});
	replan();
	log.info({url: server.url, version}, 'tailprobe is serving');
	if (!isLoopbackHost(listen.host))
		log.warn(
			{listen: listen.host},
			'beyond loopback only /metrics, /-/healthy and /-/ready answer: nobody is asked for a password',
		);
	return {url: server.url, view, stop};

	/** Nodes, addresses or the configuration changed: what is wanted is compared with what runs, and only the difference moves. */
	function replan(): void {
		if (stopped) return;
		if (headscale) changes.headscale(headscale.state());
		const known = vantages.known() && (headscale?.nodesTried() ?? true);
		if (!planned && !known && !waitedEnough) return;
		const nodes = headscale?.state().nodes.value?.nodes ?? [];
		// Most reads bring nothing new, and a new list costs both threads some milliseconds.
		const seen = JSON.stringify([nodes.map(planRelevant), [...vantages.ownAddresses()]]);
		if (planned && config === plannedFor && seen === plannedWith) return;
		plannedFor = config;
		plannedWith = seen;
		planned = true;
		plan = planChecks(config, nodes, vantages.ownAddresses(), lastPeers);
		lastPeers = new Map(plan.checks.map(({key, target}) => [key, target.peer]));
		publisher.update(plan.checks);
		vantages.assign(plan.checks);
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

	async function reload(): Promise<{ok: true} | {ok: false; mistakes: readonly string[]}> {
		const loaded = await load(options).catch((error: unknown): Loaded => {
			if (error instanceof UserError) return {ok: false, mistakes: [error.message]};
			throw error;
		});
		const mistakes = loaded.ok ? fixedKeys(config, loaded.config, options) : loaded.mistakes;
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
		if (JSON.stringify(before.headscale) !== JSON.stringify(config.headscale)) {
			const old = headscale;
			headscale = startHeadscale(config.headscale, {
				log,
				onNodes: replan,
				...(old && before.headscale?.url === config.headscale?.url ? {continuing: old.state()} : {}),
			});
			await old?.stop();
		}
		replan();
		log.info({checks: plan.checks.length}, 'the configuration was reloaded');
		return {ok: true};
	}

	async function stop(): Promise<void> {
		log.info(
			{runs_in_flight: view.vantages().reduce((sum, state) => sum + state.runsInFlight, 0)},
			'tailprobe is ending',
		);
		stopped = true;
		clearInterval(sweeper);
		clearInterval(watcher);
		cancelWait();
		await Promise.all([vantages.stop(), headscale?.stop()]);
		await server.close();
	}
}

/** One ad hoc run without a daemon: builds what it needs, probes, and ends. */
export async function probeOnce(options: {configPath: string; request: AdhocRequest}): Promise<AdhocAnswer> {
	const config = insist(await load({configPath: options.configPath}));
	const vantages = startVantages({
		config,
		allowLoopback: false,
		onOutcomes() {},
		onKnown() {},
		onBug: text => process.stderr.write(`tailprobe: internal error, please report it: ${text}\n`),
		onThreadDeath() {},
	});
	const log = createLog({level: 'error', format: 'text'});
	const adhoc = createAdhoc({
		exposition: createExposition(),
		log,
		config: () => config,
		checks: () => planChecks(config, [], new Map()).checks,
		vantages: () => vantages.list(),
	});
	try {
		return await adhoc.probe(options.request);
	} finally {
		await vantages.stop();
	}
}

function load(options: Pick<DaemonOptions, 'configPath' | 'configText'>): Promise<Loaded> {
	if (options.configText !== undefined)
		return Promise.resolve(parseConfig(options.configText, options.configPath ?? 'configuration'));
	if (options.configPath === undefined) throw new TypeError('a daemon needs a configuration');
	return loadConfig(options.configPath);
}

function insist(loaded: Loaded): Config {
	if (loaded.ok) return loaded.config;
	throw new UserError(
		`The configuration has ${loaded.mistakes.length === 1 ? 'a mistake' : `${loaded.mistakes.length} mistakes`}:\n${loaded.mistakes.map(mistake => `  ${mistake}`).join('\n')}`,
		wrongConfigExitCode,
	);
}

/** What of a node decides about checks: when only other things changed, the plan stands. */
function planRelevant({name, resolvable, addresses, owner, tags, ephemeral}: TailnetNode): unknown[] {
	return [name, resolvable, addresses, owner, tags, ephemeral];
}

/** What only a restart can change. */
function fixedKeys(before: Config, after: Config, options: DaemonOptions): string[] {
	const moved = before.web.host !== after.web.host || before.web.port !== after.web.port;
	return [
		...(moved && !options.listen ? ['web.listen changed; restart tailprobe to listen elsewhere'] : []),
		...(before.checks.length > 0 && after.checks.length === 0
			? ['there are no checks any more, as in a file that is just being written; restart tailprobe to run without any']
			: []),
		...(before.log.format === after.log.format
			? []
			: ['log.format changed; restart tailprobe to log in another format']),
	];
}

function objectivesOf(config: Config): number[] {
	return config.checks.flatMap(check => (check.objectiveMs === undefined ? [] : [check.objectiveMs / 1000]));
}
