/** What the last reads of headscale brought, kept by the poller and read by collectors, pages and the inventory. */

import type {NodeList} from '../inventory/types.ts';
import type {Read} from '../sources/read.ts';
import type {ApiKeyList} from './api-keys.ts';
import type {ServerCertificate} from './certificate.ts';
import type {PolicyFact} from './policy.ts';
import type {PreAuthKeyList} from './pre-auth-keys.ts';
import type {RouteList} from './routes.ts';
import type {UserList} from './users.ts';

/** What is read at every interval, and the version, which is read rarely. */
export interface PromptReads {
	/** GET /health: the value is whether it said `pass`. */
	health: Read<boolean>;
	/** GET /api/v1/node, with the routes of headscale up to 0.25, which come apart. */
	nodes: Read<NodeList>;
	/** The Prometheus text of the metrics port: `text` as it came, `families` parsed. */
	metrics: Read<{text: string; families: ReadonlyMap<string, Family>}>;
	/** GET /version, which 0.27 and newer have. */
	version: Read<string>;
}

/** What is read at the times of the inventory schedule. A success without a value: this version of headscale has no such thing. */
export interface InventoryReads {
	users: Read<UserList>;
	preAuthKeys: Read<PreAuthKeyList>;
	apiKeys: Read<ApiKeyList>;
	policy: Read<PolicyFact>;
	/** Of headscale up to 0.25. */
	routes: Read<RouteList>;
	/** GET /api/v1/health: the value is whether the API finds its database. */
	apiHealth: Read<boolean>;
	/** GET /key: the value is true. */
	key: Read<boolean>;
	/** Of the main listener, where that speaks TLS. */
	certificate: Read<ServerCertificate>;
}

/** An inventory that is absent was not tried yet, or cannot be read. */
export interface HeadscaleState extends PromptReads, Partial<InventoryReads> {
	/** Milliseconds since 1970 until which "offline" may only mean that headscale just restarted; undefined: no restart seen. */
	graceUntil?: number;
}

/** A family of the Prometheus text format. */
export interface Family {
	type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';
	samples: readonly {name: string; labels: Readonly<Record<string, string>>; value: number}[];
}
