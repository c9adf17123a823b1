/** What two expositions of /probe say, and in what they differ. */

import type {ExecutionContext} from 'ava';
import {parseExposition} from '../../../src/headscale/exposition.ts';

/** What blackbox_exporter and tailprobe answered to the same request. */
export interface Answers {
	theirs: Samples;
	ours: Samples;
}

/** Value by `name{label="value"}`, labels in order. */
export type Samples = Map<string, number>;

/** Series that only we have, and only they; of these nothing else is compared. */
export const onlyOurs = [
	'probe_failure_info',
	'probe_timeout_seconds',
	'probe_tcp_duration_seconds',
	'probe_icmp_loss_ratio',
	'probe_icmp_pings_sent',
	'probe_icmp_pings_lost',
];
export const onlyTheirs = ['probe_icmp_reply_hop_limit'];

/** What differs, of times only whether they are there. */
export function differences({theirs, ours}: Answers): string[] {
	const apart = new Set([...onlyOurs, ...onlyTheirs]);
	const keys = [...new Set([...theirs.keys(), ...ours.keys()])].filter(key => !apart.has(nameOf(key)) || onBoth(key));
	const show = (key: string, value: number | undefined) =>
		value === undefined ? 'none' : isTime(key) ? 'some' : `${value}`;
	return keys
		.map(key => [key, show(key, theirs.get(key)), show(key, ours.get(key))] as const)
		.filter(([, their, our]) => their !== our)
		.map(([key, their, our]) => `${key} ${their} → ${our}`)
		.sort();

	function onBoth(key: string): boolean {
		return theirs.has(key) && ours.has(key);
	}
}

/** The series of a sample's key, or of a line about it. */
export const nameOf = (key: string) => /^\w+/.exec(key)?.[0] ?? '';
const isTime = (key: string) => /^probe_\w*(duration|lookup_time)_seconds/.test(key);
/** 1 or 0; undefined where the two do not agree. */
export const success = ({theirs, ours}: Answers) =>
	theirs.get('probe_success') === ours.get('probe_success') ? ours.get('probe_success') : undefined;

/** Phases are parts of the whole: together no longer than it, up to rounding. */
export function phasesFit(t: ExecutionContext, samples: Samples, what: string): void {
	const whole = samples.get('probe_duration_seconds') ?? Number.NaN;
	const phases = [...samples].filter(([key]) => /^probe_\w+_duration_seconds\{phase=/.test(key));
	const sum = phases.reduce((total, [, seconds]) => total + seconds, 0);
	t.true(sum <= whole + 0.002, `${what}: phases of ${sum} s in ${whole} s`);
}

/** The samples of an exposition. */
export function samplesOf(body: string): Samples {
	const families = [...parseExposition(body).values()];
	return new Map(
		families.flatMap(family =>
			family.samples.map(({name, labels, value}): [string, number] => {
				const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
				return [`${name}${pairs.length > 0 ? `{${pairs.sort().join()}}` : ''}`, value];
			}),
		),
	);
}
