/** What checks, sources and nodes say, as evidence. Pure. */

import type {SourceView} from '../server/types.ts';
import {formatLatency, formatPath} from '../util/readable.ts';
import {asSentence} from '../util/words.ts';
import type {Look} from './scene.ts';
import type {Evidence} from './types.ts';

/** The newest outcome of a check: who looked at what, and what it found. */
export function evidenceOf({view: {check}, outcome, verdict, isFresh}: Look, wanted?: string): Evidence {
	const what = `${check.name} ${check.target.name} from ${check.vantage}`;
	if (!outcome) return {says: `${what} has not run yet.`};
	const {facts = {}, values = {}} = outcome.reading ?? {};
	const path = formatPath(facts.path, facts.derp_region);
	const took = values.tsmp_seconds ?? values.rtt_seconds ?? outcome.durationMs / 1000;
	const found =
		verdict === 'up'
			? `up${path ? `, ${path}` : ''}, ${formatLatency(took)}`
			: `${verdict}${outcome.reason ? ` (${outcome.reason})` : ''}: ${outcome.detail ?? 'no more is known'}`;
	return {
		says: asSentence(`${what} is ${found}`),
		atMs: outcome.startedAt + outcome.durationMs,
		...(isFresh ? {fresh: true as const} : {}),
		...(wanted === undefined ? {} : {wanted}),
	};
}

/** How a source that is read stands. */
export function evidenceOfSource({name, ok, detail, lastTriedAt, lastSuccessAt}: SourceView): Evidence {
	const says =
		ok === undefined
			? `${name} was not read yet.`
			: ok
				? `${name} is read.`
				: asSentence(`${name} cannot be read: ${detail ?? 'it gave no reason'}`);
	const atMs = ok === false ? lastTriedAt : lastSuccessAt;
	return {says, ...(atMs === undefined ? {} : {atMs})};
}
