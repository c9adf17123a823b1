import test from 'ava';
import {nameUnknown} from '../../../src/diagnosis/causes/name-unknown.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aNode, aNodeView, anOutcome} from '../../helpers/fake-daemon.ts';
import {aLink, aScene, isDown} from '../../helpers/scenes.ts';
import {aFresh} from '../../helpers/tunnels.ts';

const missing = (name = 'june-gpu-1') =>
	isDown(
		aLink({target: {name, address: `http://${name}:8000/`}}),
		'resolve',
		`MagicDNS (100.100.100.100) answered that ${name}.tail.example.com does not exist`,
	);
const listed = (name: string, hostname?: string) => () => [
	aNodeView({node: aNode({name, ...(hostname === undefined ? {} : {hostname})})}),
];

test('a name that does not exist, while the machine is there under another, says so', t => {
	const finding = nameUnknown.find(aScene([missing()], {nodes: listed('june-gpu-1-1', 'june-gpu-1')}));

	t.like(finding, {effect: 'breaks', confidence: 'certain', about: 'name june-gpu-1'});
	t.regex(finding?.says ?? '', /A machine that calls itself so is in the tailnet as june-gpu-1-1/);
});

test('a name that headscale does list is one that this machine was not told of', t => {
	const finding = nameUnknown.find(aScene([missing()], {nodes: listed('june-gpu-1')}));

	t.is(finding?.confidence, 'likely');
	t.regex(finding?.says ?? '', /headscale lists it, so this machine was not told of it/);
});

test('a name in another domain than that of the tailnet is written wrong', t => {
	const landmarks = () => ({headscale: [], dnsServer: '100.100.100.100', domain: 'tail.example.com'});

	const finding = nameUnknown.find(
		aScene([missing('june-gpu-1.old.example.com')], {landmarks, nodes: listed('june-gpu-1')}),
	);

	t.regex(finding?.says ?? '', /Its domain is not that of the tailnet, which is tail\.example\.com/);
});

test('NXDOMAIN to a check of MagicDNS is the same', t => {
	const check = aLink({name: 'magicdns', type: 'dns', target: {address: 'dns://100.100.100.100/june-gpu-1'}});
	const nxdomain = isDown(check, 'status', 'NXDOMAIN', {
		phases: {resolve: 0, processing: 0.01},
		facts: {phase: 'processing', rcode: 'NXDOMAIN'},
	});

	t.is(nameCauses(aScene([nxdomain], {nodes: listed('june-gpu-1')})).cause?.id, 'name-unknown');
});

test('names that could not be asked for, and those that are found now, are not', t => {
	const silent = isDown(aLink(), 'resolve', 'MagicDNS (100.100.100.100) did not answer: no answer in time');

	t.is(nameUnknown.find(aScene([silent])), undefined);
	t.is(nameUnknown.find(aScene([missing()], {fresh: aFresh({byMagicDns: anOutcome()})})), undefined);
});
