/** One lease in memory, as an API server keeps it, for as many replicas as a test wants; each can be cut off. */

import type {Call} from '../../src/kubernetes/client.ts';
import {KubernetesError, refusedBy} from '../../src/kubernetes/errors.ts';
import {type LeaseKeeper, startLease} from '../../src/kubernetes/lease.ts';
import type {FakeClock} from './fake-clock.ts';

export interface LeaseObject {
	metadata: {name: string; resourceVersion: string; [key: string]: unknown};
	spec?: unknown;
}

export type Trouble =
	| 'none'
	/** Never answers. */
	| 'hangs'
	/** Does what is asked and never says so. */
	| 'swallows'
	/** Does it at once and says so after four seconds. */
	| 'late'
	/** Refuses with a status. */
	| number;

export interface LeaseServer {
	lease: LeaseObject | undefined;
	/** `GET`, `POST`, `PUT`, as they came. */
	calls: string[];
	/** Before anything is answered. */
	before(call: Call): void;
	/** Another client writes. */
	put(spec: unknown, metadata?: Record<string, unknown>): void;
	ask(call: Call, trouble: Trouble): Promise<unknown>;
}

export function leaseServer(clock: FakeClock): LeaseServer {
	let version = 1;
	const server: LeaseServer = {
		lease: undefined,
		calls: [],
		before() {},
		put(spec, metadata = {}) {
			server.lease = {metadata: {name: 'tailprobe', ...metadata, resourceVersion: String(++version)}, spec};
		},
		async ask(call, trouble) {
			const {method = 'GET', path, signal} = call;
			server.calls.push(method);
			server.before(call);
			if (trouble === 'hangs') return hang(signal);
			if (typeof trouble === 'number') throw refusedBy(trouble, `${method} ${path}`, 'no');
			const answer = answerTo(method, path, call.body as LeaseObject | undefined);
			if (trouble === 'late') await new Promise<void>(resolve => clock.after(4000, resolve));
			return trouble === 'swallows' ? hang(signal) : answer;
		},
	};
	return server;

	function answerTo(method: string, path: string, body: LeaseObject | undefined): unknown {
		const {lease} = server;
		if (method === 'GET' && lease) return structuredClone(lease);
		if (method === 'POST' && lease) throw refusedBy(409, `POST ${path}`, 'there is one');
		if (method !== 'POST' && !lease) throw refusedBy(404, `${method} ${path}`, 'there is none');
		if (method === 'PUT' && body?.metadata.resourceVersion !== lease?.metadata.resourceVersion)
			throw refusedBy(409, `PUT ${path}`, 'somebody was quicker');
		server.put(structuredClone(body?.spec), {...body?.metadata});
		return structuredClone(server.lease);
	}
}

export interface Replica {
	keeper: LeaseKeeper;
	identity: string;
	trouble: Trouble;
	fit: boolean;
	exports(): boolean;
}

/** A replica that competes for the lease of the server. */
export function aReplica(server: LeaseServer, clock: FakeClock, identity: string, fit = true): Replica {
	// Asked while it is being made.
	let replica: Replica | undefined;
	const made: Replica = {
		identity,
		trouble: 'none',
		fit,
		exports: () => ['holds', 'without'].includes(made.keeper.standing().kind),
		keeper: startLease({
			async ask(call) {
				// The first call comes while the replica is being made.
				await Promise.resolve();
				return server.ask(call, made.trouble);
			},
			namespace: () => 'monitoring',
			name: 'tailprobe',
			identity,
			timeoutMs: 5000,
			isFit: () => replica?.fit ?? fit,
			onTried() {},
			clock,
		}),
	};
	replica = made;
	return made;
}

function hang(signal: AbortSignal | undefined): Promise<never> {
	return new Promise((_resolve, reject) => {
		signal?.addEventListener('abort', () => reject(signal.reason ?? new KubernetesError('cut')), {once: true});
	});
}
