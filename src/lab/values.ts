/** Times and numbers that several parts of the lab tell. */

/** A moment as Go writes it, with nine digits of a second. */
export function goTime(wallMs: number): string {
	return new Date(wallMs).toISOString().replace('Z', '284917Z');
}

/** Go's zero time. */
export const zeroTime = '0001-01-01T00:00:00Z';

/** A number somewhere between two. */
export function between(least: number, most: number): number {
	return least + Math.random() * (most - least);
}
