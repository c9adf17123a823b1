import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {lookAtOwnNetwork} from '../../src/net/own-network.ts';

test('own addresses without loopback, the API server as a pod is told, and name servers beyond loopback', t => {
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-network-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	const resolvConfPath = join(folder, 'resolv.conf');
	writeFileSync(resolvConfPath, 'nameserver 127.0.0.53\nnameserver 100.96.0.10\nsearch svc.cluster.local\n');

	const found = lookAtOwnNetwork({
		interfaces: () => ({
			lo: [{address: '127.0.0.1', internal: true}],
			eth0: [{address: '100.64.3.4', internal: false}],
		}),
		env: {KUBERNETES_SERVICE_HOST: '100.96.0.1'},
		resolvConfPath,
	});

	t.deepEqual(found, {
		addresses: [{address: '100.64.3.4', device: 'eth0'}],
		nameServers: ['100.96.0.10'],
		apiServer: '100.96.0.1',
	});
});

test('what cannot be read is not there', t => {
	const found = lookAtOwnNetwork({
		interfaces: () => ({}),
		env: {KUBERNETES_SERVICE_HOST: 'kubernetes.default'},
		resolvConfPath: '/nothing/resolv.conf',
	});

	t.deepEqual(found, {addresses: [], nameServers: []});
});
