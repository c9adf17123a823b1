import test from 'ava';
import {vantageUntrusted} from '../../../src/diagnosis/causes/vantage-untrusted.ts';
import {aLink, aRemoteVantage, aScene, isUnknown} from '../../helpers/scenes.ts';

const link = aLink({vantage: 'june-gpu-1', target: {peer: 'livekit'}});
const sick = (rejected: Record<string, number>) => ({
	vantages: () => [aRemoteVantage({condition: 'sick', intake: {rejected, lost: 0}})],
});

test('an agent that tells what nobody asked for is not believed', t => {
	const found = vantageUntrusted.find(aScene([isUnknown(link, 'vantage')], sick({foreign: 3, malformed: 0})));

	t.like(found, {effect: 'breaks', confidence: 'likely', about: 'vantage june-gpu-1'});
	t.regex(found?.says ?? '', /3 foreign\.$/);
	t.is(found?.next[0].run, 'tailprobe --version');
});

test('one of which nothing was dropped is sick for another reason', t => {
	t.is(vantageUntrusted.find(aScene([isUnknown(link, 'vantage')], sick({foreign: 0}))), undefined);
});
