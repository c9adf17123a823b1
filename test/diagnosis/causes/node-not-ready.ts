import test from 'ava';
import {nodeNotReady} from '../../../src/diagnosis/causes/node-not-ready.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aMachines, anotherIsUp, aPodFacts, listed} from '../../helpers/machine-scenes.ts';
import {aScene, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

function aClusterNode(virtual: boolean, ready: 'true' | 'unknown' = 'unknown') {
	return {name: 'virtual-kubelet', ready, readySince: someTime - 90_000, taints: [], virtual};
}

const pod = aPodFacts({evictionAt: someTime + 210_000, ready: false});

test('a virtual node that is silent says when its pods go, and breaks no link until then', t => {
	const around = {...listed(), machines: () => aMachines({pod}, {clusterNodes: [aClusterNode(true)]})};

	const {cause, also} = nameCauses(aScene([isUp(aTunnel())], around));

	t.is(cause, undefined);
	t.like(also, [{id: 'node-not-ready', confidence: 'certain', about: 'cluster node virtual-kubelet'}]);
	t.regex(
		also[0]?.says ?? '',
		/silent for 1 min.*Pod gpu\/tts-0 will be driven off in 3 min, and its machine destroyed/,
	);
	t.is(also[0]?.next[0].run, 'kubectl describe node virtual-kubelet');
});

test('a pod on a real node that is silent is as good as gone', t => {
	const around = {...listed(), machines: () => aMachines({pod}, {clusterNodes: [aClusterNode(false)]})};

	const {cause} = nameCauses(aScene([isDown(aTunnel(), 'timeout'), anotherIsUp], around));

	t.like(cause, {id: 'node-not-ready', effect: 'breaks', confidence: 'likely'});
});

test('a node that is ready, and one that the pod is not on, tell nothing', t => {
	const machines = () => aMachines({pod}, {clusterNodes: [aClusterNode(true, 'true')]});
	const other = () => aMachines({pod: {...pod, node: 'other'}}, {clusterNodes: [aClusterNode(true)]});

	t.is(nodeNotReady.find(aScene([isUp(aTunnel())], {...listed(), machines})), undefined);
	t.is(nodeNotReady.find(aScene([isUp(aTunnel())], {...listed(), machines: other})), undefined);
});
