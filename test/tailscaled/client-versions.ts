import test from 'ava';
import {createClientVersions, minimumClient} from '../../src/tailscaled/client-versions.ts';
import type {ClientVersion} from '../../src/tailscaled/types.ts';
import {fakeClock} from '../helpers/fake-clock.ts';
import {aNode} from '../helpers/fake-daemon.ts';

const nodes = (count: number) =>
	Array.from({length: count}, (_, n) => aNode({id: String(n), addresses: [`100.64.1.${n}`]}));

/** Versions, and whom was asked about. */
function known() {
	const clock = fakeClock();
	const asked: string[] = [];
	const ask = async (address: string): Promise<ClientVersion | undefined> => {
		asked.push(address);
		return [1, 102, 3];
	};
	return {clock, asked, ask, versions: createClientVersions(clock)};
}

test('each node is asked about once within ten minutes', async t => {
	const {clock, asked, ask, versions} = known();

	await versions.refresh(nodes(2), ask);
	await clock.advance(599_000);
	await versions.refresh(nodes(3), ask);
	await clock.advance(1000);
	await versions.refresh(nodes(3), ask);

	t.deepEqual(asked, ['100.64.1.0', '100.64.1.1', '100.64.1.2', '100.64.1.0', '100.64.1.1']);
	t.deepEqual(versions.of(nodes(1)), [[1, 102, 3]]);
});

test('a large tailnet is asked about in portions', async t => {
	const {asked, ask, versions} = known();

	await versions.refresh(nodes(120), ask);
	t.is(asked.length, 50);
	await versions.refresh(nodes(120), ask);
	await versions.refresh(nodes(120), ask);

	t.is(new Set(asked).size, 120);
});

test('a node that left is forgotten, and one with a new address is another', async t => {
	const {asked, ask, versions} = known();

	await versions.refresh([aNode({id: '1', addresses: ['100.64.0.1']})], ask);
	await versions.refresh([aNode({id: '1', addresses: ['100.64.0.9']})], ask);

	t.deepEqual(asked, ['100.64.0.1', '100.64.0.9']);
	t.deepEqual(versions.of([aNode({id: '1', addresses: ['100.64.0.1']})]), [undefined]);
});

test('when asking fails, what was learnt stays and the rest is asked next time', async t => {
	const {asked, ask, versions} = known();
	const broken = (address: string) => (address.endsWith('.1') ? Promise.reject(new Error('it hangs')) : ask(address));

	await t.throwsAsync(versions.refresh(nodes(3), broken), {message: 'it hangs'});
	t.deepEqual(versions.of(nodes(2)), [[1, 102, 3], undefined]);
	await versions.refresh(nodes(3), ask);

	t.deepEqual(asked, ['100.64.1.0', '100.64.1.1', '100.64.1.2']);
});

test('the oldest client that a headscale takes is known for each of its versions', t => {
	t.deepEqual(minimumClient('v0.29.2'), [1, 80, 0]);
	t.deepEqual(minimumClient('0.27.1'), [1, 64, 0]);
	for (const version of [undefined, '', 'dev', 'v0.99.0', 'v1.29.0', '0.29']) t.is(minimumClient(version), undefined);
});
