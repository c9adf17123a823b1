import test from 'ava';
import {nodeSilent} from '../../../src/diagnosis/causes/node-silent.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {World} from '../../../src/diagnosis/world.ts';
import {aNode, aNodeView} from '../../helpers/fake-daemon.ts';
import {aMachines, anInstanceView, anotherIsUp, aPodFacts, listed} from '../../helpers/machine-scenes.ts';
import {aFailingSource, aLink, aScene, aTunnel, aWorld, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const silent = isDown(aTunnel(), 'timeout');
const another = (vantage: string) => aTunnel({vantage, target: {name: 'x', address: 'x', peer: 'x'}});

test('a node that is called online and does not answer, while others do, froze or is cut', t => {
	const {cause} = nameCauses(aScene([isDown(aLink(), 'timeout'), silent, anotherIsUp], listed()));

	t.like(cause, {id: 'node-silent', confidence: 'likely', about: 'node june-gpu-1', rung: 'node'});
	t.regex(cause?.says ?? '', /june-gpu-1 has not answered for 1 min, while headscale calls it online/);
	t.is(cause?.next.at(-1)?.run, 'tailscale ping -c 3 june-gpu-1');
});

test('ways to the machine past the tailnet come first where they are known', t => {
	const machines = () => aMachines({instance: anInstanceView({id: '31'}), pod: aPodFacts()});

	const {cause} = nameCauses(aScene([silent, anotherIsUp], {...listed(), machines}));

	t.is(cause?.id, 'node-silent');
	t.is(cause?.next[0].run, 'vastai ssh-url 31');
	t.regex(cause?.next[1]?.run ?? '', /^kubectl -n \S+ exec -it \S+ -- sh$/);
});

test('with nothing to compare it with it is consistent only', t => {
	t.is(nodeSilent.find(aScene([silent], listed()))?.confidence, 'consistent');
});

test('where other nodes are silent as well it is not the node', t => {
	t.is(nodeSilent.find(aScene([silent, isDown(another('cluster'), 'timeout')], listed())), undefined);
});

test('where others reach it, or the path beneath answers, it is not the node', t => {
	const reached = isUp(aTunnel({vantage: 'office'}));
	const beneath = isDown(aTunnel(), 'timeout', 'No TSMP.', {facts: {disco: 'answered', tsmp: 'silent'}});

	t.is(nodeSilent.find(aScene([silent, reached, anotherIsUp], listed())), undefined);
	t.is(nodeSilent.find(aScene([beneath, anotherIsUp], listed())), undefined);
});

test('while the relay by which it was reached is down, that is named', t => {
	const relay = isDown(
		aLink({
			name: 'relay',
			type: 'derp',
			target: {name: 'derp', address: 'https://derp.example.com/derp', peer: '', via: 'direct'},
		}),
		'refused',
	);

	const {cause} = nameCauses(aScene([silent, anotherIsUp, relay], listed()));

	t.is(cause?.id, 'relay-down');
});

test('headscale that calls it offline has another cause', t => {
	t.is(nodeSilent.find(aScene([silent, anotherIsUp], listed({online: false}))), undefined);
});

test('a service that refuses a connection shows that the machine is there', t => {
	const refused = isDown(aLink(), 'refused');

	t.is(nodeSilent.find(aScene([silent, anotherIsUp, refused], listed())), undefined);
});

test('what a service answered before the tunnel died is no sign of life, however long another one is down', t => {
	const since = someTime - 259_200_000;
	const longDown = {...isDown(aLink(), 'timeout'), downSince: since, reasonSince: since};
	const stt = isUp(aLink({name: 'stt', target: {address: 'http://june-gpu-1:9000/'}}));
	const before = {...stt, last: stt.last && {...stt.last, startedAt: someTime - 90_000}};

	const {cause} = nameCauses(aScene([longDown, silent, before, anotherIsUp], listed()));

	t.like(cause, {id: 'node-silent', confidence: 'likely'});
});

test('without a list of now it is consistent only, and the age of the last one is told', t => {
	const stale = {listedNodes: () => undefined, sources: () => [aFailingSource('headscale-nodes')]};

	const online = nodeSilent.find(aScene([silent, anotherIsUp], {...listed(), ...stale}));
	const offline = nodeSilent.find(aScene([silent, anotherIsUp], {...listed({online: false}), ...stale}));

	t.like(online, {effect: 'breaks', confidence: 'consistent'});
	t.regex(online?.says ?? '', /does not tell of now, and in its last list, 5 min old, it was called online/);
	t.regex(offline?.says ?? '', /it was called offline/);
});

test('just after a restart of headscale, which does not tell who is online, it is consistent', t => {
	const {node, ...view} = aNodeView({node: aNode({id: '7', name: 'june-gpu-1'}), tunnels: []});
	const {online: _withheld, ...untold} = node;
	const around = (headscale: object) => ({
		nodes: () => [{...view, node: untold}],
		platform: () => ({...aWorld([]).platform, headscale}) as World['platform'],
	});

	const found = nodeSilent.find(aScene([silent, anotherIsUp], around({graceUntilMs: someTime + 20_000})));

	t.is(found?.confidence, 'consistent');
	t.regex(found?.says ?? '', /headscale was just restarted and does not tell yet who is online/);
	t.is(nodeSilent.find(aScene([silent, anotherIsUp], around({}))), undefined);
});

test('a node that is off, or fell silent days ago, is not compared with', t => {
	const other = isDown(another('cluster'), 'timeout');
	const long = {...other, downSince: someTime - 432_000_000, reasonSince: someTime - 432_000_000};
	const isOff = [aNodeView({node: aNode({id: '9', name: 'x', online: false}), tunnels: []})];

	t.is(nodeSilent.find(aScene([silent, long], listed()))?.confidence, 'consistent');
	t.is(nodeSilent.find(aScene([silent, other], listed({}, {}, isOff)))?.confidence, 'consistent');
});
