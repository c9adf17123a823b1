/** Times as the API and the page write them. */

/** RFC 3339, or undefined where no time is known (or the world sent one that is none). */
export function formatTime(wallMs: number | undefined): string | undefined {
	const date = new Date(wallMs ?? Number.NaN);
	return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
