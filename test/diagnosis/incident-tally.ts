import test from 'ava';
import {linkRowsAtMost, otherNodes, tallyIncidents} from '../../src/diagnosis/incident-tally.ts';
import {findIncidents} from '../../src/diagnosis/incidents.ts';
import {aNode, aNodeView, aVantage} from '../helpers/fake-daemon.ts';
import {type Around, aLink, aRemoteVantage, aTunnel, aWorld, isDown, isUnknown, isUp} from '../helpers/scenes.ts';

function tallyOf(checks: Parameters<typeof aWorld>[0], around: Around = {}) {
	const world = aWorld(checks, around);
	return tallyIncidents(findIncidents(world), world);
}

const tunnelTo = (peer: string) => aTunnel({target: {name: peer, peer, address: peer}});
const linkTo = (peer: string, name: string, port: number) =>
	aLink({name, target: {name: peer, peer, address: `http://${peer}:${port}/`}});

test('incidents are counted by cause, and their links by the node behind them', t => {
	const {causes, links} = tallyOf([
		isUp(tunnelTo('june-gpu-1')),
		isUp(tunnelTo('livekit')),
		isDown(linkTo('june-gpu-1', 'tts', 8000), 'refused'),
		isDown(linkTo('june-gpu-1', 'stt', 8001), 'refused'),
		isDown(linkTo('livekit', 'livekit', 7880), 'refused'),
	]);

	t.deepEqual(causes, [{cause: 'service-refused', incidents: 3}]);
	t.deepEqual(links, [
		{cause: 'service-refused', peer: 'june-gpu-1', links: 2},
		{cause: 'service-refused', peer: 'livekit', links: 1},
	]);
});

test('what a machine cannot look at any more is its own trouble, not that of the targets', t => {
	const gone = aRemoteVantage({name: 'june-gpu-1', condition: 'gone'});
	const unseen = ['webhook', 'audio'].map((name, at) =>
		isUnknown(
			{...linkTo('livekit', name, 7880 + at), vantage: 'june-gpu-1', key: `${name}/june-gpu-1/livekit`},
			'vantage',
		),
	);

	const {links} = tallyOf([isUp(tunnelTo('june-gpu-1')), isUp(tunnelTo('livekit')), ...unseen], {
		vantages: () => [aVantage(), gone],
		nodes: () => ['june-gpu-1', 'livekit'].map(name => aNodeView({node: aNode({name})})),
	});

	t.deepEqual(
		links.map(({peer, links: number}) => [peer, number]),
		[['june-gpu-1', 2]],
	);
});

test('of very many nodes those with most links are told one by one, and no link is lost', t => {
	const names = Array.from({length: linkRowsAtMost + 20}, (_, at) => `node-${at}`);

	const {causes, links} = tallyOf([
		...names.map(name => isDown(tunnelTo(name), 'timeout')),
		isDown(linkTo('node-519', 'tts', 8000), 'timeout'),
	]);

	t.is(causes.length, 1);
	t.is(links.length, linkRowsAtMost + 1);
	t.like(links[0], {peer: 'node-519', links: 2});
	t.like(links.at(-1), {peer: otherNodes, links: 20});
	t.deepEqual(tallyOf([]), {causes: [], links: []});
});
