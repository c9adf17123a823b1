import test from 'ava';
import {headscaleProxyDropsUpgrade} from '../../../src/diagnosis/causes/headscale-proxy-drops-upgrade.ts';
import {aNode, aNodeView, aVantage} from '../../helpers/fake-daemon.ts';
import {aLink, aScene, aSource, isUp, someTime} from '../../helpers/scenes.ts';

const offline = ['june-gpu-1', 'livekit'].map(name => aNodeView({node: aNode({name, online: false})}));
const around = {
	sources: () => [aSource(), aSource({name: 'headscale-key'}), aSource({name: 'headscale-nodes'})],
	nodes: () => offline,
	vantages: () => [aVantage({facts: {backendState: 'Running', online: 'false'}})],
	platform: () => ({headscale: {isHealthy: true, isControlKeyAnswered: true}, tailscaled: []}),
	landmarks: () => ({headscale: ['headscale.lab'], headscaleUrl: 'https://headscale.lab', dnsServer: ''}),
};

test('a headscale that is well and lists nobody as online does not get the connections of its clients', t => {
	const found = headscaleProxyDropsUpgrade.find(aScene([isUp(aLink())], around));

	t.like(found, {effect: 'beside', confidence: 'likely', about: 'headscale'});
	t.regex(found?.says ?? '', /lists none of its 2 nodes as online/);
	t.regex(found?.next[0].run ?? '', /-H 'Upgrade: tailscale-control-protocol' .* https:\/\/headscale\.lab\/ts2021$/);
});

test('one node that is online keeps its connection, and just after a restart nobody need have one', t => {
	const [first] = offline;
	const one = {...around, nodes: () => [...(first ? [first] : []), aNodeView()]};
	const restarted = {
		...around,
		platform: () => ({headscale: {isControlKeyAnswered: true, graceUntilMs: someTime + 1000}, tailscaled: []}),
	};

	for (const each of [one, restarted]) t.is(headscaleProxyDropsUpgrade.find(aScene([isUp(aLink())], each)), undefined);
});
