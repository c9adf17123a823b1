import test from 'ava';
import {noteClusterRanges} from '../../src/notes/cluster-ranges.ts';

const prefixes = ['100.64.0.0/10', 'fd7a:115c:a1e0::/48'];
const ranges = {prefixes, own: ['100.64.0.5', 'fd7a:115c:a1e0::5']};
const elsewhere = {
	addresses: [{address: '10.244.1.7', device: 'eth0'}],
	nameServers: ['10.96.0.10'],
	apiServer: '10.96.0.1',
};

test('a pod, an API server or a name server within the range of the tailnet is told with what breaks and what to do', t => {
	const [note, ...others] = noteClusterRanges(
		{
			addresses: [{address: '100.72.1.7', device: 'eth0'}],
			apiServer: '100.96.0.1',
			nameServers: ['100.96.0.10'],
		},
		ranges,
	);

	t.is(others.length, 0);
	t.regex(
		note?.says ?? '',
		/^The address 100\.72\.1\.7 of eth0 here and the Kubernetes API server at 100\.96\.0\.1 and the name server 100\.96\.0\.10 of resolv\.conf lie in the range of the tailnet/,
	);
	t.regex(note?.says ?? '', /go into the tunnel or be dropped.*Give the cluster other ranges/);
});

for (const [what, network] of [
	['ranges of their own', elsewhere],
	['addresses of our own tailscaled', {...elsewhere, addresses: [{address: '100.64.0.5', device: 'net0'}]}],
	[
		'a tunnel whose tailscaled tells nothing yet',
		{...elsewhere, addresses: [{address: '100.64.0.9', device: 'tailscale0'}]},
	],
	['the name server of the tailnet', {...elsewhere, nameServers: ['100.100.100.100']}],
] as const)
	test(`nothing is told of ${what}`, t => {
		t.deepEqual(noteClusterRanges(network, ranges), []);
	});

test('what counts is the range that is configured', t => {
	const network = {...elsewhere, apiServer: '100.96.0.1'};

	t.is(noteClusterRanges(network, ranges).length, 1);
	t.is(noteClusterRanges(network, {...ranges, prefixes: ['100.64.0.0/16']}).length, 0);
});
