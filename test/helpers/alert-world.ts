/**
 * A small platform as the series that tailprobe exports of it, simulated in steps of 15 s: what breaks in it shows in all series that
 * it shows in, so that rules are tried together and not one by one.
 */

import {inventoryNames} from '../../src/collectors/inventory-rows.ts';
import {absent} from './alert-cases.ts';

/** Seconds between two scrapes, two runs of a check, and two evaluations. */
export const stepSeconds = 15;

/** What is the matter at one moment; everything is empty while all is well. */
export interface Conditions {
	/** headscale does not answer. */
	headscaleDown: boolean;
	/** It started again a while ago: nobody is called offline. */
	headscaleGrace: boolean;
	/** Replicas of tailprobe that are not there. */
	replicasDown: Set<number>;
	/** The replica that shows the inventory; all of them where there is no lease. */
	holder: number | 'nobody' | 'all';
	/** Nodes that are dead: nothing on them answers. */
	dead: Set<string>;
	/** Nodes that headscale calls offline. */
	offline: Set<string>;
	/** Nodes that headscale does not list any more. */
	removed: Set<string>;
	/** Nodes whose tunnels run over the relay. */
	relayed: Set<string>;
	/** Keys of links (`check/vantage/target`) whose run of this step fails. */
	failing: Set<string>;
	/** Keys of links that nobody could look at in this step. */
	unknown: Set<string>;
	/** Vantages that are gone. */
	gone: Set<string>;
	/** Vantages whose tailscaled is not connected to headscale. */
	reconnecting: Set<string>;
	/** Nodes whose keys were rotated. */
	rotated: Set<string>;
	/** Values that are not what they would be, by the name of the metric. */
	values: Map<string, number>;
}

/** What becomes of the conditions at a moment, in seconds since the start, as one replica sees it. */
export type Events = (seconds: number, conditions: Conditions, replica: number) => void;

interface Link {
	check: string;
	type: string;
	vantage: string;
	target: string;
	peer: string;
}

const gpus = ['gpu-1', 'gpu-2', 'gpu-3'];
const nodes = ['orchestrator', 'livekit', 'auth', 'mail', 'notes', ...gpus];
const day = 86_400;

const checks: ReadonlyArray<{check: string; type: string; expect?: string; objectives?: boolean}> = [
	{check: 'tunnel', type: 'tunnel'},
	{check: 'gpu-tunnel', type: 'tunnel'},
	{check: 'orchestrator', type: 'http', objectives: true},
	{check: 'livekit', type: 'http', objectives: true},
	{check: 'tts', type: 'http', objectives: true},
	{check: 'webhook', type: 'http', objectives: true},
	{check: 'magicdns', type: 'dns'},
	{check: 'derp', type: 'derp'},
	{check: 'stun', type: 'stun'},
	{check: 'certificate', type: 'tls'},
	{check: 'exposed', type: 'tcp', expect: 'unreachable'},
	{check: 'gpu', type: 'gpu'},
];

const from = (vantage: string, check: string, type: string, targets: readonly string[]): Link[] =>
	targets.map(target => ({check, type, vantage, target, peer: nodes.includes(target) ? target : ''}));

/** Every link of the platform. */
export const links: readonly Link[] = [
	...from('cluster', 'tunnel', 'tunnel', nodes),
	...from('cluster', 'orchestrator', 'http', ['orchestrator']),
	...from('cluster', 'livekit', 'http', ['livekit']),
	...from('cluster', 'tts', 'http', gpus),
	...from('cluster', 'magicdns', 'dns', nodes),
	...from('cluster', 'derp', 'derp', ['headscale']),
	...from('cluster', 'stun', 'stun', ['headscale']),
	...from('cluster', 'certificate', 'tls', ['headscale']),
	...from('cluster', 'exposed', 'tcp', ['public']),
	...gpus.flatMap(gpu => [
		...from(gpu, 'gpu-tunnel', 'tunnel', ['orchestrator', 'livekit']),
		...from(gpu, 'webhook', 'http', ['orchestrator']),
		...from(gpu, 'gpu', 'gpu', [gpu]),
	]),
];

/** `check/vantage/target`. */
export function keyOf({check, vantage, target}: Link): string {
	return `${check}/${vantage}/${target}`;
}

/** The labels that scraping adds: those of all replicas, and of each. */
export interface Scrape {
	kept: Readonly<Record<string, string>>;
	replicas: ReadonlyArray<Readonly<Record<string, string>>>;
}

/** The `input_series` of promtool for so many minutes of it, under one way of scraping. */
export function inputSeries(
	minutes: number,
	events: Events,
	{kept, replicas}: Scrape,
): Array<{series: string; values: string}> {
	return replicas.flatMap((scraped, replica) => {
		const recorder = new Recorder({...kept, ...scraped});
		const prober = new Prober(recorder);
		const steps = (minutes * 60) / stepSeconds;
		for (let step = 0; step <= steps; step += 1) {
			const conditions = allWell();
			events(step * stepSeconds, conditions, replica);
			recorder.leaveOut(conditions.holder === 'all' || conditions.holder === replica ? undefined : inventoryNames);
			if (conditions.replicasDown.has(replica)) prober.isDown();
			else prober.step(step * stepSeconds, conditions);
			recorder.endStep();
		}
		return recorder.series();
	});
}

function allWell(): Conditions {
	return {
		headscaleDown: false,
		headscaleGrace: false,
		replicasDown: new Set(),
		holder: 'all',
		dead: new Set(),
		offline: new Set(),
		removed: new Set(),
		relayed: new Set(),
		failing: new Set(),
		unknown: new Set(),
		gone: new Set(),
		reconnecting: new Set(),
		rotated: new Set(),
		values: new Map(),
	};
}

/** Samples by series, one for each step; what is not set in a step is absent in it. */
class Recorder {
	readonly #scraped: Readonly<Record<string, string>>;
	readonly #values = new Map<string, string[]>();
	#steps = 0;
	#leftOut: ReadonlySet<string> | undefined;

	constructor(scraped: Readonly<Record<string, string>>) {
		this.#scraped = scraped;
	}

	/** Metrics that are not recorded from now on. */
	leaveOut(names: ReadonlySet<string> | undefined): void {
		this.#leftOut = names;
	}

	set(name: string, labels: Readonly<Record<string, string>>, value: number): void {
		if (this.#leftOut?.has(name)) return;
		const pairs = Object.entries({...labels, ...this.#scraped}).map(([label, text]) => `${label}="${text}"`);
		const series = `${name}{${pairs.join(',')}}`;
		const values = this.#values.get(series) ?? [];
		this.#values.set(series, values);
		while (values.length < this.#steps)
			values.push(values.length > 0 && values.at(-1) !== absent && values.at(-1) !== 'stale' ? 'stale' : absent);
		values[this.#steps] = String(value);
	}

	endStep(): void {
		this.#steps += 1;
	}

	series(): Array<{series: string; values: string}> {
		return [...this.#values].map(([series, values]) => {
			const rest = values.length < this.#steps ? ` stale _x${this.#steps}` : '';
			return {series, values: `${values.join(' ')}${rest}`};
		});
	}
}

/** One replica of tailprobe, from start to end of its process; then it begins anew. */
class Prober {
	readonly #recorder: Recorder;
	#startedAt: number | undefined;
	#counters = new Map<string, number>();
	#downSince = new Map<string, number>();
	#headscaleStartedAt = 0;
	#values: ReadonlyMap<string, number> = new Map();

	constructor(recorder: Recorder) {
		this.#recorder = recorder;
	}

	isDown(): void {
		this.#startedAt = undefined;
		this.#counters.clear();
		this.#downSince.clear();
		this.#recorder.set('up', {}, 0);
	}

	step(now: number, conditions: Conditions): void {
		const isFirst = this.#startedAt === undefined;
		this.#startedAt ??= now;
		this.#values = conditions.values;
		this.#itself();
		this.#headscale(now, conditions, isFirst);
		this.#vantages(conditions, isFirst);
		const usable = new Map<string, string>();
		for (const link of links) {
			if ([link.peer, link.vantage].some(node => conditions.removed.has(node))) {
				this.#downSince.delete(keyOf(link));
				continue;
			}
			const verdict = isFirst ? 'unknown' : verdictOf(link, conditions);
			this.#link(now, link, verdict, conditions, isFirst);
			if (link.vantage !== 'cluster' || !gpus.includes(link.peer) || link.type === 'dns') continue;
			const state = {up: 'usable', down: 'unusable', unknown: 'unknown'}[verdict];
			if (usable.get(link.peer) !== 'unusable' && (state !== 'usable' || !usable.has(link.peer)))
				usable.set(link.peer, state);
		}
		this.#pool(usable);
		this.#machines(conditions, isFirst);
	}

	#set(name: string, labels: Readonly<Record<string, string>>, value: number): void {
		this.#recorder.set(name, labels, this.#values.get(name) ?? value);
	}

	/** A counter that grows by so much, from zero. */
	#count(name: string, labels: Readonly<Record<string, string>>, growth: number): void {
		const key = `${name} ${JSON.stringify(labels)}`;
		const value = (this.#counters.get(key) ?? 0) + growth;
		this.#counters.set(key, value);
		this.#recorder.set(name, labels, value);
	}

	#itself(): void {
		this.#set('up', {}, 1);
		this.#set('tailprobe_build_info', {version: '0.1.0', node_version: '26.10.0'}, 1);
		this.#set('process_start_time_seconds', {}, this.#startedAt ?? 0);
		this.#set('tailprobe_checks', {}, links.length);
		this.#set('tailprobe_plan_problems', {}, 0);
		this.#set('tailprobe_series', {}, 500);
		this.#set('tailprobe_series_limit', {}, 50_000);
		this.#set('tailprobe_checks_without_series', {}, 0);
		this.#set('tailprobe_config_last_reload_successful', {}, 1);
		this.#set('tailprobe_config_last_reload_success_timestamp_seconds', {}, this.#startedAt ?? 0);
		this.#count('tailprobe_internal_errors_total', {}, 0);
		for (const {check, type, expect = 'answer', objectives} of checks) {
			this.#set('tailprobe_check_info', {check, type, via: 'tailnet', expect, critical: 'true'}, 1);
			this.#set('tailprobe_check_interval_seconds', {check}, stepSeconds);
			if (!objectives) continue;
			this.#set('tailprobe_check_availability_objective_ratio', {check}, 0.99);
			this.#set('tailprobe_check_latency_objective_seconds', {check}, 0.3);
		}
	}

	#headscale(
		now: number,
		{headscaleDown, headscaleGrace, offline, removed, rotated}: Conditions,
		isFirst: boolean,
	): void {
		if (isFirst) return;
		for (const source of ['health', 'nodes', 'users', 'pre-auth-keys', 'api-keys', 'policy', 'metrics', 'key'])
			this.#set('tailprobe_source_read_success', {source: `headscale-${source}`}, headscaleDown ? 0 : 1);
		for (const source of ['kubernetes-nodes', 'kubernetes-pods', 'vast-instances', 'tailscaled'])
			this.#set('tailprobe_source_read_success', {source}, 1);
		if (headscaleDown) this.#headscaleStartedAt = now;
		if (!headscaleDown) {
			this.#set('tailprobe_headscale_health', {}, 1);
			this.#set('tailprobe_headscale_api_health', {}, 1);
			this.#set('tailprobe_headscale_control_key_answered', {}, 1);
			this.#set('tailprobe_headscale_process_start_timestamp_seconds', {}, this.#headscaleStartedAt);
		}
		const listed = nodes.filter(node => !removed.has(node));
		const gone = listed.filter(node => offline.has(node));
		this.#set('tailprobe_headscale_restart_grace', {}, headscaleGrace ? 1 : 0);
		this.#set('tailprobe_headscale_nodes', {state: 'online'}, listed.length - gone.length);
		this.#set('tailprobe_headscale_nodes', {state: 'offline'}, headscaleGrace ? 0 : gone.length);
		this.#set('tailprobe_headscale_nodes', {state: 'unknown'}, headscaleGrace ? gone.length : 0);
		for (const peer of listed) {
			if (!offline.has(peer)) this.#set('tailprobe_headscale_node_online', {peer}, 1);
			else if (!headscaleGrace) this.#set('tailprobe_headscale_node_online', {peer}, 0);
			const facts = {owner: 'june', tags: '', ephemeral: String(gpus.includes(peer)), register_method: 'authkey'};
			this.#set('tailprobe_headscale_node_info', {peer, ...facts}, 1);
			if (!gpus.includes(peer))
				this.#set(
					'tailprobe_headscale_node_key_expiry_timestamp_seconds',
					{peer},
					(rotated.has(peer) ? 180 : 60) * day,
				);
		}
		for (const kind of ['online_but_unreachable', 'offline_but_reachable'])
			this.#set('tailprobe_headscale_nodes_disagreeing', {kind}, 0);
		this.#set('tailprobe_headscale_nodes_expired', {}, 0);
		this.#set('tailprobe_headscale_certificate_expiry_timestamp_seconds', {}, 60 * day);
		this.#set('tailprobe_headscale_certificate_trusted', {}, 1);
		this.#set('tailprobe_headscale_policy_readable', {}, 1);
		this.#set('tailprobe_headscale_expected_user_present', {user: 'june'}, 1);
		this.#set('tailprobe_headscale_own_api_key_expiry_timestamp_seconds', {}, (rotated.size > 0 ? 180 : 60) * day);
		for (const state of ['usable', 'expired']) {
			this.#set('tailprobe_headscale_pre_auth_keys', {state}, 1);
			this.#set('tailprobe_headscale_api_keys', {state}, 1);
		}
		for (const ephemeral of ['true', 'false']) this.#set('tailprobe_headscale_nodes_lingering', {ephemeral}, 0);
		this.#set('tailprobe_headscale_process_open_fds', {}, 40);
		this.#set('tailprobe_headscale_process_max_fds', {}, 65_536);
	}

	#vantages(conditions: Conditions, isFirst: boolean): void {
		for (const vantage of ['cluster', ...gpus.filter(gpu => !conditions.removed.has(gpu))]) {
			const isGone = conditions.gone.has(vantage) || conditions.dead.has(vantage);
			const way = vantage === 'cluster' ? 'local' : isGone ? 'none' : 'agent';
			this.#set('tailprobe_vantage_info', {vantage, group: vantage === 'cluster' ? 'cluster' : 'gpu', way}, 1);
			this.#count('tailprobe_vantage_runs_started_total', {vantage}, isGone ? 0 : 5);
			for (const verdict of ['up', 'down', 'unknown'])
				this.#count('tailprobe_vantage_runs_total', {vantage, verdict}, verdict === 'up' && !isGone ? 5 : 0);
			for (const outcome of ['answered', 'timed_out'])
				this.#count('tailprobe_vantage_late_runs_total', {vantage, outcome}, 0);
			this.#count('tailprobe_vantage_thread_restarts_total', {vantage}, 0);
			if (isFirst) continue;
			this.#set('tailprobe_vantage_up', {vantage}, isGone ? 0 : 1);
			if (isGone) continue;
			const online = conditions.headscaleDown || conditions.reconnecting.has(vantage) ? 0 : 1;
			this.#set('tailprobe_vantage_control_reachable', {vantage}, online);
			this.#set('tailprobe_tailscaled_self_online', {vantage}, online);
			this.#set('tailprobe_tailscaled_derp_map_regions', {vantage}, 1);
			if (vantage === 'cluster') this.#set('tailprobe_tailscaled_key_expiry_timestamp_seconds', {vantage}, 60 * day);
		}
	}

	#link(now: number, link: Link, verdict: Verdict, {relayed}: Conditions, isFirst: boolean): void {
		const key = keyOf(link);
		const labels: Record<string, string> = {...link};
		if (verdict === 'up') this.#downSince.delete(key);
		if (verdict === 'down' && !this.#downSince.has(key)) this.#downSince.set(key, now);
		for (const state of ['up', 'down', 'unknown']) {
			this.#set('tailprobe_check_state', {...labels, state}, state === verdict ? 1 : 0);
			this.#count('tailprobe_check_runs_total', {...labels, verdict: state}, state === verdict && !isFirst ? 1 : 0);
		}
		if (verdict !== 'unknown') this.#set('tailprobe_check_up', labels, verdict === 'up' ? 1 : 0);
		const since = this.#downSince.get(key);
		if (since !== undefined) this.#set('tailprobe_check_down_since_timestamp_seconds', labels, since);
		if (verdict === 'down') this.#count('tailprobe_check_failures_total', {...labels, reason: 'timeout'}, 1);
		if (checks.some(({check, objectives}) => objectives && check === link.check))
			for (const within of ['true', 'false'])
				this.#count(
					'tailprobe_check_objective_runs_total',
					{...labels, within},
					within === 'true' && verdict === 'up' ? 1 : 0,
				);
		if (link.type !== 'tunnel') return;
		this.#count('tailprobe_tunnel_pings_total', labels, verdict === 'unknown' ? 0 : 10);
		this.#count('tailprobe_tunnel_pings_lost_total', labels, verdict === 'down' ? 10 : 0);
		const isRelayed = relayed.has(link.peer) || relayed.has(link.vantage);
		const hadPath = this.#counters.get(`path ${key}`);
		if (verdict === 'up') this.#counters.set(`path ${key}`, isRelayed ? 1 : 0);
		const isChanged = verdict === 'up' && hadPath !== undefined && hadPath !== (isRelayed ? 1 : 0);
		this.#count('tailprobe_tunnel_path_changes_total', labels, isChanged ? 1 : 0);
		const {check, type, vantage} = link;
		for (const within of ['true', 'false'])
			this.#count(
				'tailprobe_tunnel_overhead_rounds_total',
				{check, type, vantage, within},
				within === 'true' && verdict === 'up' && !isRelayed ? 1 : 0,
			);
		if (verdict !== 'up') return;
		for (const path of ['direct', 'derp', 'peer_relay'])
			this.#set('tailprobe_tunnel_path', {...labels, path}, path === (isRelayed ? 'derp' : 'direct') ? 1 : 0);
	}

	#pool(states: ReadonlyMap<string, string>): void {
		this.#set('tailprobe_pool_min', {pool: 'june'}, 2);
		for (const state of ['usable', 'unusable', 'unknown']) {
			const members = [...states].filter(([, one]) => one === state);
			this.#set('tailprobe_pool_members', {pool: 'june', state}, members.length);
			if (state === 'usable') this.#set('tailprobe_pool_usable', {pool: 'june'}, members.length);
			for (const [peer, one] of states)
				this.#set('tailprobe_pool_member_state', {pool: 'june', peer, state}, one === state ? 1 : 0);
		}
	}

	#machines(conditions: Conditions, isFirst: boolean): void {
		if (isFirst) return;
		const k8s = {k8s_namespace: 'june', k8s_node: 'vast'};
		this.#set('tailprobe_kubernetes_node_present', {k8s_node: 'vast'}, 1);
		for (const state of ['true', 'false', 'unknown'])
			this.#set('tailprobe_kubernetes_node_ready', {k8s_node: 'vast', state}, state === 'true' ? 1 : 0);
		const deployment = {k8s_namespace: 'kube-system', k8s_deployment: 'kubelet'};
		this.#set('tailprobe_kubernetes_deployment_present', deployment, 1);
		this.#set('tailprobe_kubernetes_deployment_replicas_wanted', deployment, 1);
		this.#set('tailprobe_kubernetes_deployment_replicas_available', deployment, 1);
		this.#set('tailprobe_vast_list_complete', {}, 1);
		for (const [index, peer] of gpus.entries()) {
			if (conditions.removed.has(peer)) continue;
			const [vantage, pod, instance] = [peer, `pod-${peer}`, String(index + 1)];
			this.#set('tailprobe_machine_info', {peer, vantage, vast_instance: instance, k8s_pod: pod, ...k8s}, 1);
			this.#set('tailprobe_kubernetes_pod_ready', {k8s_pod: pod, ...k8s}, 1);
			this.#set('tailprobe_kubernetes_pod_info', {k8s_pod: pod, ...k8s, phase: 'Running', reason: 'none'}, 1);
			this.#count('tailprobe_kubernetes_pod_restarts_total', {k8s_pod: pod, ...k8s}, 0);
			this.#set(
				'tailprobe_vast_instance_info',
				{vast_instance: instance, gpu_model: 'A', gpus: '1', machine: 'm', peer},
				1,
			);
			this.#set('tailprobe_vast_instance_price_dollars_per_hour', {vast_instance: instance}, 0.4);
			if (conditions.dead.has(peer) || conditions.gone.has(peer)) continue;
			this.#set('tailprobe_gpu_visible', {vantage}, 1);
			this.#set('tailprobe_gpu_lost', {vantage}, 0);
			this.#set(
				'tailprobe_gpu_info',
				{vantage, gpu: '0', peer, uuid: `u-${peer}`, model: 'A', driver_version: '5', cuda_version: '12'},
				1,
			);
			for (const reason of ['hw_thermal_slowdown', 'sw_power_cap'])
				this.#set('tailprobe_gpu_throttled', {vantage, gpu: '0', reason}, 0);
			this.#set('tailprobe_gpu_memory_total_bytes', {vantage, gpu: '0'}, 24e9);
			this.#set('tailprobe_gpu_memory_used_bytes', {vantage, gpu: '0'}, 12e9);
			this.#set('tailprobe_gpu_memory_free_bytes', {vantage, gpu: '0'}, 12e9);
			this.#set('tailprobe_gpu_utilization_ratio', {vantage, gpu: '0'}, 0.5);
		}
	}
}

type Verdict = 'up' | 'down' | 'unknown';

function verdictOf(link: Link, {dead, failing, unknown, gone, headscaleDown, relayed}: Conditions): Verdict {
	const {vantage, peer, target, type} = link;
	const key = keyOf(link);
	if (unknown.has(key) || gone.has(vantage) || dead.has(vantage)) return 'unknown';
	if (failing.has(key)) return 'down';
	// tailscaled answers for names by itself, whatever has become of the node.
	if (dead.has(peer) && type !== 'dns') return 'down';
	if (!headscaleDown) return 'up';
	const overRelay = !['dns', 'gpu'].includes(type) && [peer, vantage].some(node => relayed.has(node));
	return target === 'headscale' || overRelay ? 'down' : 'up';
}
