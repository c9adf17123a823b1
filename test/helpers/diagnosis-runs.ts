/**
 * Which failure was named how, in which lab: asserted by the test that produced it, and with TAILPROBE_RECORD=1 written to
 * docs/diagnosis-runs.json, from which the table of docs/diagnosis.md is made.
 */

import {readFileSync, writeFileSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import {failures} from '../../scripts/docs/failures.ts';
import type {DiagnosisJson} from '../../src/server/diagnosis-json.ts';

export interface DiagnosisRun {
	failure: string;
	/** `real`: headscale, tailscaled, Kubernetes. `embedded`: tailprobe's own lab. `recorded`: evidence as it was recorded, or built from what is known of it. */
	lab: 'real' | 'embedded' | 'recorded';
	named: string;
	confidence: string;
	/** Other causes that were mentioned. */
	also: readonly string[];
	/** Wrong names that were given before, each once; absent for recorded evidence, which is asked about once. */
	wrongFirst?: readonly string[];
	/** From the fault to the first diagnosis that named it; absent for recorded evidence. */
	afterSeconds?: number;
	/** That diagnosis, from the call to its answer. */
	tookSeconds?: number;
}

const file = new URL('../../docs/diagnosis-runs.json', import.meta.url);

/** Fails the test where a failure was not named rightly. */
export function assertNamed(t: ExecutionContext, run: DiagnosisRun): void {
	const failure = failures.find(({id}) => id === run.failure);
	t.truthy(failure, `the failure ${run.failure} is not in scripts/docs/failures.ts`);
	t.true(
		failure?.causes.includes(run.named),
		`${run.failure} in the ${run.lab} lab was called ${run.named}, not ${failure?.causes.join(' or ')}`,
	);
	if (process.env.TAILPROBE_RECORD === '1') record(run);
}

/**
 * What a diagnosis names: its cause, which must be right where there is one. Where nothing is wrong with the subject, what it says
 * beside: some failures break no link.
 */
export function namedIn(
	{verdict, cause, also}: Pick<DiagnosisJson, 'verdict' | 'cause' | 'also'>,
	wanted: readonly string[],
): string {
	if (cause) return cause.id;
	if (verdict !== 'up') return 'nothing';
	return also.find(({id}) => wanted.includes(id))?.id ?? also[0]?.id ?? 'nothing';
}

function record(run: DiagnosisRun): void {
	const runs = readRuns().filter(({failure, lab}) => failure !== run.failure || lab !== run.lab);
	const round = (seconds: number | undefined) => (seconds === undefined ? undefined : Math.round(seconds * 10) / 10);
	const {afterSeconds, tookSeconds, ...rest} = run;
	const rounded = {
		...rest,
		...(afterSeconds === undefined ? {} : {afterSeconds: round(afterSeconds)}),
		...(tookSeconds === undefined ? {} : {tookSeconds: round(tookSeconds)}),
	} as DiagnosisRun;
	const order = failures.map(({id}) => id);
	const sorted = [...runs, rounded].toSorted(
		(one, other) => order.indexOf(one.failure) - order.indexOf(other.failure) || (one.lab < other.lab ? -1 : 1),
	);
	writeFileSync(file, `${JSON.stringify(sorted, null, '\t')}\n`);
}

/** What was recorded. */
export function readRuns(): DiagnosisRun[] {
	try {
		return JSON.parse(readFileSync(file, 'utf8')) as DiagnosisRun[];
	} catch {
		return [];
	}
}
