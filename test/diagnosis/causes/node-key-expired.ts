import test from 'ava';
import {nodeKeyExpired} from '../../../src/diagnosis/causes/node-key-expired.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {listed} from '../../helpers/machine-scenes.ts';
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
