import {readFileSync} from 'node:fs';
import test from 'ava';
import {excessOf} from '../../src/util/json-bounds.ts';

const excess = (json: string) => excessOf(Buffer.from(json));
const many = (count: number, make: (index: number) => string) => Array.from({length: count}, (_, i) => make(i)).join();
const fixture = (name: string) => JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'));

for (const version of ['0.23.0', '0.26.1', '0.29.2', '0.30-dev']) {
	test(`ten thousand nodes of headscale ${version} may be parsed`, t => {
		const {nodes} = fixture(`headscale/${version}/rest-node.json`);
		const grown = Array.from({length: 10_000}, (_, i) => ({
			...nodes[i % nodes.length],
			id: `${i}`,
			givenName: `n${i}`,
			ipAddresses: [`100.64.${i >> 8}.${i & 255}`],
		}));

		t.is(excess(JSON.stringify({nodes: grown})), undefined);
	});
}

test('the status of a tailscaled with ten thousand peers and users may be parsed', t => {
	const status = fixture('localapi/status.json');
	const [peer] = Object.values(status.Peer) as object[];
	const Peer = Object.fromEntries(
		Array.from({length: 10_000}, (_, i) => [`nodekey:${i}`.padEnd(72, '0'), {...peer, ID: `${i}`}]),
	);
	const User = Object.fromEntries(Array.from({length: 10_000}, (_, i) => [`${i + 1}`, {ID: i + 1, LoginName: 'joe'}]));

	t.is(excess(JSON.stringify({...status, Peer, User})), undefined);
});

test('depth is bounded, also of what is never closed', t => {
	t.is(excess('['.repeat(64) + ']'.repeat(64)), undefined);
	t.is(excess('['.repeat(65) + ']'.repeat(65)), 'more than 64 levels, one in another');
	t.is(excess('{"a":'.repeat(65)), 'more than 64 levels, one in another');
	t.is(excess(` \r\n\t${' '.repeat(5000)}${'['.repeat(65)}`), 'more than 64 levels, one in another');
});

test('objects, lists and values are counted', t => {
	t.is(excess(`[${many(299_999, () => '{}')}]`), undefined);
	t.is(excess(`[${many(300_000, () => '{}')}]`), 'more than 300000 objects and arrays');
	t.is(excess(`{"nodes":[],"x":[${many(300_000, () => '[]')}]}`), 'more than 300000 objects and arrays');
	t.is(excess(`[${many(1_000_000, () => '1')}]`), undefined);
	t.is(excess(`[${many(1_000_002, () => '1')}]`), 'more than 1000000 values');
});

test('ever new keys and short texts are counted, not those that repeat', t => {
	const tooNew = 'more than 40000 different keys and short texts';

	t.is(excess(`{${many(100_000, i => `"k${i}":1`)}}`), tooNew);
	t.is(excess(`[${many(100_000, i => `{"a long key, number ${i}":1}`)}]`), tooNew);
	t.is(excess(`[${many(100_000, i => `"${i}"`)}]`), tooNew);
	t.is(excess(`[${many(100_000, i => `"\\u4e00\\u4e01\\u4e02${i}"`)}]`), tooNew);
	t.is(excess(`[${many(100_000, i => `{"same":"a text of more than ten letters, ${i}"}`)}]`), undefined);
});

test('known keys in ever new order count as new, and so do the keys of large objects', t => {
	const shuffled = (i: number) => many(20, j => `"key of some length ${(i * 7919 + j * 104_729 * (i % 97)) % 1000}":1`);

	t.is(excess(`[${many(10_000, i => `{${shuffled(i)}}`)}]`), 'more than 40000 different keys and short texts');
	t.is(
		excess(`[${many(100, () => `{${many(1000, j => `"k${j}":1`)}}`)}]`),
		'more than 40000 different keys and short texts',
	);
});

test('numbers as keys are few', t => {
	t.is(excess(`[${many(12_001, () => '{"1000":1}')}]`), 'more than 12000 numbers as keys');
});

test('what stands in texts is not counted, whatever is escaped there', t => {
	t.is(excess(JSON.stringify({text: '[{,:"\\'.repeat(400_000)})), undefined);
	t.is(excess(`["\\"","${'['.repeat(100)}"]`), undefined);
	t.is(excess(`["\\\\",${'['.repeat(100)}`), 'more than 64 levels, one in another');
});

test('what is no JSON does no harm', t => {
	for (const text of ['', ' ', '"', '["', '["\\', ']]]]', '}{', '{:::', 'a{b="c"} 1\n']) t.is(excess(text), undefined);
	t.is(excess('['.repeat(3)), undefined);
});
