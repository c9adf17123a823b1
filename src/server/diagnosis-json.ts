/** The shapes of diagnoses and incidents in `/api/v1`. Pure. */

import type {Incident} from '../diagnosis/incidents.ts';
import {
	type Diagnosis,
	type Evidence,
	type NamedCause,
	type Rung,
	rungTitles,
	type Subject,
} from '../diagnosis/types.ts';
import {formatTime} from '../util/format-time.ts';
import type {causeSchema, diagnosisSchema, incidentSchema} from './diagnosis-schema.ts';
import {describeStrip, type Json} from './json.ts';
import type {CheckView} from './types.ts';

export type DiagnosisJson = Json<typeof diagnosisSchema>;
export type CauseJson = Json<typeof causeSchema>;
export type IncidentJson = Json<typeof incidentSchema>;

/** The page of the docs that has a section for each cause. */
const runbookPage = 'docs/diagnosis.md';
const keysAtMost = 50;

/** `strip`: the last hour of the check that it is about. */
export function describeDiagnosis(
	diagnosis: Diagnosis,
	unasked: readonly string[],
	strip?: CheckView['strip'],
): DiagnosisJson {
	const {subject, verdict, sinceMs, ladder, cause, also, shared, asked} = diagnosis;
	return {
		subject: describeSubject(subject),
		verdict,
		since: formatTime(sinceMs),
		ladder: ladder.map(describeRung),
		...(cause ? {cause: describeCause(cause)} : {}),
		also: also.map(describeCause),
		shared: {count: shared.count, checks: [...shared.keys]},
		...(asked
			? {
					asked: {
						at: formatTime(asked.atMs) ?? '',
						durationSeconds: asked.durationMs / 1000,
						looks: asked.looks,
					},
				}
			: {}),
		unasked: [...unasked],
		...(strip ? {lastHour: describeStrip(strip)} : {}),
	};
}

export function describeCause({evidence, next, ...cause}: NamedCause): CauseJson {
	const {id, title, rung, confidence, effect, about, says, means} = cause;
	return {
		...{id, title, rung, confidence, effect, about, says, means},
		evidence: evidence.map(describeEvidence),
		next: next.map(command => ({...command})),
		runbook: `${runbookPage}#${id}`,
	};
}

export function describeIncident({id, state, about, sinceMs, cause, checks}: Incident): IncidentJson {
	return {
		...{id, state, about},
		since: formatTime(sinceMs),
		cause: describeCause(cause),
		checks: {
			count: checks.length,
			...countVerdicts(checks),
			keys: checks.slice(0, keysAtMost).map(({check}) => check.key),
		},
	};
}

function countVerdicts(checks: Incident['checks']): {down: number; unknown: number} {
	const those = (wanted: string) => checks.filter(({verdict}) => verdict === wanted).length;
	return {down: those('down'), unknown: those('unknown')};
}

function describeSubject(subject: Subject): DiagnosisJson['subject'] {
	if (subject.kind === 'node') return {kind: 'node', name: subject.node};
	if (subject.kind === 'vantage') return {kind: 'vantage', name: subject.vantage};
	if (subject.kind === 'incident') return {kind: 'incident', name: subject.about};
	const {key, name, vantage, target} = subject.check;
	return {
		kind: 'check',
		name: key,
		check: name,
		vantage,
		target: target.name,
		...(target.peer === '' ? {} : {peer: target.peer}),
	};
}

function describeRung({name, state, says, evidence}: Rung): DiagnosisJson['ladder'][number] {
	return {rung: name, title: rungTitles[name], state, says, evidence: evidence.map(describeEvidence)};
}

function describeEvidence({says, wanted, atMs, fresh}: Evidence): CauseJson['evidence'][number] {
	return {says, wanted, at: formatTime(atMs), fresh};
}
