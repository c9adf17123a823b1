import test from 'ava';
import {headscaleFrozen} from '../../../src/diagnosis/causes/headscale-frozen.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {CheckView} from '../../../src/server/types.ts';
import {aFailingSource, aLink, aScene, aSource, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const frozen = {
	sources: () => [
		aFailingSource('headscale-health', {obstacle: 'silent', failure: 'unanswered'}),
		aFailingSource('headscale-nodes', {obstacle: 'silent', failure: 'unanswered'}),
		aFailingSource('headscale-metrics', {obstacle: 'silent', failure: 'unanswered'}),
	],
	landmarks: () => ({
		headscale: ['headscale.lab'],
		headscaleUrl: 'https://headscale.lab/',
		dnsServer: '',
		headscalePod: {namespace: 'headscale', selector: 'app=headscale'},
	}),
};

test('a service that was killed behind a tunnel is named, and the frozen headscale beside it', t => {
	const {cause, also} = nameCauses(aScene([isDown(aLink(), 'refused'), isUp(aTunnel())], frozen));

	t.is(cause?.id, 'service-refused');
	const told = also.find(({id}) => id === 'headscale-frozen');
	t.like(told, {effect: 'beside', rung: 'control', confidence: 'certain', about: 'headscale'});
	t.regex(told?.says ?? '', /has accepted connections and not answered for 5 min/);
	t.is(told?.next[0].run, 'curl -sS -m 5 -i https://headscale.lab/health');
	t.is(told?.next[2]?.run, 'kubectl -n headscale logs -l app=headscale --tail 50');
	t.true(told?.evidence.some(({says}) => says === 'The list of nodes is 5 min old.'));
	t.true(told?.evidence.some(({says}) => says.startsWith('1 of 1 tunnel that could be looked at is up')));
});

test('one machine that is silent meanwhile has a fault of its own', t => {
	const scene = aScene(
		[isDown(aTunnel(), 'timeout'), isUp(aTunnel({target: {name: 'livekit', peer: 'livekit'}}))],
		frozen,
	);

	t.is(headscaleFrozen.find(scene)?.effect, 'beside');
});

test('a check of headscale itself fails for it, however far the connection came', t => {
	const own = isDown(
		aLink({
			name: 'headscale',
			target: {name: 'headscale', address: 'https://headscale.lab/health', via: 'direct', peer: ''},
		}),
		'timeout',
		'No answer came.',
		{
			phases: {resolve: 0.001, connect: 0.001, tls: 0.002, processing: 5},
			facts: {phase: 'processing'},
		},
	);

	t.like(nameCauses(aScene([own], frozen)).cause, {id: 'headscale-frozen', about: 'headscale'});
});

test('where every tunnel died and nobody else is left, headscale may be why', t => {
	const dead = ['june-gpu-1', 'livekit'].map(peer => isDown(aTunnel({target: {name: peer, peer}}), 'timeout'));
	const [one, other] = dead;
	if (!one || !other) throw new Error('two tunnels');

	t.is(headscaleFrozen.find(aScene([one, other], frozen))?.effect, 'breaks');
});

test('one dead tunnel of one proves nothing against headscale', t => {
	t.is(headscaleFrozen.find(aScene([isDown(aTunnel(), 'timeout')], frozen))?.effect, 'beside');
});

test('where those died that have no direct path, and the relay on its host with them, headscale may be why', t => {
	const direct = isUp(aTunnel({target: {name: 'auth', peer: 'auth'}}), {facts: {path: 'direct'}});
	const relay = aLink({
		name: 'derp',
		type: 'derp',
		target: {name: 'headscale', address: 'https://headscale.lab/derp', via: 'direct', peer: ''},
	});
	const other = isDown(aTunnel({target: {name: 'livekit', peer: 'livekit'}}), 'timeout');
	const effectWith = (relayView: CheckView) =>
		headscaleFrozen.find(aScene([isDown(aTunnel(), 'timeout'), other, direct, relayView], frozen))?.effect;

	t.is(effectWith(isDown(relay, 'timeout')), 'breaks');
	t.is(effectWith(isUp(relay)), 'beside');
});

test('one that refuses connections is not frozen, nor one whose metrics answer', t => {
	const refused = {sources: () => [aFailingSource('headscale-health', {obstacle: 'refused'})]};
	const alive = {
		sources: () => [aFailingSource('headscale-health', {obstacle: 'silent'}), aSource({name: 'headscale-metrics'})],
	};

	for (const around of [refused, alive]) t.is(headscaleFrozen.find(aScene([isUp(aLink())], around)), undefined);
});
