import test from 'ava';
import {nodeOffline} from '../../../src/diagnosis/causes/node-offline.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aMachines, anInstanceView, anotherIsUp, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const silent = isDown(aTunnel(), 'timeout');
const off = listed({online: false, lastSeenMs: someTime - 240_000, ephemeral: true});

test('headscale has lost the node and its tunnel is silent: it is off, also for its services', t => {
	const {cause} = nameCauses(aScene([isDown(aLink(), 'timeout'), silent, anotherIsUp], off));

	t.like(cause, {id: 'node-offline', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /last noted 4 min ago, and its tunnel is silent.*ephemeral/);
	t.like(cause?.next[0], {where: 'on june-gpu-1', run: 'tailscale status'});
});

test('of a rented machine the log comes first', t => {
	const finding = nodeOffline.find(aScene([silent], {...off, machines: () => aMachines({instance: anInstanceView()})}));

	t.is(finding?.next[0].run, 'vastai logs 7000001 --tail 100');
});

test('by headscale alone it is only likely', t => {
	t.is(nodeOffline.find(aScene([isDown(aLink(), 'timeout')], off))?.confidence, 'likely');
});

test('a node that answers somebody is not off', t => {
	const elsewhere = isUp(aTunnel({vantage: 'office'}));

	t.is(nodeOffline.find(aScene([silent, elsewhere], off)), undefined);
});

test('an answer from before the node went silent does not count', t => {
	const elsewhere = isUp(aTunnel({vantage: 'office'}));
	const before = {...elsewhere, last: elsewhere.last && {...elsewhere.last, startedAt: someTime - 600_000}};

	t.is(nodeOffline.find(aScene([silent, before], off))?.confidence, 'certain');
});

test('a list that is old says nothing of now', t => {
	t.is(nodeOffline.find(aScene([silent], {...off, listedNodes: () => undefined})), undefined);
});

test('that MagicDNS still knows its name is no answer of the node', t => {
	const name = isUp(aLink({name: 'magicdns', type: 'dns'}));

	t.is(nodeOffline.find(aScene([silent, name], off))?.confidence, 'certain');
});
