/** Asking for a diagnosis until it is right, and what was said before that. Shared by the labs that bring failures about. */

import {setTimeout as wait} from 'node:timers/promises';
import type {CauseJson, DiagnosisJson, IncidentJson} from '../../src/server/diagnosis-json.ts';
import {namedIn} from './diagnosis-runs.ts';

export interface Wanted {
	/** Ids of causes: any of them names it rightly. */
	causes: readonly string[];
	/** What else must be mentioned. */
	also?: readonly string[];
	/** The verdict that the subject must have, where it matters. */
	verdict?: DiagnosisJson['verdict'];
}

export interface Answer {
	/** `nothing`, or the id of a cause. */
	named: string;
	confidence: string;
	/** Absent for the list of incidents. */
	verdict?: DiagnosisJson['verdict'];
	also: readonly string[];
	/** Named, though it is not what happened. That nothing is wrong yet is no wrong name. */
	wrong: readonly string[];
	/** Named rightly, with what must be mentioned, and nothing named wrongly. */
	isRight: boolean;
	/** For the log of a test that failed. */
	inShort: string;
}

export interface Naming extends Answer {
	/** Each wrong name that was given earlier, in order. */
	wrongFirst: readonly string[];
	/** From the fault to the end of the asking. */
	afterSeconds: number;
	/** The last asking alone. */
	tookSeconds: number;
}

/**
 * Asks until the answer is right or the time is over, and resolves to the last answer. `ask` resolves to undefined where nobody could
 * be asked yet. Times are those of `performance.now()`. Rejects when nothing was answered, and as `ask` does.
 */
export async function askUntilNamed(
	ask: () => Promise<Answer | undefined>,
	{brokenAt, giveUpAt, everyMs}: {brokenAt: number; giveUpAt: number; everyMs: number},
): Promise<Naming> {
	const wrongFirst = new Set<string>();
	let last: Naming | undefined;
	for (;;) {
		const askedAt = performance.now();
		const answer = await ask();
		if (answer) {
			const [afterSeconds, tookSeconds] = [secondsSince(brokenAt), secondsSince(askedAt)];
			last = {...answer, wrongFirst: [...wrongFirst], afterSeconds, tookSeconds};
			for (const id of answer.wrong) wrongFirst.add(id);
		}
		if (answer?.isRight || performance.now() >= giveUpAt) break;
		await wait(everyMs);
	}
	if (!last) throw new Error('Nothing was diagnosed: each time, nobody could be asked.');
	return last;
}

/** A diagnosis of one subject: its cause is what it names. */
export function judgeDiagnosis(
	diagnosis: Pick<DiagnosisJson, 'verdict' | 'cause' | 'also' | 'ladder'>,
	wanted: Wanted,
): Answer {
	const {cause, also, verdict, ladder} = diagnosis;
	const named = namedIn(diagnosis, wanted.causes);
	const all = [...(cause ? [cause] : []), ...also];
	const rungs = ladder.map(({rung, state, says}) => `${rung} ${state}: ${says}`);
	return judge({
		wanted,
		named,
		all,
		verdict,
		wrong: cause && !wanted.causes.includes(cause.id) ? [cause.id] : [],
		inShort: [verdict, ...rungs, ...all.map(sayCause)].join('\n'),
	});
}

/** Everything that is wrong now: the failure must be all of it. */
export function judgeIncidents(incidents: readonly Pick<IncidentJson, 'cause'>[], wanted: Wanted): Answer {
	const all = incidents.map(({cause}) => cause);
	const right = all.find(({id}) => wanted.causes.includes(id));
	return judge({
		wanted,
		named: (right ?? all[0])?.id ?? 'nothing',
		all,
		wrong: all.map(({id}) => id).filter(id => !wanted.causes.includes(id) && !wanted.also?.includes(id)),
		inShort: all.map(sayCause).join('\n'),
	});
}

function judge({
	wanted,
	named,
	all,
	verdict,
	wrong,
	inShort,
}: Pick<Answer, 'named' | 'verdict' | 'wrong' | 'inShort'> & {wanted: Wanted; all: readonly CauseJson[]}): Answer {
	const also = all.map(({id}) => id).filter(id => id !== named);
	return {
		...{named, also, wrong, inShort},
		...(verdict === undefined ? {} : {verdict}),
		confidence: all.find(({id}) => id === named)?.confidence ?? '',
		isRight:
			wanted.causes.includes(named) &&
			wrong.length === 0 &&
			(wanted.also ?? []).every(id => also.includes(id)) &&
			(wanted.verdict === undefined || wanted.verdict === verdict),
	};
}

function sayCause({id, effect, confidence, about, says}: CauseJson): string {
	return `${id} (${effect}, ${confidence}, ${about}): ${says}`;
}

function secondsSince(startedAt: number): number {
	return (performance.now() - startedAt) / 1000;
}
