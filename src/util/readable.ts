/** Durations and paths as a person reads them, on the page and in a terminal. */

/** `0.42 ms`, `12.4 ms`, `420 ms`, `1.25 s`: about three digits. */
export function formatLatency(seconds: number): string {
	const milliseconds = seconds * 1000;
	const size = Math.abs(milliseconds);
	if (size < 9.995) return `${milliseconds.toFixed(2)} ms`;
	if (size < 99.95) return `${milliseconds.toFixed(1)} ms`;
	return size < 999.5 ? `${milliseconds.toFixed(0)} ms` : `${seconds.toFixed(2)} s`;
}

/** `8 s`, `4 min`, `3 h 12 min`, `2 d 5 h`. */
export function formatSpan(spanMs: number): string {
	const seconds = Math.max(0, Math.round(spanMs / 1000));
	if (seconds < 60) return `${seconds} s`;
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes} min`;
	const hours = Math.floor(minutes / 60);
	if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
	const days = Math.floor(hours / 24);
	return hours % 24 === 0 || days >= 10 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** The facts `path` and `derp_region` of a tunnel: `direct`, `derp fra`, `peer relay`. */
export function formatPath(path: string | undefined, region?: string): string | undefined {
	if (path === 'derp') return region ? `derp ${region}` : 'derp';
	return path === 'peer_relay' ? 'peer relay' : path;
}
