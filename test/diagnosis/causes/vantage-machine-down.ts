import test from 'ava';
import {vantageMachineDown} from '../../../src/diagnosis/causes/vantage-machine-down.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aVantage} from '../../helpers/fake-daemon.ts';
import {aLink, aRemoteVantage, aScene, aTunnel, isDown, isUnknown, isUp} from '../../helpers/scenes.ts';

const gone = aRemoteVantage({condition: 'gone', detail: 'june-gpu-1 cannot look: by agent: it is silent.'});
const link = aLink({name: 'audio', vantage: 'june-gpu-1', target: {name: 'livekit', peer: 'livekit'}});

test('a vantage whose machine nothing reaches is the fault of its node', t => {
	const scene = aScene([isUnknown(link, 'vantage'), isDown(aTunnel(), 'timeout')], {
		vantages: () => [aVantage(), gone],
	});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'vantage-machine-down', confidence: 'certain', about: 'node june-gpu-1'});
	t.is(cause?.next[0].run, 'tailprobe diagnose june-gpu-1');
});

test('a machine with a tunnel that is up lives', t => {
	const scene = aScene([isUnknown(link, 'vantage'), isUp(aTunnel())], {vantages: () => [aVantage(), gone]});

	t.is(vantageMachineDown.find(scene), undefined);
});
