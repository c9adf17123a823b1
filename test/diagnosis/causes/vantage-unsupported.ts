import test from 'ava';
import {vantageUnsupported} from '../../../src/diagnosis/causes/vantage-unsupported.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aRemoteVantage, aScene, isUnknown} from '../../helpers/scenes.ts';

const link = aLink({vantage: 'june-gpu-1', target: {peer: 'livekit'}});
const detail = 'june-gpu-1 cannot look: by pod: no kubelet serves there.';
const ways = [{type: 'pod', inUse: false, condition: 'unsupported' as const, detail: 'no kubelet serves there.'}];

test('a machine to which no way can work is a fact, and no fault of its targets', t => {
	const never = aRemoteVantage({type: 'remote', condition: 'gone', unsupported: true, detail, ways});

	const {cause} = nameCauses(aScene([isUnknown(link, 'unsupported', detail)], {vantages: () => [never]}));

	t.like(cause, {id: 'vantage-unsupported', confidence: 'certain', about: 'vantage june-gpu-1', effect: 'breaks'});
	t.regex(cause?.says ?? '', /no kubelet serves there/);
	t.is(cause?.next[1]?.run, 'kubectl get nodes -o wide');
});

test('a way that failed may work again', t => {
	const scene = aScene([isUnknown(link, 'vantage')], {
		vantages: () => [aRemoteVantage({condition: 'gone', detail, ways})],
	});

	t.is(vantageUnsupported.find(scene), undefined);
});
