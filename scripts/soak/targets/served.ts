/** Good answers by `kind address`: what the daemon's own counters are held against. */

export const served = new Map<string, number>();

export function countServed(kind: string, address: string | undefined): void {
	const id = `${kind} ${address ?? ''}`;
	served.set(id, (served.get(id) ?? 0) + 1);
}
