import test from 'ava';
import {headscaleFrozen} from '../../../src/diagnosis/causes/headscale-frozen.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {CheckView} from '../../../src/server/types.ts';
import {aFailingSource, aLink, aScene, aSource, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';
import {pastRuns, relayed} from '../../helpers/tunnels.ts';

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

const wentByRelay = {...frozen, history: pastRuns([{facts: relayed}])};
const [one, another] = (['june-gpu-1', 'livekit'] as const).map(peer =>
	isDown(aTunnel({target: {name: peer, peer}}), 'timeout'),
) as [CheckView, CheckView];

test('where every tunnel died that went by a relay and nobody else is left, headscale may be why', t => {
	t.like(headscaleFrozen.find(aScene([one, another], wentByRelay)), {effect: 'breaks', confidence: 'likely'});
});

test('tunnels that were direct, or whose path nobody knows, do not die with it', t => {
	const direct = {...frozen, history: pastRuns([{facts: {path: 'direct'}}])};

	t.is(headscaleFrozen.find(aScene([one, another], direct))?.effect, 'beside');
	t.is(headscaleFrozen.find(aScene([one, another], frozen))?.effect, 'beside');
});

test('a machine that was dead days before it froze has a fault of its own', t => {
	const daysAgo = {...one, downSince: someTime - 3 * 86_400_000};

	t.is(headscaleFrozen.find(aScene([daysAgo, another], wentByRelay))?.effect, 'beside');
	t.is(headscaleFrozen.find(aScene([another, daysAgo], wentByRelay))?.effect, 'breaks');
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
	const effectWith = (relayView: CheckView) =>
		headscaleFrozen.find(aScene([one, another, direct, relayView], wentByRelay))?.effect;

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
