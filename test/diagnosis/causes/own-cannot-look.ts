import test from 'ava';
import {ownCannotLook} from '../../../src/diagnosis/causes/own-cannot-look.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aRemoteVantage, aScene, isUnknown, someTime} from '../../helpers/scenes.ts';

test('what a sound vantage lacks is told in its own words', t => {
	const link = isUnknown(aLink(), 'vantage', 'The secret in /run/token cannot be read: EACCES.');

	const {cause} = nameCauses(aScene([link]));

	t.like(cause, {id: 'own-cannot-look', confidence: 'likely', about: 'vantage cluster'});
	t.is(cause?.says, 'The secret in /run/token cannot be read: EACCES.');
	t.is(cause?.next[0].run, 'tailprobe probe --check tts --from cluster june-gpu-1');
});

test('a vantage that came back after that run lacks nothing', t => {
	const back = aRemoteVantage({sinceMs: someTime - 1000});
	const link = aLink({vantage: 'june-gpu-1', target: {peer: 'livekit'}});

	t.is(ownCannotLook.find(aScene([isUnknown(link, 'vantage')], {vantages: () => [back]})), undefined);
});
