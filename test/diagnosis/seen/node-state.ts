import test from 'ava';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {findIncidents} from '../../../src/diagnosis/incidents.ts';
import {aMachines, anInstanceView, anotherIsUp, listed} from '../../helpers/machine-scenes.ts';
import {
	aLink,
	aScene,
	aSickVantage,
	aSource,
	aTunnel,
	aWorld,
	isDown,
	isUnknown,
	isUp,
	someTime,
} from '../../helpers/scenes.ts';

const silent = isDown(aTunnel(), 'timeout');
const off = {online: false, lastSeenMs: someTime - 240_000};
const keyEnded = {keyExpiryMs: someTime - 1000};
const open = aLink({name: 'public', target: {address: 'http://203.0.113.9:8000/', via: 'direct'}});
const refused = isDown(open, 'refused');
const unanswered = isDown(open, 'timeout', undefined, {phases: {connect: 3}, facts: {phase: 'connect'}});

test('a machine that refuses beside the tailnet is there, whatever its tunnel and its record say', t => {
	const {cause, also} = nameCauses(aScene([refused, silent, anotherIsUp], listed(off)));

	t.like(cause, {id: 'service-refused', confidence: 'likely'});
	t.false(also.some(({effect}) => effect === 'breaks'));
});

test('that it refuses beside the tailnet is no answer of its node', t => {
	t.is(nameCauses(aScene([silent, refused, anotherIsUp], listed(off))).cause?.id, 'node-offline');
});

test('a tunnel that is up vouches for nothing beside the tailnet', t => {
	const {cause} = nameCauses(aScene([refused, isUp(aTunnel()), anotherIsUp], listed()));

	t.like(cause, {id: 'service-refused', confidence: 'likely'});
	t.notRegex(cause?.says ?? '', /tunnel/);
});

test('the public port of a rented machine is that of its host, which refuses for an instance that ended', t => {
	const machines = () => aMachines({instance: anInstanceView({status: 'exited'})});

	const {cause} = nameCauses(aScene([refused, silent, anotherIsUp], {...listed(off), machines}));

	t.is(cause?.id, 'instance-stopped');
});

test('a key that ended breaks nothing beside the tailnet', t => {
	const {cause, also} = nameCauses(aScene([unanswered, silent, anotherIsUp], listed(keyEnded)));

	t.like(cause, {id: 'service-filtered', confidence: 'consistent'});
	t.is(also.find(({id}) => id === 'node-key-expired')?.effect, 'beside');
});

test('a machine that is off is as silent beside the tailnet as in it: one incident', t => {
	const around = {...listed(off), sources: () => [aSource({name: 'headscale-nodes'})]};

	const incidents = findIncidents(aWorld([unanswered, silent, anotherIsUp], around));

	t.deepEqual(
		incidents.map(({cause, checks}) => [cause.id, checks.length]),
		[['node-offline', 2]],
	);
});

test('our own tailscaled that is stopped breaks nothing beside the tailnet', t => {
	const vantages = () => [aSickVantage({facts: {backendState: 'Stopped'}})];

	const {cause} = nameCauses(aScene([unanswered, isUnknown(aTunnel(), 'vantage')], {...listed(), vantages}));

	t.like(cause, {id: 'service-filtered', confidence: 'consistent'});
});
