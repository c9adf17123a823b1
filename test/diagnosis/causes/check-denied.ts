import test from 'ava';
import {checkDenied} from '../../../src/diagnosis/causes/check-denied.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aRemoteVantage, aScene, isUnknown} from '../../helpers/scenes.ts';

const link = aLink({vantage: 'june-gpu-1', target: {name: 'livekit', peer: 'livekit'}});

test('an agent that does not allow a target is told as such', t => {
	const scene = aScene([isUnknown(link, 'denied', 'allow: does not have livekit.')], {
		vantages: () => [aRemoteVantage()],
	});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'check-denied', confidence: 'certain', about: 'vantage june-gpu-1'});
	t.regex(cause?.says ?? '', /refuses to run the check tts of livekit/);
	t.is(cause?.next[0].where, 'on june-gpu-1');
});

test('what cannot run there is not denied', t => {
	t.is(checkDenied.find(aScene([isUnknown(link, 'unsupported')])), undefined);
});
