/** Links for cases of alerts: the series that tailprobe exports of one while it is well, down, unknown or flapping. */

import {absent, brokenAt, type Level, type SeriesCase} from './alert-cases.ts';

/** By series, as `AlertCase` has them. */
export type Series = Readonly<Record<string, SeriesCase>>;

/** A check from the vantage `cluster` to one target. */
export interface Link {
	check: string;
	type: string;
	target: string;
	/** The node behind the target, '' without. */
	peer: string;
	/** Default `answer`. */
	expect?: 'answer' | 'unreachable';
	/** Default true. */
	critical?: boolean;
	/** Default 15. */
	intervalSeconds?: number;
	/** The availability objective; default none. */
	objective?: number;
}

type Course = NonNullable<SeriesCase['course']>;

/** A series of a link, as a key of a case. */
export function of(metric: string, {check, type, target, peer}: Link, extra = ''): string {
	const labels = [`check="${check}"`, `type="${type}"`, `vantage="cluster"`, `target="${target}"`, `peer="${peer}"`];
	return `${metric}{${[...labels, extra].filter(label => label !== '').join(',')}}`;
}

/** The labels of a link in an alert, without those that its check adds. */
export function plainLabels({check, type, target, peer}: Link, severity: string): Record<string, string> {
	const node = peer === '' ? {} : {peer};
	return {severity, monitor: 'tailprobe', check, type, vantage: 'cluster', target, ...node};
}

/** The labels of an alert about a link that is down. */
export function downLabels(link: Link, severity: string): Record<string, string> {
	const {expect = 'answer', critical = true} = link;
	return {...plainLabels(link, severity), expect, critical: String(critical)};
}

/** What is told of a check as it is configured. */
export function configured({
	check,
	type,
	expect = 'answer',
	critical = true,
	intervalSeconds = 15,
	objective,
}: Link): Series {
	const always = (level: number) => ({well: level, broken: level});
	return {
		[`tailprobe_check_info{check="${check}",type="${type}",via="tailnet",expect="${expect}",critical="${critical}"}`]:
			always(1),
		[`tailprobe_check_interval_seconds{check="${check}"}`]: always(intervalSeconds),
		...(objective !== undefined && {
			[`tailprobe_check_availability_objective_ratio{check="${check}"}`]: always(objective),
		}),
	};
}

/** A configured check whose link is down during the fault; `second` is how a second replica finds it. */
export function down(link: Link, second: 'down' | 'up' | 'unknown' = 'down'): Series {
	const seen = {down: 0, up: 1, unknown: absent} as const;
	return {
		...configured(link),
		[of('tailprobe_check_up', link)]: {well: 1, broken: 0, second: {well: 1, broken: seen[second]}},
		[of('tailprobe_check_down_since_timestamp_seconds', link)]: {
			well: absent,
			broken: brokenAt,
			second: {well: absent, broken: second === 'down' ? brokenAt : absent},
		},
	};
}

/** A configured check whose link is up throughout. */
export function up(link: Link): Series {
	return {...configured(link), [of('tailprobe_check_up', link)]: {well: 1, broken: 1}};
}

/** A configured check whose runs are so during the fault, gone through again and again; `second`: of a second replica. */
export function rounds(link: Link, found: readonly Round[], second: readonly Round[] = found): Series {
	const series = (metric: string, wellLevel: Level, course: (rounds: readonly Round[]) => Course, extra = '') => ({
		[of(metric, link, extra)]: {
			well: wellLevel,
			broken: wellLevel,
			course: course(found),
			second: {well: wellLevel, broken: wellLevel, course: course(second)},
		},
	});
	const {intervalSeconds = 15} = link;
	const usual = `+${15 / intervalSeconds}` as const;
	const runs = (verdict: Verdict) => (each: readonly Round[]) =>
		each.flatMap(round => counted(round, verdict, intervalSeconds));
	return {
		...configured(link),
		...series('tailprobe_check_up', 1, each => each.map(([verdict, s]) => [gauge[verdict], s])),
		...series('tailprobe_check_down_since_timestamp_seconds', absent, downSince),
		...series('tailprobe_check_runs_total', usual, runs('up'), 'verdict="up"'),
		...series('tailprobe_check_runs_total', '+0', runs('down'), 'verdict="down"'),
		...series('tailprobe_check_runs_total', '+0', runs('unknown'), 'verdict="unknown"'),
	};
}

/** A verdict and how many seconds it stands, a multiple of the interval of its check; `gone`: tailprobe is not there. */
export type Round = readonly [verdict: Verdict | 'gone', seconds: number];
type Verdict = 'up' | 'down' | 'unknown';

/** A counter of failures that appears with the first. */
export function failures(link: Link, reason: string): Series {
	return {[of('tailprobe_check_failures_total', link, `reason="${reason}"`)]: {well: absent, broken: '+1'}};
}

/** A node that belongs to the pool june. */
export function member(peer: string): Series {
	return {[`tailprobe_pool_member_state{pool="june",peer="${peer}",state="usable"}`]: {well: 1, broken: 0}};
}

/** An ephemeral node that headscale calls offline during the fault. */
export function leftEphemeral(peer: string): Series {
	const facts = 'owner="june",tags="",ephemeral="true",register_method="authkey"';
	return {
		[`tailprobe_headscale_node_info{peer="${peer}",${facts}}`]: {well: 1, broken: 1},
		[`tailprobe_headscale_node_online{peer="${peer}"}`]: {well: 1, broken: 0},
		'tailprobe_headscale_nodes{state="offline"}': {well: 0, broken: 1},
	};
}

/** The same series with a restart of tailprobe after ten minutes of a fault of thirty: gone from all replicas for so long. */
export function withRestart(series: Series, goneSeconds = 60): Series {
	return Object.fromEntries(
		Object.entries(series).map(([name, {well, broken}]) => [
			name,
			{well, broken, course: restarted(broken, goneSeconds)},
		]),
	);
}

/** The same series, which end with the fault. */
export function thenGone(series: Series): Series {
	return Object.fromEntries(Object.entries(series).map(([name, levels]) => [name, {...levels, healed: absent}]));
}

const gauge = {up: 1, down: 0, unknown: absent, gone: absent} as const;

function restarted(level: Level, goneSeconds: number): Course {
	return [
		[level, 600],
		[absent, goneSeconds],
		[level, 1200 - goneSeconds],
	];
}

/** Each time anew, for four hours: other than the rest this does not repeat itself. */
function downSince(each: readonly Round[]): Course {
	const course: Array<[Level, number]> = [];
	for (let at = brokenAt, index = 0; at < brokenAt + 14_400; index++) {
		const [verdict, seconds] = each[index % each.length] ?? ['up', 14_400];
		course.push([verdict === 'down' ? at : absent, seconds]);
		at += seconds;
	}
	return course;
}

function counted([found, seconds]: Round, verdict: Verdict, intervalSeconds: number): Course {
	if (found === 'gone') return [[absent, seconds]];
	if (found !== verdict) return [['+0', seconds]];
	const run: Course =
		intervalSeconds > 15
			? [
					['+1', 15],
					['+0', intervalSeconds - 15],
				]
			: [['+1', 15]];
	return Array.from({length: seconds / intervalSeconds}, () => run).flat();
}
