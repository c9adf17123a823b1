import test from 'ava';
import {parseConfig} from '../../src/config/load.ts';

const load = (lines: string) => parseConfig(`kubernetes:\n${lines}`, 'f.yaml');
const mistakesOf = (lines: string) => {
	const loaded = load(lines);
	return loaded.ok ? [] : loaded.mistakes;
};

test('the block is taken with its defaults', t => {
	const loaded = load('  gpu_pods: {namespace: june-services, selector: app=june-gpu-services}');

	t.true(loaded.ok);
	t.deepEqual(loaded.ok && loaded.config.kubernetes, {
		gpuPods: {namespace: 'june-services', selector: 'app=june-gpu-services'},
		leases: true,
		exposureNamespaces: [],
		intervalMs: 15_000,
		timeoutMs: 5000,
		resyncMs: 600_000,
	});
});

test('everything in it is taken', t => {
	const loaded = load(`  kubeconfig_file: /etc/tailprobe/kubeconfig
  context: lab
  nodes: {names: [vast-gpu-node-python]}
  virtual_kubelet: {namespace: kube-system, deployment: virtual-kubelet-vast}
  leases: false
  tailnet_exposure: {namespaces: [tailscale, june-services, tailscale]}
  interval: 30s
  timeout: 2s
  resync: 1h
`);

	t.deepEqual(loaded.ok && loaded.config.kubernetes, {
		kubeconfigFile: '/etc/tailprobe/kubeconfig',
		context: 'lab',
		nodes: {names: ['vast-gpu-node-python']},
		virtualKubelet: {namespace: 'kube-system', deployment: 'virtual-kubelet-vast'},
		leases: false,
		exposureNamespaces: ['tailscale', 'june-services'],
		intervalMs: 30_000,
		timeoutMs: 2000,
		resyncMs: 3_600_000,
	});
});

test('without the block there is no Kubernetes', t => {
	const loaded = parseConfig('checks: []\n', 'f.yaml');

	t.true(loaded.ok && loaded.config.kubernetes === undefined);
});

test('what would have no effect, or hide a standstill, is a mistake', t => {
	t.regex(mistakesOf('  context: lab').join(), /kubernetes\.context: a context has no effect without kubeconfig_file/);
	t.regex(mistakesOf('  interval: 5s\n  timeout: 6s').join(), /kubernetes\.timeout: expected at most the interval/);
});

test('names and selectors that would be other paths or nothing are mistakes', t => {
	t.regex(
		mistakesOf('  gpu_pods: {namespace: ../x, selector: a=b}').join(),
		/gpu_pods\.namespace: expected a namespace/,
	);
	t.regex(mistakesOf('  gpu_pods: {namespace: x, selector: "&watch=1"}').join(), /selector: expected a label selector/);
	t.regex(mistakesOf('  nodes: [a]').join(), /nodes: expected \{selector: …\} or \{names: \[…\]\}/);
	t.regex(
		mistakesOf('  virtual_kubelet: {namespace: kube-system, deployment: "a,metadata.name=b"}').join(),
		/deployment: expected a name/,
	);
});

test('a lease for the inventories is taken, with its namespace or without', t => {
	const withNamespace = load('  inventory_lease: {name: tailprobe, namespace: monitoring}');
	const without = load('  inventory_lease: {name: tailprobe}');

	t.deepEqual(withNamespace.ok && withNamespace.config.kubernetes?.inventoryLease, {
		name: 'tailprobe',
		namespace: 'monitoring',
	});
	t.deepEqual(without.ok && without.config.kubernetes?.inventoryLease, {name: 'tailprobe'});
});

test('a lease that would be another path, or among those of nodes, is a mistake', t => {
	t.regex(mistakesOf('  inventory_lease: {name: ../x}').join(), /inventory_lease\.name: expected a name/);
	t.regex(mistakesOf('  inventory_lease: {}').join(), /inventory_lease\.name/);
	t.regex(
		mistakesOf('  inventory_lease: {name: x, namespace: kube-node-lease}').join(),
		/inventory_lease\.namespace: expected another namespace/,
	);
});
