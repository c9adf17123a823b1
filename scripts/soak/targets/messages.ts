/** What the process of the targets says. */

export type FromTargets =
	| {kind: 'ready'}
	/** How late its loop was at worst since the last time, and good answers so far by `kind address`. */
	| {kind: 'state'; worstMs: number; served: Record<string, number>};
