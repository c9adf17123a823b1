import test from 'ava';
import {askMagicDns, dialByAddress} from '../../src/diagnosis/aside.ts';
import {aNode, aNodeView} from '../helpers/fake-daemon.ts';
import {aLink, aScene, isDown} from '../helpers/scenes.ts';

const prefixes = ['100.64.0.0/10'];
const secret = {headers: {Authorization: 'Bearer made-up'}};

function sceneOf(part: Parameters<typeof aLink>[0] = {}, addresses: readonly string[] = ['100.64.0.11']) {
	return aScene([isDown(aLink({options: secret, ...part}), 'timeout')], {
		nodes: () => (addresses.length === 0 ? [] : [aNodeView({node: aNode({name: 'june-gpu-1', addresses})})]),
		landmarks: () => ({headscale: [], dnsServer: '100.100.100.100'}),
	});
}

test('the target is dialled by the address of its node with a bare connection, and nothing of the options', t => {
	const check = dialByAddress(sceneOf(), prefixes);

	t.like(check, {
		type: 'tcp',
		vantage: 'cluster',
		target: {address: '100.64.0.11:8000', via: 'tailnet', only: prefixes, peer: 'june-gpu-1'},
		options: {tls: false, query_response: []},
	});
	t.notRegex(JSON.stringify(check), /made-up/);
});

test('a port that the scheme means is dialled, and IPv6 is written as it must be', t => {
	const port = (address: string) => dialByAddress(sceneOf({target: {address}}), prefixes)?.target.address;

	t.is(port('https://june-gpu-1/'), '100.64.0.11:443');
	t.is(port('http://june-gpu-1/healthz'), '100.64.0.11:80');
	t.is(dialByAddress(sceneOf({}, ['fd7a:115c:a1e0::b']), prefixes)?.target.address, '[fd7a:115c:a1e0::b]:8000');
});

test('MagicDNS itself is asked for the name, and only what headscale says is right', t => {
	t.like(askMagicDns(sceneOf()), {
		type: 'dns',
		target: {address: 'dns://100.100.100.100/june-gpu-1', via: 'tailnet'},
		options: {expect_addresses: ['100.64.0.11']},
	});
	t.notRegex(JSON.stringify(askMagicDns(sceneOf({}, []))), /expect_addresses/);
});

test('what has no name, leads outside the tailnet or is no connection is not asked so', t => {
	const literal = sceneOf({target: {address: 'http://100.64.0.11:8000/'}});
	const direct = sceneOf({target: {address: 'https://shop.example/', via: 'direct', peer: ''}});
	const dns = sceneOf({type: 'dns', target: {address: 'dns://100.100.100.100/june-gpu-1'}});
	const tunnel = sceneOf({type: 'tunnel', target: {address: 'june-gpu-1'}});

	for (const scene of [literal, direct, dns]) {
		t.is(askMagicDns(scene), undefined);
		t.is(dialByAddress(scene, prefixes), undefined);
	}
	t.is(dialByAddress(tunnel, prefixes), undefined);
	t.truthy(askMagicDns(tunnel));
	t.is(dialByAddress(sceneOf({}, []), prefixes), undefined);
});
