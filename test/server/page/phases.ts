import test from 'ava';
import {drawRun, lengthOf, renderPhases} from '../../../src/server/page/phases.ts';
import {aCheck, anOutcome, aReading} from '../../helpers/checks.ts';

const rects = (text: string) =>
	[...text.matchAll(/<rect class="([\w-]+)" x="(\d+)" y="0" width="(\d+)"/g)].map(([, ...found]) => found.join(' '));

const slow = anOutcome({
	verdict: 'down',
	reason: 'timeout',
	reading: aReading({phases: {resolve: 0.5, connect: 1.5}, facts: {phase: 'connect'}}),
});

test('each phase begins where the one before it ended, and the one that failed is marked by word and colour', t => {
	const {text} = renderPhases(aCheck(), slow);

	t.deepEqual(rects(text), ['ph-resolve 0 250', 'ph-failed 250 750']);
	t.regex(text, /connect \(failed\)<\/span><span>1\.50 s</);
});

test('an answer that came and was wrong broke in no phase', t => {
	t.deepEqual(rects(renderPhases(aCheck(), {...slow, reason: 'status'}).text), [
		'ph-resolve 0 250',
		'ph-connect 250 750',
	]);
});

test('the round trips of a tunnel stand side by side', t => {
	const outcome = anOutcome({reading: aReading({values: {disco_seconds: 0.004, tsmp_seconds: 0.008}})});

	t.deepEqual(rects(renderPhases({type: 'tunnel'}, outcome).text), ['ph-whole 0 500', 'ph-whole 0 1000']);
});

test('a run is as long as its share of the slowest, says its phases in words, and one beyond it ends at the edge', t => {
	const text = drawRun(aCheck(), slow, 4).text;

	t.deepEqual(rects(text), ['ph-resolve 0 125', 'ph-failed 125 375']);
	t.regex(text, /<title>resolve 500 ms, connect 1\.50 s, failed<\/title>/);
	t.is(lengthOf(aCheck(), slow), 2);
	t.deepEqual(rects(drawRun(aCheck(), slow, 1).text), ['ph-resolve 0 500', 'ph-failed 0 1000']);
});

test('a run without phases has no bar, and a phase with a strange name no class of its own', t => {
	t.is(renderPhases(aCheck(), anOutcome()).text, '');
	t.regex(drawRun(aCheck(), anOutcome(), 1).text, /–/);
	const odd = anOutcome({reading: aReading({phases: {'"><b>': 1} as object})});
	t.notRegex(renderPhases(aCheck(), odd).text, /<b>/);
	t.deepEqual(rects(renderPhases(aCheck(), odd).text), ['ph-whole 0 1000']);
});
