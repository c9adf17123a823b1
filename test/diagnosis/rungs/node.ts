import test from 'ava';
import {nodeRung} from '../../../src/diagnosis/rungs/node.ts';
import {anotherIsUp, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const silent = isDown(aTunnel(), 'timeout');
const look = (...args: Parameters<typeof aScene>) => nodeRung.look(aScene(...args));

test('it holds while the node is registered, online and its key valid', t => {
	const rung = look([isUp(aTunnel())], listed({keyExpiryMs: someTime + 7_200_000}));

	t.like(rung, {state: 'holds', says: 'june-gpu-1 is registered, its key is valid for 2 h, online.'});
	t.regex(rung?.evidence[0]?.says ?? '', /^headscale lists june-gpu-1 as online/);
	t.is(rung?.evidence[0]?.atMs, someTime);
});

test('it is broken where headscale lists no such node, calls it offline, or its key expired', t => {
	t.like(look([silent]), {state: 'broken', says: 'headscale does not list june-gpu-1.'});
	t.like(look([silent], listed({online: false, lastSeenMs: someTime - 60_000})), {
		state: 'broken',
		says: 'headscale calls june-gpu-1 offline, last noted 1 min ago.',
	});
	t.like(look([silent], listed({keyExpiryMs: someTime - 1000})), {state: 'broken'});
});

test('it is broken where a node that is called online does not answer and others do', t => {
	t.like(look([silent, anotherIsUp], listed()), {
		state: 'broken',
		says: 'headscale calls june-gpu-1 online, and nothing of it answers.',
	});
});

test('a node that headscale calls offline holds while it answers', t => {
	t.is(look([isUp(aTunnel())], listed({online: false}))?.state, 'holds');
});

test('a list that is old tells its age and is no evidence of now', t => {
	const sources = () => [{name: 'headscale-nodes', ok: false, lastSuccessAt: someTime - 720_000}];
	const rung = look([silent], {...listed(), sources, listedNodes: () => undefined});

	t.like(rung, {state: 'unseen', says: "headscale's list of nodes is 12 min old: then june-gpu-1 was online."});
});

test('what tailscaled says of the peer is evidence, asked afresh', t => {
	const status = {
		...{hostName: 'june-gpu-1', dnsName: '', addresses: [], online: true, relay: 'fra', curAddr: ''},
		...{peerRelay: '', expired: false, lastHandshakeMs: someTime - 5000},
	};
	const fresh = {
		...{atMs: someTime, durationMs: 5, outcomes: new Map(), unasked: []},
		peer: {kind: 'known', status} as const,
	};

	const rung = look([isUp(aTunnel())], {...listed(), fresh});

	t.like(rung?.evidence.at(-1), {
		says: 'tailscaled of cluster says of june-gpu-1: online, no direct path in use, home relay fra, last handshake 5 s ago.',
		fresh: true,
	});
});

test('a target outside of the tailnet has no such rung, one that no headscale tells of is unseen', t => {
	const direct = aLink({target: {peer: '', via: 'direct'}});

	t.is(look([isUp(direct)]), undefined);
	t.is(look([silent], {...listed(), sources: () => []})?.state, 'unseen');
});

test('the expiry of a node with tags breaks nothing', t => {
	const tagged = listed({online: false, keyExpiryMs: someTime - 1000, tags: ['tag:gpu']});

	t.like(look([silent], tagged), {state: 'broken', says: 'headscale calls june-gpu-1 offline, last noted 0 s ago.'});
});
