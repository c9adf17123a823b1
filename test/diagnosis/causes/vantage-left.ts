import test from 'ava';
import {vantageLeft} from '../../../src/diagnosis/causes/vantage-left.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aRemoteVantage, aScene, isUnknown, someTime} from '../../helpers/scenes.ts';

const link = aLink({vantage: 'june-gpu-1', target: {peer: 'livekit'}});

test('a machine that headscale lists no more left the tailnet', t => {
	const left = aRemoteVantage({condition: 'gone', leftSinceMs: someTime - 30_000});

	const {cause} = nameCauses(aScene([isUnknown(link, 'vantage')], {vantages: () => [left]}));

	t.like(cause, {id: 'vantage-left', confidence: 'certain', about: 'vantage june-gpu-1'});
	t.regex(cause?.says ?? '', /has not listed june-gpu-1 for 30 s/);
	t.is(cause?.next[0].run, 'headscale nodes list');
});

test('one that is listed and does not answer has not left', t => {
	const scene = aScene([isUnknown(link, 'vantage')], {vantages: () => [aRemoteVantage({condition: 'gone'})]});

	t.is(vantageLeft.find(scene), undefined);
});
