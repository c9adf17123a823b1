/** All vantages: those of the configuration, kept in step with it over reloads, and the members of remote ones as they come and go. */

import type {Config, LocalVantageConfig, RemoteVantageConfig} from '../config/types.ts';
import type {PlannedVantage} from '../engine/plan.ts';
import type {Check, Outcome} from '../engine/types.ts';
import {type Clock, systemClock} from '../util/clock.ts';
import type {Member} from './members.ts';
import {startLocal, startRemote, type VantageContext} from './registry.ts';
import type {Standing} from './standing.ts';
import type {Vantage} from './types.ts';

export interface VantageSetOptions extends Pick<VantageContext, 'allowLoopback' | 'peers' | 'kubernetes' | 'onBug'> {
	config: Config;
	onOutcomes(outcomes: readonly Outcome[]): void;
	/** It is known for the first time what a vantage is like, or its way, condition or own tailnet addresses changed. */
	onKnown(): void;
	/** An agent proved that another daemon has taken it over. */
	onTaken?(): void;
	onThreadDeath(vantage: string, why: string, delayMs: number): void;
	clock?: Pick<Clock, 'now' | 'wall'>;
}

export interface VantageSet {
	list(): readonly Vantage[];
	/** Each as it says itself, with what is known of its machine. */
	standings(): Standing[];
	/** Gives each vantage its checks. */
	assign(checks: readonly Check[]): void;
	/** Starts new local vantages, ends those that went, and starts those anew whose place changed. Members follow with `update`. */
	configure(config: Config): void;
	/** Takes the whole list of members: new ones start, those that went end after their grace, the others go on undisturbed. */
	update(members: readonly Member[]): void;
	/** Ends every member at once, without grace: another replica looks from them. */
	leave(): void;
	/** Whether the local vantage told what it is like. */
	known(): boolean;
	/** Whether the local vantage is known to be able to look. */
	fit(): boolean;
	/** Grows whenever one was started, which knows no checks yet. */
	starts(): number;
	/** What checks can be planned for, in the order of the configuration. */
	planned(): readonly PlannedVantage[];
	ownAddresses(): ReadonlyMap<string, readonly string[]>;
	stop(): Promise<void>;
}

interface Entry {
	vantage: Vantage;
	/** What it was started with: when that changes it is started anew. */
	definition: string;
	group: string;
	/** Shared with its context: what it still says then is not heard. */
	life: {isOver: boolean};
	/** Since when a member is listed no more, on both clocks. */
	left?: {atMs: number; wallMs: number};
}

export function startVantages(options: VantageSetOptions): VantageSet {
	const {clock = systemClock} = options;
	const running = new Map<string, Entry>();
	const ending = new Set<Promise<void>>();
	const addresses = new Map<string, readonly string[]>();
	let starts = 0;
	let {config} = options;
	configure(config);

	return {
		list,
		standings: () =>
			[...running.values()].map(({vantage, group, left}) => {
				const graceMs = config.vantages.flatMap(each =>
					each.name === group && each.type === 'remote' ? each.graceMs : [],
				);
				return {state: vantage.state(), ...(left ? {left: {sinceMs: left.wallMs, graceMs: graceMs[0] ?? 0}} : {})};
			}),
		assign(checks) {
			const byVantage = Map.groupBy(checks, check => check.vantage);
			for (const {vantage} of running.values()) vantage.assign(byVantage.get(vantage.name) ?? []);
		},
		configure,
		update,
		leave() {
			for (const [name, {group}] of running) if (name !== group) drop(name);
		},
		known: () => locals(config).every(({name}) => running.get(name)?.vantage.state().condition !== 'starting'),
		fit: () => locals(config).every(({name}) => running.get(name)?.vantage.state().condition === 'sound'),
		starts: () => starts,
		planned() {
			const rank = new Map(config.vantages.map(({name}, at) => [name, at]));
			const rankOf = ({group}: Entry) => rank.get(group) ?? 0;
			return [...running.values()]
				.toSorted((a, b) => rankOf(a) - rankOf(b))
				.map(({vantage: {name}, group}) => ({name, group}));
		},
		ownAddresses() {
			// A vantage that was just started anew has not told yet, and is still the same node.
			for (const vantage of list())
				if (vantage.addresses().length > 0) addresses.set(vantage.name, vantage.addresses());
			return new Map(list().map(({name}) => [name, addresses.get(name) ?? []]));
		},
		async stop() {
			for (const {vantage} of running.values()) end(vantage);
			await Promise.all(ending);
		},
	};

	function list(): Vantage[] {
		return [...running.values()].map(({vantage}) => vantage);
	}

	function configure(next: Config): void {
		config = next;
		const wanted = new Map(locals(config).map(vantage => [vantage.name, vantage]));
		const groups = new Set(config.vantages.map(({name}) => name));
		for (const [name, {group}] of running) if (!wanted.has(name) && (name === group || !groups.has(group))) drop(name);
		for (const [name, vantage] of wanted)
			keep(name, name, JSON.stringify([vantage, config.tailnet]), context => startLocal(vantage, context));
	}

	function update(members: readonly Member[]): void {
		const groups = new Map(config.vantages.flatMap(each => (each.type === 'remote' ? [[each.name, each]] : [])));
		const listed = new Set(members.map(({name}) => name));
		for (const member of members) {
			const {ways} = groups.get(member.group) as RemoteVantageConfig;
			const definition = JSON.stringify([placeOf(member), ways, config.tailnet, locals(config)]);
			keep(member.name, member.group, definition, context => startRemote(member, ways, context));
		}
		for (const [name, entry] of running) {
			if (listed.has(name) || name === entry.group) continue;
			entry.left ??= {atMs: clock.now(), wallMs: clock.wall()};
			const graceMs = groups.get(entry.group)?.graceMs ?? 0;
			if (clock.now() - entry.left.atMs >= graceMs) drop(name);
		}
	}

	function keep(name: string, group: string, definition: string, start: (context: VantageContext) => Vantage): void {
		const known = running.get(name);
		if (known?.definition === definition) {
			delete known.left;
			return;
		}
		if (known) drop(name);
		starts++;
		const life = {isOver: false};
		running.set(name, {vantage: start(contextOf(name, life)), definition, group, life});
	}

	function drop(name: string): void {
		const entry = running.get(name);
		if (!entry) return;
		running.delete(name);
		// A local vantage that is started anew is still the same node; a member brings what is known of it along.
		if (entry.group !== name) addresses.delete(name);
		// Its runs are cut short for our own reasons; its successor looks again at once.
		entry.life.isOver = true;
		end(entry.vantage);
	}

	function contextOf(name: string, life: {isOver: boolean}): VantageContext {
		const [local] = locals(config);
		return {
			tailnet: config.tailnet,
			...(local?.socks5 === undefined ? {} : {socks5: local.socks5}),
			allowLoopback: options.allowLoopback,
			peers: options.peers,
			kubernetes: options.kubernetes,
			onOutcomes: outcomes => {
				if (!life.isOver) options.onOutcomes(outcomes);
			},
			onChange: options.onKnown,
			onBug: options.onBug,
			onTaken: () => {
				if (!life.isOver) options.onTaken?.();
			},
			onThreadDeath: (why, delayMs) => options.onThreadDeath(name, why, delayMs),
		};
	}

	function end(vantage: Vantage): void {
		const ended = vantage.stop();
		ending.add(ended);
		void ended.finally(() => ending.delete(ended));
	}
}

function locals(config: Config): LocalVantageConfig[] {
	return config.vantages.filter(vantage => vantage.type === 'local');
}

/** What of a member decides how it is reached: when only other things changed, it goes on. */
function placeOf({name, group, address, node, pod}: Member): unknown[] {
	return [name, group, address, node?.name, node?.addresses, pod];
}
