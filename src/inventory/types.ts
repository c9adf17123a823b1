/** Where targets come from besides the configuration: the nodes that a source lists. */

/** A machine in the tailnet, as safe to print as a constant: names are cleaned where they come in. */
export interface TailnetNode {
	/** Id at the source, decimal. */
	id: string;
	/** MagicDNS label (givenName) cleaned for labels; unique within one list. */
	name: string;
	/** Whether `name` is the MagicDNS label as it stands, so that it may be resolved. */
	resolvable: boolean;
	/** What the machine calls itself, cleaned, in small letters: several records may have the same. undefined: not told. */
	hostname?: string;
	/** Canonical addresses, v4 first. */
	addresses: readonly string[];
	/** Owner's user name without any mail domain, '' for tagged nodes or when not told. */
	owner: string;
	tags: readonly string[];
	/** undefined: the source cannot tell. */
	online?: boolean;
	ephemeral?: boolean;
	/** Milliseconds since 1970; undefined: never seen or not told. */
	lastSeenMs?: number;
	/** Milliseconds since 1970; undefined: never expires. */
	keyExpiryMs?: number;
	createdMs?: number;
	registerMethod?: string;
	/** Routes; undefined where this version does not list them with the node. */
	routes?: {approved: readonly string[]; available: readonly string[]; served: readonly string[]};
}

/** What one reading of a source brought. */
export interface NodeList {
	nodes: readonly TailnetNode[];
	/** Entries that could not be used, as sentences, bounded. */
	problems: readonly string[];
}
