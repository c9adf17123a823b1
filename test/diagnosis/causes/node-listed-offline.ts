import test from 'ava';
import {nodeListedOffline} from '../../../src/diagnosis/causes/node-listed-offline.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {listed} from '../../helpers/machine-scenes.ts';
import {aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const around = listed({online: false, ephemeral: true}, {disagreement: 'offline_but_reachable'});

test('a node that headscale calls offline and that answers is told beside, and breaks nothing', t => {
	const {cause, also} = nameCauses(aScene([isUp(aTunnel())], around));

	t.is(cause, undefined);
	t.like(also, [{id: 'node-listed-offline', effect: 'beside', confidence: 'certain', about: 'node june-gpu-1'}]);
	t.regex(also[0]?.says ?? '', /ephemeral: headscale will remove it/);
});

test('one that does not answer is offline', t => {
	t.is(nodeListedOffline.find(aScene([isDown(aTunnel(), 'timeout')], listed({online: false}))), undefined);
});
