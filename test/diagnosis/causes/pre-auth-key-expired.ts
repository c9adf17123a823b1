import test from 'ava';
import {preAuthKeyExpired} from '../../../src/diagnosis/causes/pre-auth-key-expired.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {PreAuthKeyFacts} from '../../../src/inventory/platform-types.ts';
import {aNode, aNodeView} from '../../helpers/fake-daemon.ts';
import {aLink, aScene, aSource, aTunnel, isDown, someTime} from '../../helpers/scenes.ts';

const around = (keys: Partial<PreAuthKeyFacts>) => ({
	sources: () => [aSource(), aSource({name: 'headscale-nodes'})],
	nodes: () => [],
	platform: () => ({
		headscale: {
			preAuthKeys: {
				...{usable: 0, expired: 1, usedUp: 0, areInUse: true, lasting: 0},
				...{ending: {count: 0}, unreplaced: {count: 0}, ...keys},
			},
		},
		tailscaled: [],
	}),
});

test('a machine that never joined could not, while no key is left', t => {
	const {cause} = nameCauses(aScene([isDown(aLink(), 'resolve')], around({})));

	t.like(cause, {id: 'pre-auth-key-expired', rung: 'control', confidence: 'likely', about: 'headscale pre-auth keys'});
	t.regex(cause?.says ?? '', /^june-gpu-1 is not in the tailnet\. Of the pre-auth keys none can be used \(1 expired/);
	t.is(cause?.next[0].run, 'headscale preauthkeys list');
});

test('a machine that is there and silent has its key', t => {
	const there = {...around({}), nodes: () => [aNodeView({node: aNode({name: 'june-gpu-1'})})]};

	t.is(preAuthKeyExpired.find(aScene([isDown(aTunnel(), 'timeout')], there))?.effect, 'beside');
});

test('while another key is left it is only worth knowing, and keys that last are not even that', t => {
	const absent = isDown(aLink(), 'resolve');
	const unreplaced = {usable: 1, unreplaced: {count: 1, latestExpiryMs: someTime - 1000}};

	t.is(preAuthKeyExpired.find(aScene([absent], around(unreplaced)))?.effect, 'beside');
	t.is(preAuthKeyExpired.find(aScene([absent], around({usable: 1, expired: 0}))), undefined);
});
