import test from 'ava';
import type {Evidence} from '../../../src/diagnosis/types.ts';
import {foldEvidence} from '../../../src/server/page/fold-evidence.ts';

const says = (evidence: readonly Evidence[], told: readonly string[] = []) =>
	foldEvidence(evidence, told).map(each => each.says);

test('checks that say the same are told once, with their names and the newest time', t => {
	const error = 'MagicDNS did not resolve june: it took 1 s.';
	const of = (check: string, atMs: number) => ({
		says: `${check} from cluster is down (resolve): GET http://${check[0]}:1/ failed after ${atMs} ms: ${error}`,
		atMs,
	});

	const folded = foldEvidence([of('tts june', 1), of('stt june', 3), {says: 'Another.'}]);

	t.deepEqual(folded, [
		{
			says: `tts june from cluster, stt june from cluster are down (resolve): GET http://t:1/ failed after 1 ms: ${error}`,
			atMs: 3,
		},
		{says: 'Another.'},
	]);
});

test('sources that fail alike are told once, whatever address each has', t => {
	const of = (part: string) => ({
		says: `headscale-${part} cannot be read: GET http://hs:8080/api/v1/${part}: no answer within 5 s.`,
	});

	t.deepEqual(says([of('nodes'), of('users')]), [
		'headscale-nodes, headscale-users cannot be read: GET http://hs:8080/api/v1/nodes: no answer within 5 s.',
	]);
	t.is(says([of('nodes'), {says: 'headscale-users cannot be read: status 500.'}]).length, 2);
});

test('what stands beside it already is left out, but not what was wanted', t => {
	const told = ['june did not answer.'];

	t.deepEqual(says([{says: 'tts june from cluster is down (timeout): june did not answer.'}], told), [
		'tts june from cluster is down (timeout).',
	]);
	t.deepEqual(says([{says: 'june did not answer.'}], told), []);
	t.deepEqual(says([{says: 'june did not answer.', wanted: 'an answer'}], told), ['june did not answer.']);
});
