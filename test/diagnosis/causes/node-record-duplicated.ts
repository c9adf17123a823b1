import test from 'ava';
import {nodeRecordDuplicated} from '../../../src/diagnosis/causes/node-record-duplicated.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aNode, aNodeView} from '../../helpers/fake-daemon.ts';
import {anotherIsUp, listed} from '../../helpers/machine-scenes.ts';
import {aScene, aTunnel, isDown, someTime} from '../../helpers/scenes.ts';

const silent = isDown(aTunnel(), 'timeout');

function twin(tunnel: 'up' | 'down', online = true) {
	const node = aNode({
		...{id: '9', name: 'june-gpu-1-1', hostname: 'june-gpu-1', online, addresses: ['100.64.0.9']},
		createdMs: someTime - 600_000,
	});
	return aNodeView({node, tunnels: [{vantage: 'cluster', verdict: tunnel}]});
}

test('the old record of a machine that joined anew is why its name leads nowhere', t => {
	const {cause} = nameCauses(aScene([silent, anotherIsUp], listed({online: false}, {}, [twin('up')])));

	t.like(cause, {id: 'node-record-duplicated', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /is now june-gpu-1-1, which joined 10 min ago/);
	t.is(cause?.next[1]?.run, 'tailscale ping -c 3 june-gpu-1-1');
});

test('where nothing answers under the new name either it is only likely', t => {
	const finding = nodeRecordDuplicated.find(aScene([silent], listed({online: false}, {}, [twin('down')])));

	t.is(finding?.confidence, 'likely');
});

test('two records of which neither is online tell nothing', t => {
	const around = listed({online: false}, {}, [twin('down', false)]);

	t.is(nodeRecordDuplicated.find(aScene([silent], around)), undefined);
});
