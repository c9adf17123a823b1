import test from 'ava';
import {nodeBadExpiry} from '../../../src/diagnosis/causes/node-bad-expiry.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {anotherIsUp, listed} from '../../helpers/machine-scenes.ts';
import {aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const refused = isDown(aTunnel(), 'unreachable', 'tailscaled has no tunnel to june-gpu-1.', {
	facts: {disco: "peer's node key has expired"},
});

test('an expiry of 1970 is none that anybody can have wanted', t => {
	const {cause} = nameCauses(aScene([refused], listed({keyExpiryMs: 0})));

	t.like(cause, {id: 'node-bad-expiry', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /expired on 1970-01-01/);
	t.is(cause?.next[0].run, 'headscale nodes list --output json');
});

test('expired without any expiry is the year 1, which is meant as never', t => {
	const finding = nodeBadExpiry.find(aScene([refused], listed()));

	t.is(finding?.confidence, 'likely');
	t.regex(finding?.says ?? '', /names no time/);
});

test('a node that answers all the same is left alone', t => {
	t.is(nodeBadExpiry.find(aScene([isUp(aTunnel())], listed({keyExpiryMs: 0}))), undefined);
});

test('a node with tags never expires: only the refusal of tailscaled itself tells that it counts as expired', t => {
	const tagged = listed({online: false, keyExpiryMs: 0, tags: ['tag:gpu']});

	t.is(nameCauses(aScene([isDown(aTunnel(), 'timeout'), anotherIsUp], tagged)).cause?.id, 'node-offline');
	t.is(nodeBadExpiry.find(aScene([refused], tagged))?.confidence, 'certain');
});
