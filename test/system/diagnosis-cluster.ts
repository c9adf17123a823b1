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

const {gpu1: gpu} = nodeNames;
const [served, unserved] = ['vast-gpu-0', 'vast-gpu-node-python'];
const deployment = {namespace: 'kube-system', name: 'virtual-kubelet-vast'};
const checkCount = 3;

const labels = {app: 'june-gpu-services', 'tailnet-node': gpu};

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
		start: () => kubernetes.annotate('gpu-2', {'lab/phase': 'Pending'}),
		end: () => kubernetes.annotate('gpu-2', {'lab/phase': null}),
	},
	{failure: 'kubelet-down', start: () => scale(1), end: () => scale(0)},
	{
		failure: 'node-not-ready',
		subject: gpu,
		start: () => kubernetes.kubelet(served).kill(),
		end: () => kubernetes.kubelet(served).start(),
		verdict: 'up',
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
			{name: 'gpu-1', node: served, host: 'gpu1', labels},
			{name: 'gpu-2', node: served, host: 'gpu2', labels: {...labels, 'tailnet-node': nodeNames.gpu2}},
		);
		const kubeconfigFile = await kubernetes.account('monitor', monitorRights);
		await scale(0);
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

/** The deployment of the virtual kubelet wants so many pods, of which no node of the lab can run one. */
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
					nodeSelector: {'no-such-label': 'true'},
					containers: [{name: 'kubelet', image: 'registry.invalid/virtual-kubelet:1'}],
				},
			},
		},
	});
}
