import test from 'ava';
import {vantageGone} from '../../../src/diagnosis/causes/vantage-gone.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aVantage} from '../../helpers/fake-daemon.ts';
import {aLink, aRemoteVantage, aScene, aTunnel, isDown, isUnknown, isUp, someTime} from '../../helpers/scenes.ts';

const gone = aRemoteVantage({
	condition: 'gone',
	detail: 'june-gpu-1 cannot look: by agent: Nothing listens at 100.64.0.9 port 9754.',
	ways: [{type: 'agent', inUse: false, condition: 'gone', detail: 'Nothing listens at 100.64.0.9 port 9754.'}],
});
const link = aLink({name: 'audio', vantage: 'june-gpu-1', target: {name: 'livekit', peer: 'livekit'}});

test('an agent that was killed on a machine that answers is a vantage that is gone', t => {
	const scene = aScene([isUnknown(link, 'vantage'), isUp(aTunnel())], {vantages: () => [aVantage(), gone]});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'vantage-gone', confidence: 'certain', about: 'vantage june-gpu-1'});
	t.regex(
		cause?.says ?? '',
		/for 2 min, though its machine answers through its tunnel\. Nothing listens at 100\.64\.0\.9 port 9754\.$/,
	);
	t.like(cause?.next[0], {where: 'on june-gpu-1', run: "pgrep -af 'tailprobe agent'"});
	t.is(cause?.next[1]?.run, 'tailprobe diagnose june-gpu-1');
	t.deepEqual(
		cause?.evidence.filter(({says}) => says.includes('Nothing listens')).map(({says}) => says),
		['Its way by agent is gone. Nothing listens at 100.64.0.9 port 9754.'],
		'what stands in the way is told once',
	);
});

test('a machine that nothing reaches is told by that, and one that left or is behind another by those', t => {
	const dead = aScene([isUnknown(link, 'vantage'), isDown(aTunnel(), 'timeout')], {vantages: () => [aVantage(), gone]});
	const left = aScene([isUnknown(link, 'vantage')], {vantages: () => [{...gone, leftSinceMs: someTime}]});
	const behind = aScene([isUnknown(link, 'vantage')], {vantages: () => [aVantage(), {...gone, behind: 'cluster'}]});

	for (const scene of [dead, left, behind]) t.is(vantageGone.find(scene), undefined);
});
