import test from 'ava';
import {nodeKeyExpired} from '../../../src/diagnosis/causes/node-key-expired.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aMachines, anInstanceView, anotherIsUp, aPodFacts, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const hour = 3_600_000;
const refused = isDown(aTunnel(), 'unreachable', 'tailscaled has no tunnel to june-gpu-1.', {
	facts: {disco: "peer's node key has expired"},
});

test('a key whose time is over is why a silent node does not answer, although it is called online', t => {
	const around = listed({keyExpiryMs: someTime - hour});

	const {cause, also} = nameCauses(aScene([isDown(aLink(), 'timeout'), isDown(aTunnel(), 'timeout')], around));

	t.like(cause, {id: 'node-key-expired', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /expired 1 h ago/);
	t.regex(cause?.next[0].run ?? '', /headscale nodes expire --identifier \S+ --disable$/);
	t.false(also.some(({id}) => id === 'node-silent'));
});

test('that tailscaled refuses to talk to it tells it as well', t => {
	const finding = nodeKeyExpired.find(aScene([refused], listed({keyExpiryMs: someTime + hour})));

	t.is(finding?.confidence, 'certain');
	t.regex(finding?.says ?? '', /tailscaled of cluster refuses to talk to june-gpu-1/);
});

test('a key that is valid has not expired', t => {
	const around = listed({keyExpiryMs: someTime + hour});

	t.is(nodeKeyExpired.find(aScene([isDown(aTunnel(), 'timeout')], around)), undefined);
});

test('a record with tags never expires, so that one that answers is left alone', t => {
	const around = listed({keyExpiryMs: someTime - hour, tags: ['tag:gpu']});

	t.is(nodeKeyExpired.find(aScene([isUp(aTunnel())], around)), undefined);
});

const silent = isDown(aTunnel(), 'timeout');
const gone = {online: false, lastSeenMs: someTime - 240_000, keyExpiryMs: someTime - 40 * 24 * hour};
const ended = anInstanceView({status: 'exited', reach: 'idle'});

test('a node with tags that is off is off, whatever time stands in its record', t => {
	const tagged = listed({...gone, tags: ['tag:gpu']});
	const stopped = {...tagged, machines: () => aMachines({instance: ended})};

	const off = nameCauses(aScene([silent, anotherIsUp], tagged));
	const exited = nameCauses(aScene([silent, anotherIsUp], stopped));

	t.like(off.cause, {id: 'node-offline', confidence: 'certain'});
	t.regex(
		off.cause?.evidence[0]?.says ?? '',
		/its key expired 40 d ago, which should not count for a node with tags\.$/,
	);
	t.like(exited.cause, {id: 'instance-stopped', confidence: 'certain'});
	t.false([...off.also, ...exited.also].some(({id}) => id === 'node-key-expired'));
});

test('of a node with tags the refusal of tailscaled itself is believed', t => {
	const {cause} = nameCauses(aScene([refused], listed({keyExpiryMs: someTime - hour, tags: ['tag:gpu']})));

	t.like(cause, {id: 'node-key-expired', confidence: 'certain'});
});

test('headscale goes on calling an expired node online, so that one that is offline is perhaps just off', t => {
	const {cause} = nameCauses(aScene([silent, anotherIsUp], listed(gone)));

	t.like(cause, {id: 'node-key-expired', confidence: 'likely'});
	t.regex(cause?.says ?? '', /expired 40 d ago.*headscale calls it offline as well, so it may just be off/);
});

test('an offline node whose machine is known to have ended is told by the machine, unless tailscaled refuses the key', t => {
	const {node: _node, ...waiting} = aPodFacts({phase: 'Pending', reason: 'Unschedulable', ready: false});
	const causeOf = (tunnel: typeof silent, machine: Parameters<typeof aMachines>[0]) =>
		nameCauses(aScene([tunnel, anotherIsUp], {...listed(gone), machines: () => aMachines(machine)}));

	const exited = causeOf(silent, {instance: ended});

	t.is(exited.cause?.id, 'instance-stopped');
	t.like(
		exited.also.find(({id}) => id === 'node-key-expired'),
		{effect: 'beside'},
	);
	t.is(causeOf(silent, {pod: waiting}).cause?.id, 'pod-pending');
	t.is(causeOf(silent, {instance: anInstanceView({status: 'unknown'})}).cause?.id, 'node-key-expired');
	t.is(causeOf(refused, {instance: ended}).cause?.id, 'node-key-expired');
});
