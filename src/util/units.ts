/**
 * Durations and sizes as people write them in Prometheus-like configuration.
 * Own code because the libraries at hand either lack compound durations (ms) or accept far more than Prometheus does (parse-duration).
 */

const millisecondsOf: Record<string, number> = {
	ms: 1,
	s: 1000,
	m: 60_000,
	h: 3_600_000,
	d: 86_400_000,
	w: 604_800_000,
	y: 31_536_000_000,
};

/** `1m30s`, `250ms`, `0`: milliseconds, or undefined when it is no duration (syntax of Prometheus, units in falling order; a decimal is allowed in a single unit: `1.5s`). */
export function parseDurationMs(text: string): number | undefined {
	if (text === '0') return 0;
	const single = /^(\d+\.\d+)(ms|s|m|h|d|w|y)$/.exec(text);
	if (single) return Number(single[1]) * (millisecondsOf[single[2] as string] as number);
	const match = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text);
	if (!match || text === '') return undefined;
	const units = ['y', 'w', 'd', 'h', 'm', 's', 'ms'];
	return units.reduce((sum, unit, at) => sum + Number(match[at + 1] ?? 0) * (millisecondsOf[unit] as number), 0);
}

/** Milliseconds as a person writes them: `1m30s`, `1.5s`, `250ms`, `0s`. */
export function formatDurationMs(durationMs: number): string {
	if (durationMs < 1000) return durationMs === 0 ? '0s' : `${Math.round(durationMs)}ms`;
	if (durationMs < 10_000 && durationMs % 1000 !== 0) return `${Number((durationMs / 1000).toFixed(1))}s`;
	let rest = Math.round(durationMs / 1000);
	let text = '';
	for (const [unit, seconds] of [
		['d', 86_400],
		['h', 3600],
		['m', 60],
		['s', 1],
	] as const) {
		const count = Math.floor(rest / seconds);
		if (count > 0) text += `${count}${unit}`;
		rest -= count * seconds;
	}
	return text;
}

/** `512KB`, `8MiB`, `1048576`: bytes, or undefined when it is no size. `KB` counts 1024 as in blackbox_exporter's body_size_limit. */
export function parseBytes(text: string): number | undefined {
	const match = /^(\d+)\s*(B|KB|KiB|MB|MiB|GB|GiB)?$/.exec(text);
	if (!match) return undefined;
	const power = {B: 0, KB: 1, KiB: 1, MB: 2, MiB: 2, GB: 3, GiB: 3}[match[2] ?? 'B'] as number;
	return Number(match[1]) * 1024 ** power;
}
