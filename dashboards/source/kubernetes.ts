/** Panels about the virtual kubelet, its node and the GPU pods, as Kubernetes tells of them. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import type {Panel} from '@grafana/grafana-foundation-sdk/dashboard';
import {columns} from './columns.ts';
import {runbook} from './links.ts';
import {bad, good, neutral, noneIsGood, nothing, rightOrWrong, steps, unknown, warning, words} from './looks.ts';
import {lines, stateTimeline, table} from './panels.ts';
import {gauge, perMinute, recorded, series} from './series.ts';
import {overTime, rows} from './targets.ts';

const noKubernetes = 'Kubernetes is not configured';
const pod = 'k8s_namespace, k8s_pod, k8s_node';
/** As Kubernetes counts them, whichever replica of tailprobe told of it. */
const restarts = recorded('pod:tailprobe_kubernetes_pod_restarts:max');

export const kubernetesPanels: ReadonlyArray<Builder<Panel>> = [
	stateTimeline({
		title: 'Virtual node and its kubelet',
		description:
			'Whether the virtual node is ready, and whether the deployment of the virtual kubelet has all its pods. Unknown means that the kubelet stopped telling: after five minutes Kubernetes evicts the GPU pods, which ends their machines.',
		...{unit: 'none', span: 12, height: 7, noValue: noKubernetes},
		mappings: [words({0: ['ready', good], 1: ['unknown', unknown], 2: ['not ready', bad]})],
		targets: [
			overTime(
				`max without (state) (${gauge('tailprobe_kubernetes_node_ready', 'state="false"')} * 2 or ${gauge('tailprobe_kubernetes_node_ready', 'state="unknown"')})`,
				'node {{k8s_node}}',
				'A',
			),
			overTime(
				`2 * (${gauge('tailprobe_kubernetes_deployment_replicas_available')} < bool ${gauge('tailprobe_kubernetes_deployment_replicas_wanted')})`,
				'kubelet {{k8s_deployment}}',
				'B',
			),
		],
		links: [runbook('VirtualNodeNotReady'), runbook('VirtualKubeletDown')],
	}),
	lines({
		title: 'GPU pods by phase',
		description:
			'GPU pods by phase and reason. Pending for long means that no machine could be rented; a pod stays Running when its kubelet is gone, so that readiness below says more.',
		...{unit: 'none', decimals: 0, min: 0, span: 12, height: 7, stacked: true, noValue: noKubernetes},
		targets: [
			overTime(`sum without (k8s_namespace) (${gauge('tailprobe_kubernetes_pods')}) > 0`, '{{phase}} {{reason}}'),
		],
		links: [runbook('GpuPodPending')],
	}),
	table({
		title: 'GPU pods',
		description:
			'One row for each GPU pod: phase, whether it is ready and since when, restarts, and when Kubernetes will evict it because its node is gone.',
		...{unit: 'none', span: 24, height: 7, noValue: noKubernetes},
		thresholds: steps(neutral),
		targets: [
			rows(`max by (${pod}, phase, reason) (${gauge('tailprobe_kubernetes_pod_info')})`, 'A'),
			rows(`max by (${pod}) (${gauge('tailprobe_kubernetes_pod_ready')})`, 'B'),
			rows(`time() - max by (${pod}) (${series('tailprobe_kubernetes_pod_ready_since_timestamp_seconds')})`, 'C'),
			rows(`max by (${pod}) (${restarts} - min_over_time(${restarts}[$__range]))`, 'D'),
			rows(`min by (${pod}) (${series('tailprobe_kubernetes_pod_eviction_timestamp_seconds')}) - time()`, 'E'),
		],
		...columns([
			{field: 'k8s_namespace', title: 'Namespace'},
			{field: 'k8s_pod', title: 'Pod'},
			{field: 'k8s_node', title: 'Virtual node'},
			{field: 'phase', title: 'Phase'},
			{field: 'reason', title: 'Reason'},
			{field: 'Value #B', title: 'Ready', mappings: [...rightOrWrong, nothing('not told')]},
			{field: 'Value #C', title: 'For', unit: 's'},
			{field: 'Value #D', title: 'Restarts in this time', decimals: 0, thresholds: steps(good, [1, warning])},
			{field: 'Value #E', title: 'Evicted in', unit: 's', thresholds: steps(bad), mappings: [nothing('–')]},
		]),
		links: [runbook('GpuPodNotReady'), runbook('GpuPodEvictionNear'), runbook('GpuPodRestarting')],
	}),
	lines({
		title: 'Age of the lease of the virtual node',
		description:
			'The virtual kubelet renews its lease every ten seconds or so. From 40 seconds on Kubernetes takes the node for gone.',
		...{unit: 's', min: 0, span: 12, height: 7, noValue: noKubernetes},
		thresholds: steps('transparent', [40, bad]),
		targets: [
			overTime(
				`time() - max without (instance, pod) (${series('tailprobe_kubernetes_node_lease_renewed_timestamp_seconds')})`,
				'{{k8s_node}}',
			),
		],
		links: [runbook('VirtualNodeNotReady')],
	}),
	lines({
		title: 'Restarts of GPU pods, per minute',
		description: 'Restarts of the containers of each GPU pod, per minute.',
		...{unit: 'short', min: 0, span: 6, height: 7, bars: true, noValue: 'No restart in this time.'},
		targets: [overTime(`${perMinute('tailprobe_kubernetes_pod_restarts_total')} > 0`, '{{k8s_pod}}')],
		links: [runbook('GpuPodRestarting')],
	}),
	lines({
		title: 'Rights that are missing',
		description:
			'Rights that tailprobe uses and that Kubernetes does not grant: what needs them is unknown, not down. docs/kubernetes.md has the role.',
		...{unit: 'none', decimals: 0, min: 0, span: 6, height: 7, noValue: 'none is missing'},
		thresholds: noneIsGood,
		targets: [
			overTime(`1 - (${gauge('tailprobe_kubernetes_allowed')} == 0)`, '{{verb}} {{resource}} in {{k8s_namespace}}'),
		],
		links: [runbook('KubernetesRightMissing')],
	}),
];
