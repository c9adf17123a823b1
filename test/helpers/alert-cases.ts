/**
 * What makes an alert fire, as data, and `promtool test rules` made of it. A case tells what the series are while all is well and
 * while something is broken; the timeline is always the same: well for five minutes, broken, well again.
 */

import {readFileSync} from 'node:fs';
import {parse} from 'yaml';
import {z} from 'zod';
import {inventoryNames} from '../../src/collectors/inventory-rows.ts';

/** Absent: the series is not exported then. */
export const absent = '_';

/** The value at one state: a number, `absent`, or a counter's growth with each step of 15 s such as `+1` (its start is kept). */
export type Level = number | typeof absent | `+${number}`;

/** How a series behaves. `broken` is what it is during the fault, `well` before and, unless `healed` says otherwise, after it. */
export interface SeriesCase {
	well: Level;
	broken: Level;
	healed?: Level;
	/** Instead of `broken`: levels and how long each lasts, gone through again and again until the fault ends. */
	course?: ReadonlyArray<readonly [level: Level, seconds: number]>;
	/** What the second replica exports instead, where there are two. */
	second?: Omit<SeriesCase, 'second'>;
}

/** An alert that must fire, with every label but those of the scrape; annotations that hold more than labels are given. */
export interface FiredAlert {
	labels: Readonly<Record<string, string>>;
	description: string;
	/** Where it tells figures that go on changing: the description at the end of the fault, and just before it resolves. */
	later?: {atEnd: string; beforeResolving: string};
	/** Annotations other than description whose template is more than `$labels`. */
	annotations?: Readonly<Record<string, string>>;
	/** It comes from no series, and has no labels of the scrape. */
	withoutScrape?: true;
}

/** One scenario of one alert. */
export interface AlertCase {
	alert: string;
	/** Says what happens, as a sentence. */
	title: string;
	/** By series, in promtool's notation and without the labels of the scrape: `tailprobe_pool_usable{pool="june"}`. */
	series: Readonly<Record<string, SeriesCase>>;
	/** Every alert of that name that fires; empty: none may, at any time (then without the times below). */
	fires: readonly FiredAlert[];
	/** From the fault to the first evaluation at which it fires, a multiple of 15; 15 s earlier it must not. */
	firesAfterSeconds?: number;
	/** Length of the fault; default 30 minutes. */
	brokenMinutes?: number;
	/** For how long the series go on after it; default 120 minutes. */
	healedMinutes?: number;
	/** From the end of the fault to the first evaluation at which it does not fire any more, a multiple of 15. */
	resolvesAfterSeconds?: number;
	/** There is no fault: it fires `firesAfterSeconds` after the start, and goes on. */
	firesFromTheStart?: true;
	/** It fires without a break from `firesAfterSeconds` to the end of the fault, so that one notification tells of it. */
	firesThroughout?: true;
	/** The only ways of scraping for which this holds, where it takes two replicas. */
	scrapes?: readonly ScrapeKind[];
	/** What becomes of it when, instead of healing, all series vanish: silent so many seconds later; default 600. 'never': it stays. */
	vanishedAfterSeconds?: number | 'never';
}

/** When the fault begins: timestamps in cases are seconds since the start of promtool's clock. */
export const brokenAt = 300;
const stepSeconds = 15;

const operated = {
	kept: {job: 'tailprobe', namespace: 'monitoring', service: 'tailprobe', endpoint: 'http', container: 'tailprobe'},
	replicas: [
		{instance: '10.0.0.1:9753', pod: 'tailprobe-0'},
		{instance: '10.0.0.2:9753', pod: 'tailprobe-1'},
	],
} as const;

/**
 * The labels that scraping adds: none but job and instance, or as an operator does it for each of two replicas; `leased`: for two of
 * which only the holder of a lease shows the inventory, and that changes once in health and once in the fault.
 */
export const scrapes = {
	bare: {kept: {job: 'tailprobe'}, replicas: [{instance: '10.0.0.1:9753'}]},
	operated,
	leased: operated,
} as const;

/** How the series are scraped. */
export type ScrapeKind = keyof typeof scrapes;

const ruleSchema = z.object({
	alert: z.string().optional(),
	record: z.string().optional(),
	expr: z.string(),
	for: z.string().optional(),
	keep_firing_for: z.string().optional(),
	labels: z.record(z.string(), z.string()).default({}),
	annotations: z.record(z.string(), z.string()).default({}),
});
const fileSchema = z.object({groups: z.array(z.object({name: z.string(), rules: z.array(ruleSchema)}))});

/** A rule as its file has it. */
export type Rule = z.output<typeof ruleSchema>;

/** All rules of a file of Prometheus. */
export function readRules(file: string | URL): Rule[] {
	return fileSchema.parse(parse(readFileSync(file, 'utf8'))).groups.flatMap(group => group.rules);
}

/** The groups of a file of Prometheus. */
export function readGroupNames(file: string | URL): string[] {
	return fileSchema.parse(parse(readFileSync(file, 'utf8'))).groups.map(({name}) => name);
}

/**
 * A file for `promtool test rules`: the case under one way of scraping, firing, not yet, resolved, vanished, absent. Nothing where
 * that way makes no difference to it.
 */
export function promtoolTests(alertCase: AlertCase, rules: readonly Rule[], kind: ScrapeKind): unknown[] {
	const {alert, title, fires, firesAfterSeconds = 0, brokenMinutes = 30, resolvesAfterSeconds} = alertCase;
	const found = rules.filter(rule => rule.alert === alert);
	if (found.length === 0) throw new Error(`There is no alert ${alert}.`);
	if (!(alertCase.scrapes ?? [kind]).includes(kind)) return [];
	if (kind === 'leased' && !Object.keys(alertCase.series).some(isInventory)) return [];
	const expectedAt = (when?: keyof NonNullable<FiredAlert['later']>) =>
		fires.map(({later, withoutScrape, ...fired}) => {
			const kept = withoutScrape ? {} : scrapes[kind].kept;
			return {
				exp_labels: {...kept, ...fired.labels},
				exp_annotations: annotationsOf(
					found,
					{...fired, description: (when && later?.[when]) ?? fired.description},
					kept,
				),
			};
		});
	const at = (seconds: number, firing: boolean, when?: keyof NonNullable<FiredAlert['later']>) => ({
		eval_time: `${seconds}s`,
		alertname: alert,
		exp_alerts: firing ? expectedAt(when) : [],
	});
	const healedAt = brokenAt + brokenMinutes * 60;
	const name = `${alert} (${kind}): ${title}`;
	const healing = inputs(alertCase, kind, 'heals');
	if (fires.length === 0) {
		const every = Array.from({length: (healedAt + 1800) / stepSeconds}, (_, step) => at(step * stepSeconds, false));
		return [{name, interval: `${stepSeconds}s`, input_series: healing, alert_rule_test: every}];
	}
	if (alertCase.firesFromTheStart) {
		const before = firesAfterSeconds === 0 ? [] : [at(firesAfterSeconds - stepSeconds, false)];
		const after = [at(firesAfterSeconds, true), at(healedAt, true, 'atEnd')];
		return [{name, interval: `${stepSeconds}s`, input_series: healing, alert_rule_test: [...before, ...after]}];
	}
	if (resolvesAfterSeconds === undefined) throw new Error(`${name}: it fires, so it must say when it resolves.`);
	const vanished = alertCase.vanishedAfterSeconds ?? 600;
	const resolvedAt = healedAt + resolvesAfterSeconds;
	const queries = [
		...(alertCase.firesThroughout
			? steps(brokenAt + firesAfterSeconds, healedAt).map(s => ({
					eval_time: `${s}s`,
					expr: `count(ALERTS{alertname="${alert}", alertstate="firing"})`,
					exp_samples: [{labels: '{}', value: fires.length}],
				}))
			: []),
		// Once, and without a break from the first evaluation to the last.
		...(kind === 'leased'
			? [
					{
						eval_time: `${resolvedAt}s`,
						expr: `count_values("times", count_over_time(ALERTS{alertname="${alert}", alertstate="firing"}[${resolvedAt}s]))`,
						exp_samples: [
							{
								labels: `{times="${(resolvedAt - brokenAt - firesAfterSeconds) / stepSeconds}"}`,
								value: fires.length,
							},
						],
					},
				]
			: []),
	];
	const heals = [
		{
			name,
			interval: `${stepSeconds}s`,
			input_series: healing,
			alert_rule_test: [
				at(brokenAt - stepSeconds, false),
				at(brokenAt + firesAfterSeconds - stepSeconds, false),
				at(brokenAt + firesAfterSeconds, true),
				at(healedAt - stepSeconds, true, 'atEnd'),
				...(resolvesAfterSeconds > stepSeconds ? [at(resolvedAt - stepSeconds, true, 'beforeResolving')] : []),
				at(resolvedAt, false),
			],
			...(queries.length > 0 && {promql_expr_test: queries}),
		},
	];
	if (kind === 'leased') return heals;
	return [
		...heals,
		{
			name: `${name}; then its series vanish`,
			interval: `${stepSeconds}s`,
			input_series: inputs(alertCase, kind, 'vanishes'),
			alert_rule_test: [
				at(healedAt - stepSeconds, true, 'atEnd'),
				at(healedAt + (vanished === 'never' ? 3600 : vanished), vanished === 'never'),
			],
		},
	];
}

/** Nothing is exported at all: which alerts may fire then. */
export function absentTest(alerts: readonly string[]): unknown {
	return {
		name: 'no series at all',
		interval: `${stepSeconds}s`,
		input_series: [{series: 'some_other_series', values: '1x400'}],
		alert_rule_test: alerts.flatMap(alertname =>
			[60, 600, 3600].map(s => ({eval_time: `${s}s`, alertname, exp_alerts: []})),
		),
	};
}

function steps(fromSeconds: number, toSeconds: number): number[] {
	return Array.from({length: (toSeconds - fromSeconds) / stepSeconds}, (_, step) => fromSeconds + step * stepSeconds);
}

function inputs(alertCase: AlertCase, kind: ScrapeKind, end: 'heals' | 'vanishes') {
	const {series, brokenMinutes = 30, healedMinutes = 120, firesAfterSeconds = 0} = alertCase;
	const {kept, replicas} = scrapes[kind];
	const inFault = brokenAt + (brokenMinutes * 60 + firesAfterSeconds) / 2;
	const handOvers = [brokenAt / 2, inFault].map(seconds => Math.floor(seconds / stepSeconds));
	return Object.entries(series).flatMap(([name, levels]) =>
		replicas.map((replica, index) => ({
			series: withLabels(name, {...kept, ...replica}),
			values: valuesOf(
				(index === 1 && levels.second) || levels,
				{brokenMinutes, healedMinutes},
				end,
				kind === 'leased' && isInventory(name) ? step => holds(index, handOvers, step) : undefined,
			),
		})),
	);
}

function isInventory(series: string): boolean {
	return inventoryNames.has(series.replace(/\{.*$/s, ''));
}

/** Whether a replica holds the lease at a step. At a hand-over nobody does, for two scrapes. */
function holds(replica: number, handOvers: readonly number[], step: number): boolean {
	const begun = handOvers.filter(at => at <= step);
	return begun.length % 2 === replica && step >= (begun.at(-1) ?? -2) + 2;
}

function valuesOf(
	levels: SeriesCase,
	{brokenMinutes, healedMinutes}: {brokenMinutes: number; healedMinutes: number},
	end: 'heals' | 'vanishes',
	isShown?: (step: number) => boolean,
): string {
	const {well, broken, healed = well, course} = levels;
	const stepsOf = (minutes: number) => (minutes * 60) / stepSeconds;
	const phases: Array<[Level, number]> = [
		[well, stepsOf(brokenAt / 60)],
		...(course ? repeated(course, stepsOf(brokenMinutes)) : [[broken, stepsOf(brokenMinutes)] as [Level, number]]),
		[end === 'heals' ? healed : absent, stepsOf(healedMinutes)],
	];
	let counted = 0;
	let wasThere = false;
	const parts: string[] = [];
	for (const [level, count, isHidden] of cut(phases, isShown)) {
		const growth = typeof level === 'string' && level !== absent ? Number(level.slice(1)) : 0;
		if (level === absent || isHidden) {
			if (wasThere) parts.push('stale');
			const gaps = wasThere ? count - 1 : count;
			if (gaps > 0) parts.push(`_x${gaps}`);
			wasThere = false;
			// Counters begin anew with their process, and those of others go on while they are not shown.
			counted = level === absent ? 0 : counted + growth * count;
			continue;
		}
		wasThere = true;
		if (typeof level === 'number') {
			parts.push(`${level}x${count - 1}`);
			continue;
		}
		parts.push(`${counted}+${growth}x${count - 1}`);
		counted += growth * count;
	}
	return parts.join(' ');
}

/** The phases in pieces that are shown as a whole or not at all. */
function cut(
	phases: ReadonlyArray<readonly [Level, number]>,
	isShown?: (step: number) => boolean,
): Array<[level: Level, count: number, isHidden: boolean]> {
	if (!isShown) return phases.map(([level, count]) => [level, count, false]);
	const pieces: Array<[Level, number, boolean]> = [];
	let step = 0;
	for (const [level, count] of phases) {
		const end = step + count;
		while (step < end) {
			const from = step;
			while (step < end && isShown(step) === isShown(from)) step += 1;
			pieces.push([level, step - from, !isShown(from)]);
		}
	}
	return pieces;
}

function repeated(course: NonNullable<SeriesCase['course']>, steps: number): Array<[Level, number]> {
	const phases: Array<[Level, number]> = [];
	for (let left = steps, index = 0; left > 0; index++) {
		const [level, seconds] = course[index % course.length] ?? [absent, 0];
		if (seconds < stepSeconds) throw new Error('A phase of a course lasts at least one step of 15 s.');
		const count = Math.min(seconds / stepSeconds, left);
		phases.push([level, count]);
		left -= count;
	}
	return phases;
}

function withLabels(series: string, labels: Readonly<Record<string, string>>): string {
	const extra = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
	const [, name = '', own = ''] = /^([\w:]+)(?:\{(.*)\})?$/s.exec(series) ?? [];
	if (name === '') throw new Error(`${series} is no series.`);
	return `${name}{${[own, ...extra].filter(part => part !== '').join(',')}}`;
}

/** Annotations whose templates only use labels are filled in here; others must be told by the case. */
function annotationsOf(rules: readonly Rule[], fired: FiredAlert, scraped: Readonly<Record<string, string>>) {
	const rule = rules.find(({labels}) => labels['severity'] === fired.labels['severity']);
	if (!rule) throw new Error(`No rule of that name has the severity ${fired.labels['severity']}.`);
	const labels: Record<string, string> = {...scraped, ...fired.labels};
	const fill = (template: string) =>
		template.replaceAll(
			/\{\{\s*(?:\$labels\.(\w+)|urlquery \$labels\.(\w+)|\$labels\.(\w+) \| urlquery)\s*\}\}/g,
			(_, plain, a, b) =>
				plain === undefined ? encodeURIComponent(labels[a ?? b] ?? '').replaceAll('%20', '+') : (labels[plain] ?? ''),
		);
	const filled = Object.entries(rule.annotations).map(([name, template]) => [name, fill(template)]);
	return {...Object.fromEntries(filled), description: fired.description, ...fired.annotations};
}
