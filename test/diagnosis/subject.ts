import test from 'ava';
import {findSubject} from '../../src/diagnosis/subject.ts';
import type {World} from '../../src/diagnosis/world.ts';
import type {PoolView} from '../../src/pools/types.ts';
import {aNode, aNodeView, aVantage} from '../helpers/fake-daemon.ts';
import {aLink, aSource, aTunnel, aWorld, isDown, isUp} from '../helpers/scenes.ts';

const gone = {name: 'livekit', address: 'http://livekit:7880/', peer: 'livekit'};

const pool: PoolView = {name: 'gpus', min: 2, usable: 1, unusable: 1, unknown: 0, members: []};

/** Two GPU machines that the cluster looks at, one of which looks back, and livekit, which the list has no more. */
const world = aWorld(
	[
		isUp(aTunnel()),
		isUp(aLink()),
		isDown(aLink({name: 'stt', target: {address: 'http://june-gpu-1:8001/healthz'}}), 'refused'),
		isUp(aLink({target: {name: 'june-gpu-2', address: 'http://june-gpu-2:8000/healthz', peer: 'june-gpu-2'}})),
		isUp(aLink({name: 'livekit', target: gone})),
		isDown(aLink({name: 'audio', vantage: 'june-gpu-1', target: gone}), 'timeout'),
		isUp(aLink({name: 'shop', target: {name: 'shop', address: 'https://shop.example/', via: 'direct', peer: ''}})),
		isUp(aLink({name: 'shop-tls', target: {name: 'shop', address: 'shop.example:443', via: 'direct', peer: ''}})),
		isUp(aLink({name: 'gpu', vantage: 'june-gpu-1', target: {address: 'self'}})),
		isUp(
			aLink({
				name: 'relay',
				type: 'derp',
				target: {name: 'fra', address: 'https://derp.example/', via: 'direct', peer: ''},
			}),
		),
	],
	{
		sources: () => [aSource()],
		pools: () => [pool, {...pool, name: 'spare', usable: 3}],
		nodes: () => [
			aNodeView({node: aNode({name: 'june-gpu-1', addresses: ['100.64.0.11', 'fd7a:115c:a1e0::b']})}),
			aNodeView({node: aNode({name: 'june-gpu-2', addresses: ['100.64.0.12']})}),
			aNodeView({node: aNode({name: 'laptop', addresses: ['100.64.0.40']})}),
		],
		vantages: () => [
			aVantage({facts: {domain: 'tail.example.com'}}),
			aVantage({name: 'june-gpu-1', type: 'agent', group: 'gpu'}),
		],
	},
);

/** `check …`, `node …`, `vantage …`, or the field that was refused with its sentence. */
function told(text: string, from?: string, around: World = world): string {
	const found = findSubject(text, from, around);
	if ('field' in found) return `${found.field}: ${found.detail}`;
	const {subject} = found;
	if (subject.kind === 'check') return `check ${subject.check.key}`;
	if (subject.kind === 'incident') return `incident ${subject.id}`;
	return subject.kind === 'node' ? `node ${subject.node}` : `vantage ${subject.vantage}`;
}

const tts = 'check tts/cluster/june-gpu-1';
const meanings: readonly [text: string, subject: string, from?: string][] = [
	['tts/cluster/june-gpu-1', tts],
	['  tts/cluster/june-gpu-1\n', tts],
	['http://127.0.0.1:9753/checks/tts%2Fcluster%2Fjune-gpu-1', tts],
	['https://ops.example/tailprobe/checks/tts%2fcluster%2fjune-gpu-1?refresh=1#ladder', tts],
	['https://ops.example/checks/tts/cluster/june-gpu-1', tts],
	['https://ops.example/#checks/tts%2Fcluster%2Fjune-gpu-1', tts],
	['https://ops.example/api/v1/checks/tts%2Fcluster%2Fjune-gpu-1/history', tts],
	['/checks/tts%2Fcluster%2Fjune-gpu-1', tts],
	['api/v1/checks/tts%2Fcluster%2Fjune-gpu-1/history', tts],
	['tts june-gpu-1', tts],
	['tts/june-gpu-1', tts],
	['tts/june-gpu-1', tts, 'cluster'],
	['june-gpu-1', 'node june-gpu-1'],
	['node june-gpu-1', 'node june-gpu-1'],
	['June-GPU-1.tail.example.com.', 'node june-gpu-1'],
	['100.64.0.12', 'node june-gpu-2'],
	['[fd7a:115c:a1e0:0::b]', 'node june-gpu-1'],
	['laptop', 'node laptop'],
	['livekit', 'node livekit'],
	['livekit', 'check audio/june-gpu-1/livekit', 'june-gpu-1'],
	['june-gpu-1', 'check stt/cluster/june-gpu-1', 'cluster'],
	['shop', 'check shop/cluster/shop'],
	['shop.example:443', 'check shop-tls/cluster/shop'],
	['http://livekit:7880/', 'check audio/june-gpu-1/livekit'],
	['http://livekit:7880/', 'check livekit/cluster/livekit', 'cluster'],
	['cluster', 'vantage cluster'],
	['vantage june-gpu-1', 'vantage june-gpu-1'],
	['audio', 'check audio/june-gpu-1/livekit'],
	['port 7880 on livekit', 'check livekit/cluster/livekit', 'cluster'],
	['livekit:7880', 'check livekit/cluster/livekit', 'cluster'],
	['june-gpu-1:8001', 'check stt/cluster/june-gpu-1'],
	['TTS/Cluster/June-GPU-1', tts],
	['TTS June-gpu-1', tts],
	['Cluster', 'vantage cluster'],
	['relay FRA', 'check relay/cluster/fra'],
	['service-refused port 8001 on june-gpu-1', 'incident service-refused port 8001 on june-gpu-1'],
	['pool gpus', 'incident pool-short pool gpus'],
	['pool spare', 'incident pool spare'],
	['headscale', 'incident headscale'],
];
for (const [text, subject, from] of meanings) {
	test(`${JSON.stringify(text)}${from === undefined ? '' : ` from ${from}`} means ${subject}`, t => {
		t.is(told(text, from), subject);
	});
}

test('what nothing goes by is told with what it may be a slip of, and what there is', t => {
	const detail = told('june-gp-1');

	t.regex(detail, /^subject: Nothing here goes by the name june-gp-1\. Did you mean june-gpu-1\?/);
	t.regex(
		detail,
		/4 nodes \(june-gpu-1, june-gpu-2, laptop, livekit\), 2 vantages \(cluster, june-gpu-1\) and 9 checks/,
	);
	t.notRegex(told('tts june-gpu-3'), /Did you mean/, 'another number is another machine');
	t.regex(told('june-gpux-12'), /^subject: Nothing here goes by the name june-gpux-12\. There are 4 nodes/);
	t.regex(told('une-gpu-2'), /Did you mean june-gpu-2\?/);
});

test('the address of a check that is gone says so', t => {
	const detail = told('https://ops.example/checks/tts%2Fcluster%2Fjune-gpu-9');

	t.regex(
		detail,
		/^subject: That address is of the check tts\/cluster\/june-gpu-9, which is not there now\. There are 4 nodes/,
	);
});

test('a check that is gone with its node is told by what is known of the node', t => {
	t.is(told('livekit/cluster/june-gpu-2'), 'node june-gpu-2');
	t.is(told('https://ops.example/checks/stt%2Fcluster%2Fjune-gpu-2'), 'node june-gpu-2');
	t.is(told('stt june-gpu-2'), 'node june-gpu-2');
	t.regex(told('nothing/cluster/june-gpu-2'), /^subject: Nothing here goes by the name/);
});

test('a check with several targets wants one of them', t => {
	t.is(
		told('tts'),
		'subject: The check tts has 2 targets, so name one, as in `tts/june-gpu-1`: june-gpu-1, june-gpu-2.',
	);
});

test('a vantage that there is not, or that is a group of them, is told with those that there are', t => {
	t.is(told('tts june-gpu-1', 'moon'), 'from: There is no vantage named moon; there are cluster, june-gpu-1.');
	t.is(told('tts june-gpu-1', 'gpu'), 'from: gpu stands for several vantages: name one of june-gpu-1.');
	t.is(told('gpu'), 'check gpu/june-gpu-1/june-gpu-1');
	t.is(
		told('tts june-gpu-1', 'june-gpu-1'),
		'from: tts june-gpu-1 is not looked at from june-gpu-1; it is from cluster.',
	);
	t.is(told('laptop', 'cluster'), 'from: No check looks at laptop, from cluster or elsewhere; leave out from.');
});

test('hostile text is bounded, cleaned and without what may be secret', t => {
	for (const text of [
		`\u001b[31m${'x'.repeat(2000)}\u202e\n`,
		'https://user:made-up-password@evil.example/?token=made-up-token',
		'%E0%A4%A',
		'/checks/%E0%A4%A',
		'\0',
		'../../etc/passwd',
		'__proto__',
		'/'.repeat(2000),
		`${'a '.repeat(900)}b`,
	]) {
		const detail = told(text);
		t.true(detail.startsWith('subject: '), text.slice(0, 40));
		t.true(detail.length < 800);
		t.notRegex(detail, /[\u0000-\u001f\u202e]|made-up/);
	}
	t.is(told('  '), 'subject: Name a check with its target, a node or a vantage.');
	t.is(told('x'.repeat(2049)), told(''));
});

test('where nothing is known yet, that is what it says', t => {
	const detail = told('livekit', undefined, aWorld([], {nodes: () => [], vantages: () => []}));

	t.regex(detail, /There are 0 nodes, 0 vantages and 0 checks/);
});
