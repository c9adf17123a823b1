/** What readers see of the daemon, put together of what its parts know whenever somebody asks. */

import type {InForce} from './config/in-force.ts';
import type {Reloader} from './config/reloader.ts';
import type {Publisher} from './engine/publish.ts';
import type {GpuSide} from './gpu-side.ts';
import type {HeadscaleSide} from './headscale-side.ts';
import {listLandmarks} from './inventory/landmarks.ts';
import {viewPlatform} from './inventory/platform.ts';
import {freshNodes, viewNodes} from './inventory/view.ts';
import type {InventoryLease} from './kubernetes/inventory-lease.ts';
import type {Looks} from './looks.ts';
import type {Exposition} from './metrics/exposition.ts';
import {lookAtOwnNetwork} from './net/own-network.ts';
import {noteClusterRanges} from './notes/cluster-ranges.ts';
import {noteOpenProxies} from './notes/open-proxy.ts';
import {sayRefusedReload, sayUnsound} from './notes/own-troubles.ts';
import {noteScrapes} from './notes/scrape-notes.ts';
import {sayAlone} from './notes/types.ts';
import type {Planner} from './planner.ts';
import type {Door} from './server/door/door.ts';
import {isLoopbackHost} from './server/front-door.ts';
import type {CheckView, DaemonView} from './server/types.ts';
import type {History} from './sinks/history.ts';
import type {TailscaledSource} from './tailscaled/source.ts';
import {systemClock} from './util/clock.ts';
import {version} from './util/version.ts';
import type {VantageSet} from './vantages/set.ts';
import type {Standings} from './vantages/standing.ts';

/** The parts that know something that readers see. */
export interface ViewParts {
	/** Milliseconds since 1970. */
	startedAt: number;
	/** Where it listens. */
	listenHost: string;
	inForce: InForce;
	reloader: Pick<Reloader, 'reload'>;
	exposition: Exposition;
	publisher: Publisher;
	history: History;
	door: Door;
	planner: Planner;
	vantages: VantageSet;
	standings: Standings;
	headscale: HeadscaleSide;
	tailscaled: TailscaledSource;
	gpuSide: GpuSide;
	inventoryLease: InventoryLease;
	looks: Pick<Looks, 'blind'>;
	adhoc: Pick<DaemonView, 'probe'>;
	diagnoser: Pick<DaemonView, 'diagnose'>;
}

/** What readers see, as of the moment of each call. */
export function createDaemonView(parts: ViewParts): DaemonView {
	const {inForce, exposition, history, door, planner, vantages, tailscaled, gpuSide, inventoryLease} = parts;
	const headscale = parts.headscale.current;

	const view: DaemonView = {
		version,
		startedAt: parts.startedAt,
		checks: () => history.views(),
		check: key => history.view(key),
		history: key => history.history(key),
		vantages: () => parts.standings.look(vantages.standings()),
		sources: () => [
			...(headscale()?.sources() ?? []),
			...tailscaled.sources(),
			...gpuSide.sources(),
			...inventoryLease.sources(),
		],
		nodes: () => viewNodes(headscale()?.state(), viewTunnels(parts), systemClock.wall()),
		listedNodes() {
			const config = inForce.config();
			const nodes = freshNodes(headscale()?.state(), config.headscale?.intervalMs ?? 0, systemClock.wall());
			const domain = config.tailnet.domain ?? view.vantages().find(({facts}) => facts.domain)?.facts.domain;
			return nodes && {nodes, ...(domain === undefined ? {} : {domain})};
		},
		platform: () => viewPlatform(headscale(), tailscaled, systemClock.wall()),
		pools: () => gpuSide.pools(),
		vast: () => gpuSide.vast(),
		machines: () => gpuSide.machines(),
		landmarks: () => listLandmarks(inForce.config()),
		problems: () => [
			...inForce.mistakes().map(sayRefused),
			...listUnlogged(parts),
			...inventoryLease.problems(),
			...planner.elsewhere(),
			...door.problems(),
		],
		troubles: () => [
			...sayRefusedReload(inForce.mistakes()),
			...sayUnsound(view.vantages()),
			...parts.looks.blind(),
			...door.problems(),
			...listUnlogged(parts),
			...inventoryLease.problems(),
			...view.ownNotes().map(sayAlone),
		],
		ownNotes: () => [
			...noteClusterRanges(lookAtOwnNetwork(), {
				prefixes: inForce.config().tailnet.prefixes,
				own: [...vantages.ownAddresses().values()].flat(),
			}),
			...noteOpenProxies(inForce.config().vantages.filter(vantage => vantage.type === 'local')),
			...(isLoopbackHost(parts.listenHost) ? [] : noteScrapes(door.scrapes.known(), systemClock.wall())),
		],
		renderMetrics: () => exposition.render(),
		headscaleMetrics: () => headscale()?.originalMetrics(),
		tailscaledMetrics: vantage => tailscaled.originalMetrics(vantage),
		async probe(request) {
			const elsewhere = planner.sayElsewhere(request.from ?? request.check ?? '');
			if (elsewhere !== undefined) return {kind: 'elsewhere', detail: elsewhere};
			const answer = await parts.adhoc.probe(request);
			if (answer.kind === 'busy') door.refusals.note('busy', {caller: request.caller});
			return answer;
		},
		async diagnose(request) {
			const elsewhere =
				(request.from === undefined ? undefined : planner.sayElsewhere(request.from)) ??
				planner.sayElsewhere(request.subject.replace(/^vantage /, '').split(/[ /]/)[0] ?? '');
			const isNode = request.from === undefined && planner.peers().has(request.subject.toLowerCase());
			if (elsewhere !== undefined && !isNode) return {kind: 'elsewhere', detail: elsewhere};
			const answer = await parts.diagnoser.diagnose(request);
			if (answer.kind === 'busy') door.refusals.note('busy', {caller: request.caller});
			return answer;
		},
		reload: parts.reloader.reload,
		ready: () =>
			planner.planned() &&
			(headscale()?.tried() ?? true) &&
			tailscaled.tried() &&
			gpuSide.tried() &&
			inventoryLease.tried(),
	};
	return view;
}

/** The tunnels alone: each scrape asks, and the last hour of every other check would be put together for nothing. */
export function viewTunnels({publisher, history}: Pick<ViewParts, 'publisher' | 'history'>): CheckView[] {
	const tunnels = publisher.checks().filter(check => check.type === 'tunnel');
	return tunnels.flatMap(check => history.view(check.key) ?? []);
}

/** Problems that nobody else tells the log, as sentences. */
export function listUnlogged(parts: Pick<ViewParts, 'inForce' | 'headscale' | 'planner' | 'gpuSide'>): string[] {
	const headscale = parts.headscale.current();
	return [
		...waitingChecks(parts),
		...(headscale?.problems() ?? []),
		...parts.planner.problems(),
		...parts.gpuSide.problems(),
	];
}

/** Checks over nodes that nothing is known of yet. */
function waitingChecks({inForce, headscale}: Pick<ViewParts, 'inForce' | 'headscale'>): string[] {
	const source = headscale.current();
	if (!source || source.state().nodes.value) return [];
	return inForce
		.config()
		.checks.filter(check => check.nodes)
		.map(check => `Check ${check.name} waits for headscale's list of nodes, which was not read yet.`);
}

function sayRefused(mistake: string): string {
	return `The last reload was refused, the old configuration is in force: ${mistake}`;
}
