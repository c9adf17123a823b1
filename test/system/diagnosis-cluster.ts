/** Failures of the cluster's side, on a real API server with Virtual Kubelet nodes, and the diagnosis that names each. */

import test from 'ava';
import {canRun, systemTest} from './lab/can-run.ts';
import {assertNamesFault, catalogued, type Fault} from './lab/diagnosing.ts';
import {type Kubernetes, monitorRights, podNamespace, startKubernetes} from './lab/kubernetes.ts';
import {baseConfig, type Prober, startProber} from './lab/prober.ts';
import {nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let prober: Prober;
let kubernetes: Kubernetes;
let config: string;

const {gpu1: gpu, gpu2: second} = nodeNames;
const [served, unserved] = ['vast-gpu-0', 'vast-gpu-node-python'];
const deployment = {namespace: 'kube-system', name: 'virtual-kubelet-vast'};
const checkCount = 3;

const labels = {app: 'june-gpu-services'};

const faults: readonly Fault[] = [
	{
		failure: 'no-exec',
		subject: 'blind',
		start: () =>
			kubernetes.pods({name: 'blind', node: unserved, host: 'gpu2', labels: {way: 'pod', 'tailnet-node': 'blind'}}),
		end: () => kubernetes.deletePod('blind'),
		verdict: 'unknown',
	},
	{
		failure: 'pod-pending',
		subject: second,
		start: () => Promise.all([kubernetes.annotate(second, {'lab/phase': 'Pending'}), tailnet.node('gpu2').stop()]),
		end: () => Promise.all([kubernetes.annotate(second, {'lab/phase': null}), tailnet.node('gpu2').start()]),
	},
	{failure: 'kubelet-down', start: () => scale(0), end: () => scale(1)},
	{
		failure: 'node-not-ready',
		start: () => kubernetes.kubelet(served).kill(),
		end: () => kubernetes.kubelet(served).start(),
	},
];

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet({hosts: ['mon', 'gpu1', 'gpu2']});
		await tailnet.settle();
		kubernetes = await startKubernetes(tailnet, {
			nodes: [served, unserved],
			unserved: [unserved],
			controllers: {graceSeconds: 14},
		});
		await kubernetes.pods(
			{name: gpu, node: served, host: 'gpu1', labels},
			{name: second, node: served, host: 'gpu2', labels},
		);
		const kubeconfigFile = await kubernetes.account('monitor', monitorRights);
		await scale(1);
		const pods = `{name: pods, type: remote, pods: true, grace: 1s, ways: [{pod: {namespace: ${podNamespace}, selector: "way=pod", node_by: {label: tailnet-node}}}]}`;
		config = `${baseConfig(tailnet, 'mon', [pods])}kubernetes:
  kubeconfig_file: ${kubeconfigFile}
  gpu_pods: {namespace: ${podNamespace}, selector: app=june-gpu-services}
  virtual_kubelet: {namespace: ${deployment.namespace}, deployment: ${deployment.name}}
  interval: 2s
  timeout: 2s
checks:
  - {name: tunnel, prober: tunnel, nodes: {}, interval: 3s, timeout: 2500ms}
  - {name: tts, module: healthz, nodes: {name: ${gpu}}, target: "http://{node}:8000/healthz", interval: 2s}
  - {name: from-pods, module: healthz, via: tailnet, from: [pods], targets: [{name: ${gpu}, target: "http://${gpu}:8000/healthz"}], interval: 3s}
`;
		prober = await startProber(tailnet, 'mon', config);
	});
	test.after.always(() => tailnet?.stop());
}

for (const fault of faults) {
	systemTest(`named rightly: ${catalogued(fault.failure).says}`, async t => {
		await prober.allUp(checkCount);
		await assertNamesFault(t, prober, config, fault);
		await prober.until(
			now => now.states().length === checkCount && now.states().every(line => line.endsWith(' up')),
			90_000,
		);
	});
}

/** The deployment of the virtual kubelet wants so many pods; a virtual node of the lab plays them. */
async function scale(replicas: number): Promise<void> {
	const app = {app: deployment.name};
	await kubernetes.apply({
		apiVersion: 'apps/v1',
		kind: 'Deployment',
		metadata: {...deployment},
		spec: {
			replicas,
			selector: {matchLabels: app},
			template: {
				metadata: {labels: app},
				spec: {
					nodeName: unserved,
					tolerations: [{operator: 'Exists'}],
					containers: [{name: 'kubelet', image: 'registry.invalid/virtual-kubelet:1'}],
				},
			},
		},
	});
}
