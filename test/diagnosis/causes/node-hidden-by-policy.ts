import test from 'ava';
import {nodeHiddenByPolicy} from '../../../src/diagnosis/causes/node-hidden-by-policy.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aVantage} from '../../helpers/fake-daemon.ts';
import {anotherIsUp, listed} from '../../helpers/machine-scenes.ts';
import {aScene, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const missing = isDown(aTunnel(), 'unreachable', 'tailscaled has no tunnel to june-gpu-1.', {
	facts: {disco: 'no matching peer'},
});

test('a node that is listed and that our tailscaled does not know is hidden, likely by the policy', t => {
	const reached = isUp(aTunnel({vantage: 'office'}));

	const {cause} = nameCauses(aScene([missing, anotherIsUp, reached], listed({tags: ['tag:gpu']})));

	t.like(cause, {id: 'node-hidden-by-policy', confidence: 'likely', about: 'node june-gpu-1', effect: 'breaks'});
	t.is(cause?.next[0].run, 'headscale policy get');
	t.true(cause?.evidence.some(({says}) => says === 'june-gpu-1 has the tags tag:gpu.'));
});

test('asked afresh, the list of peers tells it too', t => {
	const fresh = {
		...{atMs: someTime, durationMs: 5, outcomes: new Map(), unasked: []},
		peer: {kind: 'missing'} as const,
	};

	const finding = nodeHiddenByPolicy.find(aScene([isDown(aTunnel(), 'timeout')], {...listed(), fresh}));

	t.is(finding?.confidence, 'likely');
	t.true(finding?.evidence[0]?.fresh);
});

test('it is only consistent where news may not have come yet', t => {
	const cutOff = aVantage({facts: {backendState: 'Running', online: 'false'}});

	t.is(nodeHiddenByPolicy.find(aScene([missing], listed({createdMs: someTime - 5000})))?.confidence, 'consistent');
	t.is(nodeHiddenByPolicy.find(aScene([missing], {...listed(), vantages: () => [cutOff]}))?.confidence, 'consistent');
});

test('a node that is not listed was not hidden, it left', t => {
	t.is(nodeHiddenByPolicy.find(aScene([missing])), undefined);
});
