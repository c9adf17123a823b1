import test from 'ava';
import {askPeer} from '../../src/diagnosis/ask-peer.ts';
import {recorded, startLocalApi} from '../helpers/localapi-server.ts';

const signal = new AbortController().signal;

for (const peer of ['livekit', 'LiveKit.tail.ozzu.world.', 'prober'])
	test(`a peer is found by its name: ${peer}`, async t => {
		const {socket} = await startLocalApi(t);

		const answer = await askPeer({socketPath: socket, peer, signal});

		t.is(answer.kind, 'known');
		t.true(answer.kind === 'known' && answer.status.dnsName.startsWith(peer.slice(0, 6).toLowerCase()));
	});

test('a peer is found by either of its addresses', async t => {
	const {socket} = await startLocalApi(t);
	const byName = await askPeer({socketPath: socket, peer: 'livekit', signal});
	const addresses = byName.kind === 'known' ? byName.status.addresses : [];

	const found = await Promise.all(addresses.map(peer => askPeer({socketPath: socket, peer, signal})));

	t.is(found.length, 2);
	for (const answer of found) t.deepEqual(answer, byName);
});

test('whom a tailscaled that is signed in does not list is missing', async t => {
	const {socket} = await startLocalApi(t);

	t.deepEqual(await askPeer({socketPath: socket, peer: 'june-gpu-9', signal}), {kind: 'missing'});
	t.deepEqual(await askPeer({socketPath: socket, peer: '100.64.9.9', signal}), {kind: 'missing'});
});

test('one that is signed out has nobody to tell of', async t => {
	const {socket} = await startLocalApi(t, {status: {...recorded('status'), BackendState: 'NeedsLogin', Peer: null}});

	const answer = await askPeer({socketPath: socket, peer: 'livekit', signal});

	t.is(answer.kind, 'silent');
	t.regex(answer.kind === 'silent' ? answer.detail : '', /NeedsLogin/);
});

test('one that is gone or hangs is silent, with a sentence', async t => {
	const {socket} = await startLocalApi(t, {status: 'silent'});

	const gone = await askPeer({socketPath: '/nonexistent/tailscaled.sock', peer: 'livekit', signal});
	const hung = await askPeer({socketPath: socket, peer: 'livekit', signal: AbortSignal.abort()});

	t.regex(gone.kind === 'silent' ? gone.detail : '', /nonexistent/);
	t.deepEqual(hung, {kind: 'silent', detail: 'tailscaled did not tell of its peers in time'});
});
