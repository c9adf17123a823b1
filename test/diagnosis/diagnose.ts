import test from 'ava';
import {diagnose} from '../../src/diagnosis/diagnose.ts';
import {aNode, aNodeView, aVantage} from '../helpers/fake-daemon.ts';
import {aLink, aWorld, isDown, isUp} from '../helpers/scenes.ts';
import {tunnelUp} from '../helpers/tunnels.ts';

const question = aLink({
	name: 'magicdns',
	type: 'dns',
	target: {address: 'dns://100.100.100.100/june-gpu-1'},
});
const silence = isDown(question, 'timeout', 'No answer in 2 s.', {
	phases: {resolve: 0, processing: 2},
	facts: {phase: 'processing', query: 'A june-gpu-1'},
});
const nodes = () => [aNodeView({node: aNode({name: 'june-gpu-1'})})];

test('a vantage whose MagicDNS is dead is down for it', t => {
	const other = isDown(aLink(), 'refused');
	const world = aWorld([isUp(aLink({name: 'llm'})), silence, other, tunnelUp('june-gpu-1')], {
		nodes,
		vantages: () => [aVantage()],
	});

	const told = diagnose(world, {kind: 'vantage', vantage: 'cluster'});

	t.like(told, {verdict: 'down', cause: {id: 'magicdns-dead', about: 'vantage cluster'}});
	t.is(told.ladder.find(({name}) => name === 'name')?.state, 'broken');
});

test('a vantage is not down for what is about something else', t => {
	const world = aWorld([isDown(aLink(), 'refused'), tunnelUp('june-gpu-1')], {nodes, vantages: () => [aVantage()]});

	const told = diagnose(world, {kind: 'vantage', vantage: 'cluster'});

	t.is(told.verdict, 'up');
	t.is(told.cause, undefined);
});

test('a fault without checks is told with its cause; one that is over is up', t => {
	const pool = {name: 'gpus', min: 2, usable: 1, unusable: 1, unknown: 0, members: []};
	const subject = {kind: 'incident' as const, id: 'pool-short pool gpus', about: 'pool gpus', keys: []};

	t.like(diagnose(aWorld([], {pools: () => [pool]}), subject), {verdict: 'up', cause: {id: 'pool-short'}, ladder: []});
	const over = diagnose(aWorld([], {pools: () => [{...pool, usable: 2}]}), subject);
	t.is(over.verdict, 'up');
	t.is(over.cause, undefined);
});

test('a fault with checks is told with their ladder', t => {
	const refused = isDown(aLink(), 'refused');
	const about = 'port 8000 on june-gpu-1';
	const subject = {kind: 'incident' as const, id: `service-refused ${about}`, about, keys: [refused.check.key]};

	const told = diagnose(aWorld([refused, tunnelUp('june-gpu-1')], {nodes, vantages: () => [aVantage()]}), subject);

	t.like(told, {subject, verdict: 'down', cause: {id: 'service-refused', about}});
	t.is(told.ladder.find(({name}) => name === 'connect')?.state, 'broken');
	const over = aWorld([isUp(aLink()), tunnelUp('june-gpu-1')], {nodes, vantages: () => [aVantage()]});
	t.is(diagnose(over, subject).verdict, 'up');
});
