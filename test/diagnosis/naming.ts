/** What judges the labs: a table of failures must not be green while an answer is wrong. */

import test from 'ava';
import type {CauseJson, DiagnosisJson} from '../../src/server/diagnosis-json.ts';
import {askUntilNamed, judgeDiagnosis, judgeIncidents} from '../helpers/naming.ts';

const wanted = {causes: ['relay-down']};

test('what is said beside counts only where no other cause is named', t => {
	const also = [aCause('source-unreadable'), aCause('relay-down')];

	const right = judgeDiagnosis(aDiagnosis({verdict: 'up', also}), wanted);
	const wrong = judgeDiagnosis(aDiagnosis({verdict: 'up', also, cause: aCause('tunnel-slow')}), wanted);
	const down = judgeDiagnosis(aDiagnosis({verdict: 'down', also}), wanted);

	t.like(right, {named: 'relay-down', isRight: true, confidence: 'certain', wrong: []});
	t.deepEqual(right.also, ['source-unreadable']);
	t.like(wrong, {named: 'tunnel-slow', isRight: false, wrong: ['tunnel-slow']});
	t.like(down, {named: 'nothing', isRight: false, wrong: []});
});

test('what must be mentioned, and the verdict, belong to a right answer', t => {
	const told = aDiagnosis({verdict: 'down', cause: aCause('relay-down')});

	t.true(judgeDiagnosis(told, {...wanted, verdict: 'down'}).isRight);
	t.false(judgeDiagnosis(told, {...wanted, verdict: 'up'}).isRight);
	t.false(judgeDiagnosis(told, {...wanted, also: ['headscale-frozen']}).isRight);
	t.true(
		judgeDiagnosis({...told, also: [aCause('headscale-frozen')]}, {...wanted, also: ['headscale-frozen']}).isRight,
	);
});

test('incidents are right where the failure is all of them, or the others are expected', t => {
	const both = [{cause: aCause('service-refused')}, {cause: aCause('relay-down')}];

	t.like(judgeIncidents(both, wanted), {named: 'relay-down', wrong: ['service-refused'], isRight: false});
	t.like(judgeIncidents(both, {...wanted, also: ['service-refused']}), {wrong: [], isRight: true});
	t.like(judgeIncidents(both.slice(1), wanted), {wrong: [], isRight: true});
	t.like(judgeIncidents([], wanted), {named: 'nothing', wrong: [], isRight: false});
});

test('wrong names before the right one are kept, that nothing is wrong yet is none', async t => {
	const answers = [
		undefined,
		aDiagnosis({verdict: 'up', also: [aCause('pre-auth-key-expired')]}),
		aDiagnosis({verdict: 'down', cause: aCause('node-silent')}),
		aDiagnosis({verdict: 'down', cause: aCause('service-refused')}),
		aDiagnosis({verdict: 'down', cause: aCause('node-silent')}),
		aDiagnosis({verdict: 'down', cause: aCause('relay-down')}),
		aDiagnosis({verdict: 'down', cause: aCause('tls-failed')}),
	].map(told => told && judgeDiagnosis(told, wanted));

	const naming = await askUntilNamed(async () => answers.shift(), {brokenAt: 0, giveUpAt: Infinity, everyMs: 1});

	t.like(naming, {named: 'relay-down', isRight: true});
	t.deepEqual(naming.wrongFirst, ['node-silent', 'service-refused']);
	t.is(answers.length, 1);
});

test('who is never right is judged by the last answer, and who never answers is a mistake', async t => {
	const times = {brokenAt: 0, giveUpAt: 0, everyMs: 1};
	const wrong = judgeDiagnosis(aDiagnosis({verdict: 'down', cause: aCause('node-silent')}), wanted);

	t.like(await askUntilNamed(async () => wrong, times), {named: 'node-silent', isRight: false});
	await t.throwsAsync(
		askUntilNamed(async () => undefined, times),
		{message: /^Nothing was diagnosed/},
	);
});

function aDiagnosis(
	part: Partial<DiagnosisJson> & Pick<DiagnosisJson, 'verdict'>,
): Pick<DiagnosisJson, 'verdict' | 'cause' | 'also' | 'ladder'> {
	return {also: [], ladder: [], ...part};
}

function aCause(id: string): CauseJson {
	return {
		...{id, title: id, rung: 'control', confidence: 'certain', effect: 'breaks', about: 'headscale', says: id},
		...{means: '', evidence: [], next: [], runbook: ''},
	};
}
