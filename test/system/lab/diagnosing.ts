/** Failures that a test brings about, and how the daemon names them. */

import type {ExecutionContext} from 'ava';
import {failures} from '../../../scripts/docs/failures.ts';
import type {CauseJson, DiagnosisJson, IncidentJson} from '../../../src/server/diagnosis-json.ts';
import {assertNamed, namedIn} from '../../helpers/diagnosis-runs.ts';
import {until} from '../../helpers/until.ts';
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

interface Answer {
	named: string;
	confidence: string;
	also: readonly string[];
	verdict?: DiagnosisJson['verdict'];
	ladder: readonly string[];
	tookSeconds: number;
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
		const began = Date.now();
		await start();
		const answer = await untilNamed(prober, subject, causes, verdict);
		const afterSeconds = (Date.now() - began) / 1000;

		if (subject !== undefined) t.is(answer.verdict, verdict, answer.ladder.join('\n'));
		for (const id of also) t.true(answer.also.includes(id), `${id} is not mentioned beside: ${answer.also.join(', ')}`);
		t.true(answer.tookSeconds <= 11, `it took ${answer.tookSeconds} s`);
		const {named, confidence, tookSeconds} = answer;
		t.log(`${named} (${confidence}) after ${afterSeconds.toFixed(1)} s, asked for ${tookSeconds.toFixed(1)} s`);
		assertNamed(t, {failure, lab: 'real', named, confidence, also: answer.also, afterSeconds, tookSeconds});
	} catch (error) {
		t.log(await prober.json('/api/v1/incidents').catch(() => 'no incidents could be had'));
		throw error;
	} finally {
		await end();
		if (wanted !== config) await prober.reload(config);
	}
}

async function untilNamed(
	prober: Prober,
	subject: string | undefined,
	wanted: readonly string[],
	verdict: DiagnosisJson['verdict'],
): Promise<Answer> {
	let last: Answer | undefined;
	const isNamed = async () => {
		const began = Date.now();
		const answer = subject === undefined ? await askIncidents(prober, wanted) : await ask(prober, subject, wanted);
		if (!answer) return false;
		last = {...answer, tookSeconds: (Date.now() - began) / 1000};
		return wanted.includes(last.named) && (last.verdict === undefined || last.verdict === verdict);
	};
	await until(isNamed, 45_000, 1000).catch(() => {});
	if (!last) throw new Error(`Nothing was diagnosed about ${subject ?? 'anything'}.`);
	return last;
}

async function ask(
	prober: Prober,
	subject: string,
	wanted: readonly string[],
): Promise<Omit<Answer, 'tookSeconds'> | undefined> {
	const json = ['-H', 'Content-Type: application/json', '-d', JSON.stringify({subject})];
	const {status, body} = await prober.get('/api/v1/diagnose', ...json);
	// Right after a reload a check is not there yet.
	if (status === 404 || status === 429) return undefined;
	if (status !== 200) throw new Error(`The diagnosis of ${subject} was answered ${status}: ${body}`);
	const diagnosis = JSON.parse(body) as DiagnosisJson;
	const {cause, also, verdict, ladder} = diagnosis;
	return {
		named: namedIn(diagnosis, wanted),
		...judged([...(cause ? [cause] : []), ...also], wanted),
		also: also.map(({id}) => id),
		verdict,
		ladder: ladder.map(({rung, state, says}) => `${rung} ${state}: ${says}`),
	};
}

async function askIncidents(prober: Prober, wanted: readonly string[]): Promise<Omit<Answer, 'tookSeconds'>> {
	const {incidents} = (await prober.json('/api/v1/incidents')) as {incidents: IncidentJson[]};
	const causes = incidents.map(({cause}) => cause);
	const named = causes.find(({id}) => wanted.includes(id)) ?? causes[0];
	return {
		named: named?.id ?? 'nothing',
		...judged(causes, wanted),
		also: causes.filter(cause => cause !== named).map(({id}) => id),
		ladder: [],
	};
}

function judged(causes: readonly CauseJson[], wanted: readonly string[]): {confidence: string} {
	return {confidence: causes.find(({id}) => wanted.includes(id))?.confidence ?? ''};
}
