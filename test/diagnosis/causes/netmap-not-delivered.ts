import test from 'ava';
import {netmapNotDelivered} from '../../../src/diagnosis/causes/netmap-not-delivered.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {Fresh} from '../../../src/diagnosis/fresh.ts';
import {aNode, aNodeView, aVantage} from '../../helpers/fake-daemon.ts';
import {aFailingSource, aScene, aSource, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const around = (online: string, fresh?: Fresh) => ({
	sources: () => [aSource(), aSource({name: 'headscale-nodes'})],
	vantages: () => [aVantage({facts: {backendState: 'Running', online}})],
	nodes: () => [aNodeView({node: aNode({name: 'june-gpu-1'})})],
	...(fresh ? {fresh} : {}),
});
const asked = (peer: NonNullable<Fresh['peer']>): Fresh => ({
	...{atMs: someTime, durationMs: 10, outcomes: new Map(), unasked: []},
	peer,
});

test('a peer that a tailscaled which is cut off was never told of explains a tunnel that is down', t => {
	const {cause} = nameCauses(aScene([isDown(aTunnel(), 'unreachable')], around('false', asked({kind: 'missing'}))));

	t.like(cause, {id: 'netmap-not-delivered', rung: 'control', confidence: 'likely', about: 'vantage cluster'});
	t.regex(cause?.says ?? '', /was never told of june-gpu-1/);
	t.is(cause?.next[0].run, 'tailscale status');
});

test('a peer that is missing where news comes in is hidden by the policy', t => {
	const {cause} = nameCauses(aScene([isDown(aTunnel(), 'unreachable')], around('true', asked({kind: 'missing'}))));

	t.is(cause?.id, 'node-hidden-by-policy');
});

test('a tailscaled without its control server is told beside what lives on', t => {
	t.like(netmapNotDelivered.find(aScene([isUp(aTunnel())], around('false'))), {effect: 'beside', confidence: 'likely'});
});

test('while headscale itself is down that is why, and one that is connected is told', t => {
	const down = {...around('false'), sources: () => [aFailingSource('headscale-health', {obstacle: 'refused'})]};

	t.is(netmapNotDelivered.find(aScene([isUp(aTunnel())], down)), undefined);
	t.is(netmapNotDelivered.find(aScene([isUp(aTunnel())], around('true'))), undefined);
});
