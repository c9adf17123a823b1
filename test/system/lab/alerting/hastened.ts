/**
 * Alerts that wait for five minutes or longer by design, once more and ten times as quick, with the label `hastened`: so that a test
 * sees them fire on real series without standing still for a quarter of an hour.
 */

import {readRules} from '../../../helpers/alert-cases.ts';

const longSeconds = 300;
const times = 10;

/** A file for Prometheus. */
export function hastenedRules(files: readonly string[]): unknown {
	const rules = files
		.flatMap(file => readRules(file))
		.filter(rule => rule.alert !== undefined && secondsOf(rule.for) >= longSeconds)
		.map(rule => ({
			...rule,
			for: `${secondsOf(rule.for) / times}s`,
			...(rule.keep_firing_for === undefined ? {} : {keep_firing_for: `${secondsOf(rule.keep_firing_for) / times}s`}),
			labels: {...rule.labels, hastened: `${times}`},
		}));
	return {groups: [{name: 'hastened', interval: '15s', rules}]};
}

/** Whether an alert of this name and severity is among them, and after how long it fires as shipped; undefined where it is not. */
export function shippedForSeconds(files: readonly string[], alert: string, severity: string): number | undefined {
	const found = files
		.flatMap(file => readRules(file))
		.find(rule => rule.alert === alert && rule.labels.severity === severity);
	const seconds = secondsOf(found?.for);
	return seconds >= longSeconds ? seconds : undefined;
}

/**
 * Whether its expression looks back over five minutes or longer. Only the wait is hastened and not the window, so that the copy takes for
 * going on what the alert itself would see end.
 */
export function looksBack(files: readonly string[], alert: string): boolean {
	return files
		.flatMap(file => readRules(file))
		.filter(rule => rule.alert === alert)
		.some(({expr}) => [...expr.matchAll(/\[(\w+)/g)].some(([, window]) => secondsOf(window) >= longSeconds));
}

function secondsOf(duration: string | undefined): number {
	const units: Readonly<Record<string, number>> = {s: 1, m: 60, h: 3600, d: 86_400};
	return [...(duration ?? '').matchAll(/(\d+)([smhd])/g)].reduce(
		(sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0),
		0,
	);
}
