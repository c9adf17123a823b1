import test from 'ava';
import type {Answer} from 'dns-packet';
import {dns} from '../../../src/probes/dns.ts';
import {serving} from '../../helpers/dns-answers.ts';
import {isDown, measure} from '../../helpers/probing.ts';

const judged = test.macro(async (t, rules: object, detail: RegExp | undefined, answers: readonly Answer[] = pair) => {
	const server = await serving(t, answers);

	const reading = await measure(dns, `dns://127.0.0.1:${server.port}/a.test`, {validate_answer_rrs: rules});

	if (detail) isDown(t, reading, {reason: 'content', phase: 'processing', detail});
	else t.true(reading.ok, reading.detail);
});

const pair: readonly Answer[] = [
	{type: 'A', name: 'a.test', ttl: 60, data: '192.0.2.1'},
	{type: 'A', name: 'a.test', ttl: 60, data: '192.0.2.2'},
];

test(
	'fail_if_matches',
	judged,
	{fail_if_matches_regexp: ['\\.2$']},
	/record "a\.test\. 60 IN A 192\.0\.2\.2", which matches/,
);
test('fail_if_matches, when none does', judged, {fail_if_matches_regexp: ['\\.3$']}, undefined);
test('fail_if_all_match', judged, {fail_if_all_match_regexp: ['192\\.0\\.2', 'IN']}, /only answer records that match/);
test('fail_if_all_match, when one does not', judged, {fail_if_all_match_regexp: ['\\.1$']}, undefined);
test('fail_if_all_match, without records', judged, {fail_if_all_match_regexp: ['x']}, undefined, []);
test('fail_if_not_matches', judged, {fail_if_not_matches_regexp: ['\\.1$']}, /192\.0\.2\.2", which does not match/);
test(
	'fail_if_not_matches, when each does',
	judged,
	{fail_if_not_matches_regexp: ['^a\\.test\\.\\t60\\tIN\\tA\\t']},
	undefined,
);
test('fail_if_not_matches, without records', judged, {fail_if_not_matches_regexp: ['x']}, /without answer records/, []);
test('fail_if_none_matches', judged, {fail_if_none_matches_regexp: ['\\.3$', 'MX']}, /none matches/);
test('fail_if_none_matches, when one does', judged, {fail_if_none_matches_regexp: ['\\.3$', '\\.2$']}, undefined);
