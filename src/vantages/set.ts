/** All vantages of the configuration, kept in step with it over reloads. */

import type {Config, VantageConfig} from '../config/types.ts';
import type {Check, Outcome} from '../engine/types.ts';
import {createVantage} from './registry.ts';
import type {Vantage} from './types.ts';

export interface VantageSetOptions {
	config: Config;
	allowLoopback: boolean;
	onOutcomes(outcomes: readonly Outcome[]): void;
	/** It is known for the first time what a vantage is like, or its own tailnet addresses changed. */
	onKnown(): void;
	onBug(text: string): void;
	onThreadDeath(vantage: string, why: string, delayMs: number): void;
}

export interface VantageSet {
	list(): readonly Vantage[];
	/** Gives each vantage its checks. */
	assign(checks: readonly Check[]): void;
	/** Starts new vantages, ends those that went, and starts those anew whose place changed. */
	configure(config: Config): void;
	/** Whether every vantage told what it is like. */
	known(): boolean;
	ownAddresses(): ReadonlyMap<string, readonly string[]>;
	stop(): Promise<void>;
}

export function startVantages(options: VantageSetOptions): VantageSet {
	const running = new Map<string, {vantage: Vantage; definition: string}>();
	const ending = new Set<Promise<void>>();
	const addresses = new Map<string, readonly string[]>();
	const replaced = new WeakSet<Vantage>();
	configure(options.config);

	return {
		list,
		assign(checks) {
			const byVantage = Map.groupBy(checks, check => check.vantage);
			for (const {vantage} of running.values()) vantage.assign(byVantage.get(vantage.name) ?? []);
		},
		configure,
		known: () => list().every(vantage => vantage.state().condition !== 'starting'),
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

	function configure(config: Config): void {
		const wanted = new Map(config.vantages.map(vantage => [vantage.name, vantage]));
		for (const [name, {vantage, definition}] of running) {
			const next = wanted.get(name);
			if (next && definitionOf(next, config) === definition) wanted.delete(name);
			else {
				running.delete(name);
				// Its runs are cut short for our own reasons; its successor looks again at once.
				replaced.add(vantage);
				end(vantage);
			}
		}
		for (const [name, vantage] of wanted)
			running.set(name, {vantage: start(vantage, config), definition: definitionOf(vantage, config)});
	}

	function start(vantage: VantageConfig, config: Config): Vantage {
		const created: Vantage = createVantage(vantage, {
			place: {
				vantage: vantage.name,
				...(vantage.tailscaledSocket === undefined ? {} : {tailscaled: vantage.tailscaledSocket}),
				...(vantage.socks5 === undefined ? {} : {socks5: vantage.socks5}),
				tailnet: config.tailnet,
				allowLoopback: options.allowLoopback,
			},
			onOutcomes: outcomes => {
				if (!replaced.has(created)) options.onOutcomes(outcomes);
			},
			onAddresses: options.onKnown,
			onBug: options.onBug,
			onThreadDeath: (why, delayMs) => options.onThreadDeath(vantage.name, why, delayMs),
		});
		return created;
	}

	function end(vantage: Vantage): void {
		const ended = vantage.stop();
		ending.add(ended);
		void ended.finally(() => ending.delete(ended));
	}
}

function definitionOf(vantage: VantageConfig, config: Config): string {
	return JSON.stringify([vantage, config.tailnet]);
}
