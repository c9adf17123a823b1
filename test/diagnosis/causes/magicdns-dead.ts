import test from 'ava';
import {magicdnsDead} from '../../../src/diagnosis/causes/magicdns-dead.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aNode, aNodeView, anOutcome, aVantage, fakeDaemon} from '../../helpers/fake-daemon.ts';
import {aLink, aScene, isDown, isUp} from '../../helpers/scenes.ts';
import {aFresh, tunnelUp} from '../../helpers/tunnels.ts';

const aQuestion = (peer = 'june-gpu-1') =>
	aLink({
		name: 'magicdns',
		type: 'dns',
		target: {name: peer, peer, address: `dns://100.100.100.100/${peer}`},
	});
const nodes = () => [aNodeView({node: aNode({name: 'june-gpu-1'})})];
const silent = isDown(aQuestion(), 'timeout', 'No answer in 2 s.', {
	phases: {resolve: 0, processing: 2},
	facts: {phase: 'processing', query: 'A june-gpu-1'},
});

test('a question that nobody answers is a MagicDNS that is dead', t => {
	const {cause} = nameCauses(aScene([silent, tunnelUp('june-gpu-1')], {nodes}));

	t.like(cause, {id: 'magicdns-dead', effect: 'breaks', confidence: 'certain', about: 'vantage cluster'});
	t.like(cause?.next[0], {where: 'on cluster', run: 'dig +time=2 +tries=1 @100.100.100.100 june-gpu-1'});
});

test('it is asked at the configured server, for the whole name that failed', t => {
	const question = aLink({name: 'magicdns', type: 'dns', target: {address: 'dns://127.0.0.1:50060/june-gpu-1'}});
	const unanswered = isDown(question, 'timeout', 'No answer in 2 s.', {
		phases: {resolve: 0, processing: 2},
		facts: {phase: 'processing', query: 'A june-gpu-1.tail.example.com'},
	});
	const landmarks = () => ({...fakeDaemon().landmarks(), dnsServer: '127.0.0.1:50060'});

	const {cause} = nameCauses(aScene([unanswered, tunnelUp('june-gpu-1')], {nodes, landmarks}));

	t.like(cause, {id: 'magicdns-dead', about: 'vantage cluster'});
	t.is(cause?.next[0].run, 'dig +time=2 +tries=1 -p 50060 @127.0.0.1 june-gpu-1.tail.example.com');
});

test('a DNS server that is no MagicDNS is no service of the node that it is asked for', t => {
	for (const reason of ['timeout', 'refused', 'reset', 'status', 'content', 'protocol'] as const) {
		const question = aLink({name: 'resolver', type: 'dns', target: {address: 'dns://10.0.0.53:5353/june-gpu-1'}});

		const {cause} = nameCauses(aScene([isDown(question, reason), tunnelUp('june-gpu-1')], {nodes}));

		t.is(cause?.about, 'resolver for june-gpu-1', `${reason}: ${cause?.id}`);
		t.notRegex(cause?.id ?? '', /^service|^connection/);
		t.notRegex(cause?.says ?? '', /port 5353/);
	}
});

test('a link whose name was found in the list of peers goes on, and it is told beside', t => {
	const link = isUp(aLink(), {facts: {resolved_by: 'peers', address: '100.64.0.3'}});

	t.like(magicdnsDead.find(aScene([link, silent])), {effect: 'beside', confidence: 'certain'});
	t.is(magicdnsDead.find(aScene([link])), undefined, 'in userspace mode that is usual');
});

test('a name that could not be resolved for its silence breaks the link; asked anew, for certain', t => {
	const link = isDown(aLink(), 'resolve', 'MagicDNS (100.100.100.100) did not answer: no answer in time');
	const byMagicDns = anOutcome({verdict: 'down', reason: 'timeout', detail: 'No answer in 2 s'});
	const byAddress = anOutcome();

	t.like(nameCauses(aScene([link], {nodes})).cause, {id: 'magicdns-dead', confidence: 'likely'});
	const {cause} = nameCauses(aScene([link], {nodes, fresh: aFresh({byMagicDns, byAddress})}));
	t.like(cause, {id: 'magicdns-dead', confidence: 'certain'});
	t.regex(cause?.says ?? '', /and the target answers by its address/);
});

test('one that answers, even that there is no such name, is alive', t => {
	const no = isDown(aQuestion(), 'status', 'NXDOMAIN', {facts: {rcode: 'NXDOMAIN'}});
	const byMagicDns = anOutcome();

	t.is(magicdnsDead.find(aScene([no])), undefined);
	t.is(magicdnsDead.find(aScene([silent], {fresh: aFresh({byMagicDns})})), undefined);
});

test('that of a machine elsewhere has a cause of its own', t => {
	const vantages = () => [aVantage({group: 'gpus'})];

	t.is(magicdnsDead.find(aScene([silent], {vantages})), undefined);
});
