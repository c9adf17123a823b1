/** Failures that a test brings about, and how the daemon names them. */

import type {ExecutionContext} from 'ava';
import {failures} from '../../../scripts/docs/failures.ts';
import type {DiagnosisJson, IncidentJson} from '../../../src/server/diagnosis-json.ts';
import {assertNamed} from '../../helpers/diagnosis-runs.ts';
import {type Answer, askUntilNamed, judgeDiagnosis, judgeIncidents, type Wanted} from '../../helpers/naming.ts';
import type {Prober} from './prober.ts';

/** What a test breaks and mends, and what on-call would ask about. */
export interface Fault {
	/** In scripts/docs/failures.ts. */
	failure: string;
	/** Absent: the list of incidents is asked for. */
	subject?: string;
	start(): Promise<unknown> | unknown;
	end(): Promise<unknown> | unknown;
	/** More checks than there are otherwise, while it is on. */
	moreChecks?: string;
	/** Besides the checks, what in the configuration is other than usual. */
	change?(config: string): string;
	/** The verdict that the subject must have; default `down`. */
	verdict?: DiagnosisJson['verdict'];
	/** What else must be mentioned. */
	also?: readonly string[];
}

export function catalogued(failure: string): {says: string; causes: readonly string[]} {
	const found = failures.find(({id}) => id === failure);
	if (!found) throw new Error(`scripts/docs/failures.ts has no failure ${failure}.`);
	return found;
}

/** Breaks it, asks until it is named rightly or three quarters of a minute have passed, judges the last answer, mends it. */
export async function assertNamesFault(
	t: ExecutionContext,
	prober: Prober,
	config: string,
	{failure, subject, start, end, moreChecks, change, verdict = 'down', also = []}: Fault,
): Promise<void> {
	const {causes} = catalogued(failure);
	const wanted = (change ?? (text => text))(config) + (moreChecks === undefined ? '' : `  - ${moreChecks}\n`);
	if (wanted !== config) await prober.reload(wanted);
	try {
		const brokenAt = performance.now();
		await start();
		const asked = () =>
			subject === undefined ? askIncidents(prober, {causes, also}) : ask(prober, subject, {causes, also, verdict});
		const giveUpAt = performance.now() + 45_000;
		const answer = await askUntilNamed(asked, {brokenAt, giveUpAt, everyMs: 1000});

		const {named, confidence, wrong, wrongFirst, afterSeconds, tookSeconds} = answer;
		if (subject !== undefined) t.is(answer.verdict, verdict, answer.inShort);
		t.deepEqual(wrong, [], `these were named, too:\n${answer.inShort}`);
		for (const id of also) t.true(answer.also.includes(id), `${id} is not mentioned beside: ${answer.also.join(', ')}`);
		t.true(tookSeconds <= 11, `it took ${tookSeconds} s`);
		t.log(`${named} (${confidence}) after ${afterSeconds.toFixed(1)} s, asked for ${tookSeconds.toFixed(1)} s`);
		assertNamed(t, {
			...{failure, lab: 'real', named, confidence, also: answer.also},
			...{wrongFirst, afterSeconds, tookSeconds},
		});
	} catch (error) {
		t.log(await prober.json('/api/v1/incidents').catch(() => 'no incidents could be had'));
		throw error;
	} finally {
		await end();
		if (wanted !== config) await prober.reload(config);
	}
}

async function ask(prober: Prober, subject: string, wanted: Wanted): Promise<Answer | undefined> {
	const json = ['-H', 'Content-Type: application/json', '-d', JSON.stringify({subject})];
	const {status, body} = await prober.get('/api/v1/diagnose', ...json);
	// Right after a reload a check is not there yet.
	if (status === 404 || status === 429) return undefined;
	if (status !== 200) throw new Error(`The diagnosis of ${subject} was answered ${status}: ${body}`);
	return judgeDiagnosis(JSON.parse(body) as DiagnosisJson, wanted);
}

async function askIncidents(prober: Prober, wanted: Wanted): Promise<Answer> {
	const {incidents} = (await prober.json('/api/v1/incidents')) as {incidents: IncidentJson[]};
	return judgeIncidents(incidents, wanted);
}
