import test from 'ava';
import {nameWrongAddress} from '../../../src/diagnosis/causes/name-wrong-address.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aNode, aNodeView, anOutcome, aReading} from '../../helpers/fake-daemon.ts';
import {aLink, aScene, isDown, isUp} from '../../helpers/scenes.ts';
import {aFresh, tunnelUp} from '../../helpers/tunnels.ts';

const aQuestion = aLink({name: 'magicdns', type: 'dns', target: {address: 'dns://100.100.100.100/june-gpu-1'}});
const wrong = {
	reason: 'content',
	detail: 'It answered 100.64.0.9; wanted 100.64.0.3',
	facts: {answer: '100.64.0.9'},
} as const;
const stale = isDown(aQuestion, wrong.reason, wrong.detail, {
	facts: wrong.facts,
	phases: {resolve: 0, processing: 0.01},
});
const nodes = () => [
	aNodeView({node: aNode({name: 'june-gpu-1', addresses: ['100.64.0.3']})}),
	aNodeView({node: aNode({id: '2', name: 'june-gpu-1-1', addresses: ['100.64.0.9']})}),
];

test('MagicDNS that answers the address of another node is named, with that node', t => {
	const {cause} = nameCauses(aScene([stale], {nodes}));

	t.like(cause, {id: 'name-wrong-address', confidence: 'certain', about: 'name june-gpu-1'});
	t.regex(
		cause?.says ?? '',
		/answers 100\.64\.0\.9 for june-gpu-1, which is june-gpu-1-1; june-gpu-1 has 100\.64\.0\.3/,
	);
});

test('a link that dialled the wrong address fails for it, however far it came', t => {
	const link = isDown(aLink(), 'status', 'It answered 404.', {
		phases: {resolve: 0.001, connect: 0.002, processing: 0.01},
		facts: {phase: 'processing', address: '100.64.0.9', resolved_by: 'magicdns'},
	});
	const reading = aReading({ok: false, facts: wrong.facts});
	const byMagicDns = anOutcome({verdict: 'down', reason: 'content', detail: wrong.detail, reading});

	const fresh = nameCauses(aScene([link, tunnelUp('june-gpu-1')], {nodes, fresh: aFresh({byMagicDns})}));
	const remembered = nameCauses(aScene([link, stale, tunnelUp('june-gpu-1')], {nodes}));

	t.is(fresh.cause?.id, 'name-wrong-address');
	t.is(remembered.cause?.id, 'name-wrong-address');
});

test('a link that dialled the right one does not', t => {
	const link = isDown(aLink(), 'refused', 'Refused.', {facts: {address: '100.64.0.3'}});

	t.is(nameWrongAddress.find(aScene([link, stale], {nodes}))?.effect, 'beside');
});

test('an answer with an address of the node is none', t => {
	t.is(nameWrongAddress.find(aScene([isUp(aQuestion, {facts: {answer: '100.64.0.3'}})], {nodes})), undefined);
	t.is(nameWrongAddress.find(aScene([stale], {nodes, fresh: aFresh({byMagicDns: anOutcome()})})), undefined);
});
