import test from 'ava';
import {nodeDeletedWhileAlive} from '../../../src/diagnosis/causes/node-deleted-while-alive.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aVantage} from '../../helpers/fake-daemon.ts';
import {aGpuCheck, aMachines, anInstanceView} from '../../helpers/machine-scenes.ts';
import {aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const silent = isDown(aTunnel(), 'timeout');

test('a node that is not listed while its instance is paid for lost its place, likely', t => {
	const machines = () => aMachines({instance: anInstanceView({reach: 'left'})});

	const {cause} = nameCauses(aScene([silent], {machines}));

	t.like(cause, {id: 'node-deleted-while-alive', confidence: 'likely', about: 'node june-gpu-1'});
	t.like(cause?.next[0], {where: 'on june-gpu-1', run: 'tailscale status'});
});

test('a tailscaled there that asks to sign in again makes it certain', t => {
	const away = aVantage({name: 'june-gpu-1', type: 'pod', group: 'gpus', facts: {backendState: 'NeedsLogin'}});

	const finding = nodeDeletedWhileAlive.find(aScene([silent], {vantages: () => [aVantage(), away]}));

	t.is(finding?.confidence, 'certain');
	t.regex(finding?.says ?? '', /NeedsLogin/);
});

test('a look that still comes from the machine shows that it is alive', t => {
	const finding = nodeDeletedWhileAlive.find(aScene([silent, isUp(aGpuCheck())]));

	t.is(finding?.confidence, 'likely');
});

test('without a sign of life it has just left', t => {
	t.is(nodeDeletedWhileAlive.find(aScene([silent])), undefined);
});
