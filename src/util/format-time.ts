/** Times as API, page and notes write them. */

/** RFC 3339, or undefined where no time is known (or the world sent one that is none). */
export function formatTime(wallMs: number | undefined): string | undefined {
	const date = new Date(wallMs ?? Number.NaN);
	return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** `03:02:10 UTC`, with the day when it is another one. */
export function clockText(wallMs: number, nowMs: number): string {
	const iso = formatTime(wallMs);
	if (iso === undefined) return 'an unknown time';
	const sameDay = iso.slice(0, 10) === formatTime(nowMs)?.slice(0, 10);
	return `${sameDay ? '' : `${iso.slice(0, 10)} `}${iso.slice(11, 19)} UTC`;
}
