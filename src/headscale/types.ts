/** What the last reads of headscale brought, kept by the poller and read by collectors, pages and the inventory. */

import type {NodeList} from '../inventory/types.ts';

/** One kind of read: when it was tried, and what it brought. */
export interface Read<T> {
	/** Milliseconds since 1970 of the last try; undefined: not tried yet. */
	triedAt?: number;
	/** Milliseconds since 1970 of the last success. */
	succeededAt?: number;
	/** Seconds of the last try. */
	seconds?: number;
	/** Sentence of the last try when it failed. */
	error?: string;
	/** Value of the last success; still there after a later failure (judge its age by `succeededAt`). */
	value?: T;
}

export interface HeadscaleState {
	/** GET /health: the value is whether it said `pass`. */
	health: Read<boolean>;
	/** GET /api/v1/node. */
	nodes: Read<NodeList>;
	/** The Prometheus text of the metrics port: `text` as it came, `families` parsed. */
	metrics: Read<{text: string; families: ReadonlyMap<string, Family>}>;
	/** GET /version, which 0.27 and newer have. */
	version: Read<string>;
	/** Milliseconds since 1970 until which "offline" may only mean that headscale just restarted; undefined: no restart seen. */
	graceUntil?: number;
}

/** A family of the Prometheus text format. */
export interface Family {
	type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';
	samples: readonly {name: string; labels: Readonly<Record<string, string>>; value: number}[];
}
