/** Which of several replicas exports the inventories: the one that holds the lease, each where none is configured or none can be asked for. */

import {randomUUID} from 'node:crypto';
import {hostname} from 'node:os';
import {type SourceReading, sourceReading} from '../collectors/sources.ts';
import type {KubernetesConfig} from '../config/types.ts';
import {type Clock, systemClock} from '../util/clock.ts';
import {messageOf} from '../util/errors.ts';
import type {Logger} from '../util/log.ts';
import {type KubernetesAccess, openKubernetes} from './client.ts';
import {ownNamespace, podSurroundings, type Surroundings} from './credentials.ts';
import {KubernetesError} from './errors.ts';
import {type LeaseKeeper, type LeaseStanding, leaseTimes, startLease} from './lease.ts';

export interface InventoryLease {
	/** Whether this replica exports the inventories, as of this moment. */
	exports(): boolean;
	/**
	 * Whether this replica looks from other machines, as of this moment: an agent serves one daemon. Like `exports`, but while the lease
	 * cannot be asked for only the one that did so before goes on.
	 */
	looksAfar(): boolean;
	/** An agent says that another daemon has taken it over: it does not get it back unless this replica holds the lease. */
	yieldAfar(): void;
	/** `kubernetes-lease`, where one is configured. */
	sources(): readonly SourceReading[];
	/** That several replicas may export the inventories, and why. */
	problems(): readonly string[];
	/** The lease was tried once; what a reload brings is not waited for. */
	tried(): boolean;
	/** Takes what a reload brought. A lease that did not change is held on to, another one is given back. */
	configure(config: KubernetesConfig | undefined): void;
	/** Gives it back, within some seconds. */
	stop(): Promise<void>;
}

export interface InventoryLeaseOptions {
	log: Pick<Logger, 'info' | 'warn'>;
	/** Whether this replica can look itself: one that cannot leaves the lease to one that can. Default: always. */
	isFit?(): boolean;
	/** The lease was tried: who exports and who looks may be another now. */
	onTried?(): void;
	surroundings?: Surroundings;
	/** For tests. */
	clock?: Clock;
	/** For tests: instead of an access of its own. */
	open?: (config: KubernetesConfig) => Promise<Pick<KubernetesAccess, 'ask' | 'close'>>;
}

/** Begins to compete for the lease, where the configuration has one. Everything that goes wrong is in its state. */
export function startInventoryLease(
	initial: KubernetesConfig | undefined,
	{log, isFit, onTried, surroundings = podSurroundings, clock = systemClock, open}: InventoryLeaseOptions,
): InventoryLease {
	let held: Held | undefined;
	let wasTried = false;
	/** Given back in the end: from then on another replica exports. */
	let isOver = false;
	const ending = new Set<Promise<void>>();
	configure(initial);

	return {
		exports() {
			if (!held) return !isOver;
			const {kind} = held.keeper.standing();
			return kind === 'holds' || kind === 'without';
		},
		looksAfar: () => (held ? held.keeper.leads() : !isOver),
		yieldAfar: () => held?.keeper.yield(),
		sources: () => (held ? [sourceReading('kubernetes-lease', held.keeper.read(), leaseTimes.renewMs)] : []),
		problems() {
			const standing = held?.keeper.standing();
			if (standing?.kind !== 'without') return [];
			return [
				`This replica exports the inventories without the lease, and others may do so too: for ${leaseTimes.durationMs / 1000} s it could not be read or renewed. ${held?.keeper.leads() ? 'It looks from remote vantages too.' : 'It does not look from remote vantages, which another replica did when the lease was last known.'} ${standing.why}`,
			];
		},
		tried() {
			wasTried ||= held === undefined || held.keeper.read().triedAt !== undefined;
			return wasTried;
		},
		configure,
		async stop() {
			isOver = held !== undefined;
			end();
			await Promise.all(ending);
		},
	};

	function configure(config: KubernetesConfig | undefined): void {
		const {inventoryLease: lease, kubeconfigFile, context, timeoutMs} = config ?? {};
		const definition = JSON.stringify([lease, kubeconfigFile, context, timeoutMs]);
		if (held && lease && held.definition === definition) return;
		end();
		if (!config || !lease) return;
		const access = openLater(() => (open ? open(config) : openKubernetes(config, surroundings)));
		const mine: Held = {
			keeper: startLease({
				ask: async call => (await access.get()).ask(call),
				namespace: () => lease.namespace ?? insistOnHome(config, surroundings),
				name: lease.name,
				identity: `${hostname().slice(0, 100)}_${randomUUID()}`,
				timeoutMs: config.timeoutMs,
				onTried() {
					tell(mine);
					if (mine === held) onTried?.();
				},
				clock,
				...(isFit ? {isFit} : {}),
			}),
			name: lease.name,
			definition,
			told: {kind: 'starting'},
			close: access.close,
		};
		held = mine;
	}

	function end(): void {
		if (!held) return;
		const {keeper, close} = held;
		held = undefined;
		const ended = keeper
			.stop()
			.then(close)
			.catch(() => {})
			.finally(() => ending.delete(ended));
		ending.add(ended);
	}

	/** One line for each change. */
	function tell(one: Held): void {
		if (one !== held) return;
		const {name: lease, told: before} = one;
		const standing = one.keeper.standing();
		if (JSON.stringify(whoOf(standing)) === JSON.stringify(whoOf(before))) return;
		one.told = standing;
		if (standing.kind === 'holds') log.info({lease}, 'this replica exports the inventories: it holds the lease');
		else if (standing.kind === 'without')
			log.warn(
				{lease, error: standing.why},
				'this replica exports the inventories without the lease, and others may do so too: it cannot be read or renewed',
			);
		else if (standing.kind === 'waits' && standing.holder !== undefined)
			log.info({lease, holder: standing.holder}, 'another replica exports the inventories: it holds the lease');
		else if (before.kind === 'holds' || before.kind === 'without')
			log.warn({lease}, 'this replica exports the inventories no more: it is not known who holds the lease');
	}
}

interface Held {
	keeper: LeaseKeeper;
	name: string;
	/** What must stay the same for it to be held on to. */
	definition: string;
	/** What the log was told last. */
	told: LeaseStanding;
	close(): Promise<void>;
}

function whoOf(standing: LeaseStanding): unknown[] {
	return [standing.kind, standing.kind === 'waits' ? standing.holder : undefined];
}

function insistOnHome(config: KubernetesConfig, surroundings: Surroundings): string {
	const home = ownNamespace(config, surroundings);
	if (home !== undefined) return home;
	throw new KubernetesError(
		`It is not known in which namespace the lease of the inventories is: ${config.kubeconfigFile === undefined ? 'the service account of the pod tells none' : `the context of ${config.kubeconfigFile} has none`}. Set kubernetes.inventory_lease.namespace.`,
	);
}

/** One access for all who ask; opening it is tried again with the next after a failure. */
function openLater(open: () => Promise<Pick<KubernetesAccess, 'ask' | 'close'>>) {
	let opening: ReturnType<typeof open> | undefined;
	return {
		get() {
			opening ??= open().catch((error: unknown) => {
				opening = undefined;
				throw error instanceof KubernetesError
					? error
					: new KubernetesError(`The Kubernetes client cannot be used: ${messageOf(error)}.`);
			});
			return opening;
		},
		async close() {
			await (await opening?.catch(() => undefined))?.close();
		},
	};
}
