import test from 'ava';
import {oneWay} from '../../../src/diagnosis/causes/one-way.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {CheckView} from '../../../src/server/types.ts';
import {aScene, someTime} from '../../helpers/scenes.ts';
import {tunnelDown, tunnelUp} from '../../helpers/tunnels.ts';

test('a node that answers others, looked at by a vantage that reaches others, is a matter of these two', t => {
	const scene = aScene([tunnelDown('june-gpu-1'), tunnelUp('livekit'), tunnelUp('june-gpu-1', 'june-gpu-2')]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'one-way', effect: 'breaks', confidence: 'likely', about: 'cluster to june-gpu-1'});
	t.regex(cause?.says ?? '', /june-gpu-1 answers june-gpu-2 and not cluster, which does reach livekit/);
});

test('a vantage that reaches nobody, and a node that answers nobody, are not', t => {
	t.is(oneWay.find(aScene([tunnelDown('june-gpu-1'), tunnelUp('june-gpu-1', 'june-gpu-2')])), undefined);
	t.is(oneWay.find(aScene([tunnelDown('june-gpu-1'), tunnelUp('livekit')])), undefined);
});

test('a tunnel that was last up before ours went down tells nothing of the two', t => {
	const before = (view: CheckView) => ({...view, last: view.last && {...view.last, startedAt: someTime - 600_000}});
	const [theirs, own] = [tunnelUp('june-gpu-1', 'june-gpu-2'), tunnelUp('livekit')];

	t.is(oneWay.find(aScene([tunnelDown('june-gpu-1'), own, before(theirs)])), undefined);
	t.is(oneWay.find(aScene([tunnelDown('june-gpu-1'), before(own), theirs])), undefined);
});
