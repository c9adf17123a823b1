import {type AlertCase, absent, type SeriesCase} from '../../helpers/alert-cases.ts';

const own = {monitor: 'tailprobe'};
const always = (value: number): SeriesCase => ({well: value, broken: value});

/** A machine that looks at its own GPUs, and belongs to a pool. */
const machine = 'vantage="gpu-1"';
const link = 'check="gpu",type="gpu",vantage="gpu-1",target="gpu-1",peer="gpu-1"';
const looks: Record<string, SeriesCase> = {[`tailprobe_check_state{${link},state="up"}`]: always(1)};
const pooled: Record<string, SeriesCase> = {
	'tailprobe_pool_member_state{pool="june",peer="gpu-1",state="usable"}': always(1),
};
const machineLabels = {vantage: 'gpu-1', peer: 'gpu-1'};
const pooledLabels = {...machineLabels, pool: 'june'};

const checkDown: Record<string, SeriesCase> = {
	[`tailprobe_check_up{${link}}`]: {well: 1, broken: 0},
	[`tailprobe_check_down_since_timestamp_seconds{${link}}`]: {well: absent, broken: 300},
};
const info = (critical: boolean): Record<string, SeriesCase> => ({
	[`tailprobe_check_info{check="gpu",type="gpu",via="direct",expect="answer",critical="${critical}"}`]: always(1),
});
const unhealthyLabels = {
	...machineLabels,
	check: 'gpu',
	type: 'gpu',
	target: 'gpu-1',
	expect: 'answer',
	critical: 'true',
	...own,
};

const gpu = 'vantage="gpu-1",gpu="0"';
const pod = 'k8s_namespace="june-services",k8s_pod="tts-0"';
const onNode = `${pod},k8s_node="vast"`;
const podLabels = {k8s_namespace: 'june-services', k8s_pod: 'tts-0', k8s_node: 'vast'};
const behind: Record<string, SeriesCase> = {
	'tailprobe_machine_info{peer="gpu-1",vast_instance="27700001",k8s_namespace="june-services",k8s_pod="tts-0",k8s_node="vast",vantage="gpu-1"}':
		always(1),
};
const runs: Record<string, SeriesCase> = {
	[`tailprobe_kubernetes_pod_info{${onNode},phase="Running",reason="none"}`]: always(1),
};

const restarts = (count: number) =>
	`Containers of pod tts-0 in june-services restarted about ${count} times in the last 30 minutes.`;

export const gpuCases: readonly AlertCase[] = [
	{
		alert: 'GpuUnhealthy',
		title: 'a machine of a pool makes a ticket, with reason and cause',
		series: {
			...looks,
			...pooled,
			...checkDown,
			...info(true),
			'tailprobe_gpu_visible{vantage="gpu-1"}': {well: 2, broken: 1},
			[`tailprobe_check_failures_total{${link},reason="content"}`]: {well: '+0', broken: '+1'},
			'tailprobe_incident_links{cause="tunnel-lossy",peer="gpu-1"}': always(4),
			'tailprobe_incident_links{cause="gpu-lost",peer="gpu-1"}': {well: absent, broken: 1},
		},
		firesAfterSeconds: 120,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...unhealthyLabels, pool: 'june'},
				description:
					'gpu on gpu-1 has found its GPUs unwell since 1970-01-01 00:05:00 +0000 UTC. 1 of its GPUs answer nvidia-smi. Reason: content. Likely cause: gpu-lost.',
			},
		],
	},
	{
		alert: 'GpuUnhealthy',
		title: 'a machine that stands alone pages, also when nothing more is known',
		series: {...looks, ...checkDown, ...info(true)},
		firesAfterSeconds: 75,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'critical', ...unhealthyLabels},
				description: 'gpu on gpu-1 has found its GPUs unwell since 1970-01-01 00:05:00 +0000 UTC.',
			},
		],
	},
	{
		alert: 'GpuUnhealthy',
		title: 'a check that is not critical makes a ticket',
		series: {...looks, ...checkDown, ...info(false)},
		firesAfterSeconds: 120,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...unhealthyLabels, critical: 'false'},
				description: 'gpu on gpu-1 has found its GPUs unwell since 1970-01-01 00:05:00 +0000 UTC.',
			},
		],
	},
	{
		alert: 'GpuUnhealthy',
		title: 'one query that hung for a minute tells nobody',
		brokenMinutes: 1,
		series: {...looks, ...checkDown, ...info(true)},
		fires: [],
	},
	{
		alert: 'GpuUnhealthy',
		title: 'a machine that nobody could ask is not unwell',
		series: {
			...info(true),
			[`tailprobe_check_state{${link},state="up"}`]: {well: 1, broken: 0},
			[`tailprobe_check_state{${link},state="unknown"}`]: {well: 0, broken: 1},
			[`tailprobe_check_up{${link}}`]: {well: 1, broken: absent},
		},
		fires: [],
	},
	{
		alert: 'GpuUnhealthy',
		title: 'a restart of tailprobe does not tell of it again',
		firesThroughout: true,
		series: {
			...looks,
			...pooled,
			...info(true),
			[`tailprobe_check_up{${link}}`]: {
				well: 1,
				broken: 0,
				course: [
					[0, 600],
					[absent, 75],
					[0, 225],
				],
			},
			[`tailprobe_check_down_since_timestamp_seconds{${link}}`]: {
				well: absent,
				broken: 300,
				course: [
					[300, 600],
					[absent, 75],
					[300, 225],
				],
			},
		},
		firesAfterSeconds: 120,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...unhealthyLabels, pool: 'june'},
				description: 'gpu on gpu-1 has found its GPUs unwell since 1970-01-01 00:05:00 +0000 UTC.',
			},
		],
	},
	{
		alert: 'GpuMissing',
		title: 'one of two GPUs vanished, and the check asks for one',
		series: {...looks, ...pooled, [`tailprobe_gpu_visible{${machine}}`]: {well: 2, broken: 1}},
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...own, ...pooledLabels},
				description:
					'nvidia-smi on gpu-1 names 1 GPUs, and named 2 before. Its check is content with that, as gpu.expect asks for no more.',
			},
		],
	},
	{
		alert: 'GpuMissing',
		title: 'what makes its check fail is told by GpuUnhealthy alone',
		series: {...looks, ...checkDown, ...info(true), [`tailprobe_gpu_visible{${machine}}`]: {well: 2, broken: 1}},
		fires: [],
	},
	{
		alert: 'GpuThrottled',
		title: 'a GPU that is too hot slows down',
		series: {
			...looks,
			...pooled,
			[`tailprobe_gpu_throttled{${gpu},reason="hw_slowdown"}`]: {well: 0, broken: 1},
			[`tailprobe_gpu_throttled{${gpu},reason="hw_thermal_slowdown"}`]: {well: 0, broken: 1},
			[`tailprobe_gpu_throttled{${gpu},reason="sw_power_cap"}`]: always(1),
			[`tailprobe_gpu_temperature_celsius{${gpu}}`]: {well: 60, broken: 93},
		},
		// A little less than five minutes of ten were well, then `for`.
		firesAfterSeconds: 600,
		resolvesAfterSeconds: 420,
		fires: [
			{
				labels: {severity: 'warning', ...own, ...pooledLabels, gpu: '0'},
				description:
					'GPU 0 of gpu-1 was throttled for 100% of the last 10 minutes (hw_slowdown, hw_thermal_slowdown), it is at 93 °C. Its models answer more slowly.',
				later: {
					atEnd:
						'GPU 0 of gpu-1 was throttled for 100% of the last 10 minutes (hw_slowdown, hw_thermal_slowdown), it is at 93 °C. Its models answer more slowly.',
					beforeResolving:
						'GPU 0 of gpu-1 was throttled for 51.22% of the last 10 minutes (hw_slowdown, hw_thermal_slowdown), it is at 60 °C. Its models answer more slowly.',
				},
			},
		],
	},
	{
		alert: 'GpuThrottled',
		title: 'the limit of power at full load is no fault',
		series: {...looks, [`tailprobe_gpu_throttled{${gpu},reason="sw_power_cap"}`]: {well: 0, broken: 1}},
		fires: [],
	},
	{
		alert: 'GpuMemoryFull',
		title: 'less than two percent of what programs can have is free',
		series: {
			...looks,
			...pooled,
			[`tailprobe_gpu_memory_free_bytes{${gpu}}`]: {well: 12e9, broken: 240e6},
			[`tailprobe_gpu_memory_used_bytes{${gpu}}`]: {well: 12e9, broken: 23_760e6},
		},
		firesAfterSeconds: 600,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...own, ...pooledLabels, gpu: '0'},
				description: 'GPU 0 of gpu-1 has 1% of its memory free. What asks for more fails with out of memory.',
			},
		],
	},
	{
		alert: 'GpuMemoryFull',
		title: 'a model that takes most of the memory is no fault',
		series: {
			...looks,
			[`tailprobe_gpu_memory_free_bytes{${gpu}}`]: {well: 12e9, broken: 1e9},
			[`tailprobe_gpu_memory_used_bytes{${gpu}}`]: {well: 12e9, broken: 23e9},
		},
		fires: [],
	},
	{
		alert: 'GpuEccErrors',
		title: 'one error could not be corrected',
		series: {
			...looks,
			...pooled,
			[`tailprobe_gpu_ecc_volatile_uncorrected_errors{${gpu}}`]: {well: 2, broken: 3, healed: 3},
		},
		brokenMinutes: 60,
		firesAfterSeconds: 60,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...own, ...pooledLabels, gpu: '0'},
				description:
					'GPU 0 of gpu-1 had 1 new memory errors in the last hour; 3 since its driver was loaded could not be corrected. What was computed with them may be wrong, and the program that met one was ended.',
			},
		],
	},
	{
		alert: 'GpuEccErrors',
		title: 'old errors, a new driver and a few that were corrected are no news',
		series: {
			...looks,
			[`tailprobe_gpu_ecc_volatile_uncorrected_errors{${gpu}}`]: {well: 2, broken: 0, healed: 0},
			[`tailprobe_gpu_ecc_volatile_corrected_errors{${gpu}}`]: {well: 2, broken: 300, healed: 300},
			'tailprobe_gpu_ecc_volatile_uncorrected_errors{vantage="gpu-1",gpu="1"}': {well: absent, broken: 7, healed: 7},
		},
		fires: [],
	},
	{
		alert: 'GpuMemoryFailing',
		title: 'a row could not be replaced',
		series: {...looks, ...pooled, [`tailprobe_gpu_remapped_rows_failure{${gpu}}`]: {well: 0, broken: 1}},
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...own, ...pooledLabels, gpu: '0'},
				description: 'GPU 0 of gpu-1 could not replace a bad row of its memory: rent another machine.',
			},
		],
	},
	{
		alert: 'GpuMemoryFailing',
		title: 'rows and pages wait for a reset',
		series: {
			...looks,
			[`tailprobe_gpu_remapped_rows_failure{${gpu}}`]: always(0),
			[`tailprobe_gpu_remapped_rows_pending{${gpu}}`]: {well: 0, broken: 1},
			[`tailprobe_gpu_retired_pages_pending{${gpu}}`]: {well: 0, broken: 1},
		},
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...own, ...machineLabels, gpu: '0'},
				description: 'GPU 0 of gpu-1 has bad memory that is only replaced when the GPU is reset.',
			},
		],
	},
	{
		alert: 'GpuPcieDegraded',
		title: 'four lanes of sixteen while it works',
		series: {
			...looks,
			[`tailprobe_gpu_pcie_link_lanes{${gpu}}`]: {well: 16, broken: 4},
			[`tailprobe_gpu_pcie_link_lanes_max{${gpu}}`]: always(16),
			[`tailprobe_gpu_utilization_ratio{${gpu}}`]: always(0.8),
		},
		firesAfterSeconds: 900,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'info', ...own, ...machineLabels, gpu: '0'},
				description: 'GPU 0 of gpu-1 is at work with 4 PCIe lanes of 16: a bad seat or riser on the host.',
			},
		],
	},
	{
		alert: 'GpuPcieDegraded',
		title: 'an idle GPU saves power',
		series: {
			...looks,
			[`tailprobe_gpu_pcie_link_lanes{${gpu}}`]: {well: 16, broken: 4},
			[`tailprobe_gpu_pcie_link_lanes_max{${gpu}}`]: always(16),
			[`tailprobe_gpu_utilization_ratio{${gpu}}`]: always(0.01),
		},
		fires: [],
	},
	{
		alert: 'VirtualKubeletDown',
		title: 'its pod is gone',
		series: {
			'tailprobe_kubernetes_deployment_present{k8s_namespace="kube-system",k8s_deployment="virtual-kubelet-vast"}':
				always(1),
			'tailprobe_kubernetes_deployment_replicas_wanted{k8s_namespace="kube-system",k8s_deployment="virtual-kubelet-vast"}':
				always(1),
			'tailprobe_kubernetes_deployment_replicas_available{k8s_namespace="kube-system",k8s_deployment="virtual-kubelet-vast"}':
				{well: 1, broken: 0},
		},
		firesAfterSeconds: 120,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'critical', ...own, k8s_namespace: 'kube-system', k8s_deployment: 'virtual-kubelet-vast'},
				description:
					'No pod of the deployment virtual-kubelet-vast in kube-system is available. Its node goes NotReady, and five minutes later its GPU pods are evicted and the machines behind them given back.',
			},
		],
	},
	{
		alert: 'VirtualKubeletDown',
		title: 'a roll-out of a minute, and a deployment that was scaled to nothing',
		brokenMinutes: 1,
		series: {
			'tailprobe_kubernetes_deployment_replicas_wanted{k8s_namespace="kube-system",k8s_deployment="virtual-kubelet-vast"}':
				always(1),
			'tailprobe_kubernetes_deployment_replicas_available{k8s_namespace="kube-system",k8s_deployment="virtual-kubelet-vast"}':
				{well: 1, broken: 0},
			'tailprobe_kubernetes_deployment_replicas_wanted{k8s_namespace="kube-system",k8s_deployment="unused"}': always(0),
			'tailprobe_kubernetes_deployment_replicas_available{k8s_namespace="kube-system",k8s_deployment="unused"}':
				always(0),
		},
		fires: [],
	},
	{
		alert: 'VirtualNodeNotReady',
		title: 'the kubelet stopped telling; evictions are near',
		series: {
			'tailprobe_kubernetes_node_present{k8s_node="vast"}': always(1),
			'tailprobe_kubernetes_node_ready{k8s_node="vast",state="true"}': {well: 1, broken: 0},
			'tailprobe_kubernetes_node_ready{k8s_node="vast",state="unknown"}': {well: 0, broken: 1},
			'tailprobe_kubernetes_node_first_eviction_timestamp_seconds{k8s_node="vast"}': {well: absent, broken: 605},
			'tailprobe_kubernetes_deployment_replicas_available{k8s_namespace="kube-system",k8s_deployment="virtual-kubelet-vast"}':
				{well: 1, broken: 0},
		},
		firesAfterSeconds: 60,
		resolvesAfterSeconds: 180,
		fires: [
			{
				labels: {severity: 'critical', ...own, k8s_node: 'vast'},
				description:
					'Node vast is not ready. The first of its GPU pods is evicted at 1970-01-01 00:10:05 +0000 UTC, and its machine given back. Likely cause: virtual-kubelet-down.',
			},
		],
	},
	{
		alert: 'VirtualNodeNotReady',
		title: 'the node is gone',
		series: {
			'tailprobe_kubernetes_node_present{k8s_node="vast"}': {well: 1, broken: 0},
			'tailprobe_kubernetes_node_ready{k8s_node="vast",state="true"}': {well: 1, broken: absent},
		},
		firesAfterSeconds: 60,
		resolvesAfterSeconds: 180,
		fires: [{labels: {severity: 'critical', ...own, k8s_node: 'vast'}, description: 'Node vast is not ready.'}],
	},
	{
		alert: 'VirtualNodeNotReady',
		title: 'one replica of tailprobe heard of it late',
		series: {
			'tailprobe_kubernetes_node_present{k8s_node="vast"}': always(1),
			'tailprobe_kubernetes_node_ready{k8s_node="vast",state="true"}': {
				well: 1,
				broken: 0,
				second: {well: 1, broken: 1},
			},
		},
		scrapes: ['operated'],
		fires: [],
	},
	{
		alert: 'GpuPodEvictionNear',
		title: 'one alert for all pods of a node, three minutes before the first goes',
		series: {
			'tailprobe_kubernetes_node_first_eviction_timestamp_seconds{k8s_node="vast"}': {well: absent, broken: 600},
			[`tailprobe_kubernetes_pod_eviction_timestamp_seconds{${onNode}}`]: {well: absent, broken: 600},
			'tailprobe_kubernetes_pod_eviction_timestamp_seconds{k8s_namespace="june-services",k8s_pod="stt-0",k8s_node="vast"}':
				{
					well: absent,
					broken: 630,
				},
		},
		brokenMinutes: 5,
		firesAfterSeconds: 150,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'critical', ...own, k8s_node: 'vast'},
				description: 'A GPU pod on vast is evicted in 2m 30s. Evicted will be: stt-0, tts-0.',
				later: {
					atEnd: 'A GPU pod on vast is evicted in 15s. Evicted will be: stt-0, tts-0.',
					beforeResolving: 'A GPU pod on vast is evicted in 15s. Evicted will be: stt-0, tts-0.',
				},
			},
		],
	},
	{
		alert: 'GpuPodEvictionNear',
		title: 'a node that was not ready for a minute',
		series: {
			'tailprobe_kubernetes_node_first_eviction_timestamp_seconds{k8s_node="vast"}': {well: absent, broken: 600},
		},
		brokenMinutes: 1,
		fires: [],
	},
	{
		alert: 'GpuPodPending',
		title: 'no offer fits, whatever reason is told meanwhile',
		series: {
			[`tailprobe_kubernetes_pod_info{${onNode},phase="Pending",reason="none"}`]: {
				well: absent,
				broken: 1,
				course: [
					[1, 300],
					[absent, 1500],
				],
			},
			[`tailprobe_kubernetes_pod_info{${onNode},phase="Pending",reason="ProviderFailed"}`]: {
				well: absent,
				broken: 1,
				course: [
					[absent, 300],
					[1, 1500],
				],
			},
			'tailprobe_incidents{cause="pod-pending"}': {well: absent, broken: 1},
		},
		firesAfterSeconds: 600,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...own, ...podLabels},
				description:
					'Pod tts-0 in june-services has been pending for more than 10 minutes (ProviderFailed). Likely cause: pod-pending.',
			},
		],
	},
	{
		alert: 'GpuPodNotReady',
		title: 'a pod that runs and is not ready, with the machine behind it',
		series: {
			...runs,
			...behind,
			...pooled,
			[`tailprobe_kubernetes_pod_ready{${onNode}}`]: {well: 1, broken: 0},
		},
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...own, ...podLabels, peer: 'gpu-1', pool: 'june'},
				description: 'Pod tts-0 in june-services on vast is not ready; its machine is gpu-1 in the tailnet.',
			},
		],
	},
	{
		alert: 'GpuPodNotReady',
		title: 'nobody knows its machine',
		series: {...runs, [`tailprobe_kubernetes_pod_ready{${onNode}}`]: {well: 1, broken: 0}},
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...own, ...podLabels},
				description: 'Pod tts-0 in june-services on vast is not ready.',
			},
		],
	},
	{
		alert: 'GpuPodNotReady',
		title: 'pods that wait for their machine, have done their work, or are going',
		series: {
			[`tailprobe_kubernetes_pod_info{${onNode},phase="Pending",reason="none"}`]: always(1),
			[`tailprobe_kubernetes_pod_ready{${onNode}}`]: {well: 1, broken: 0},
			'tailprobe_kubernetes_pod_info{k8s_namespace="june-services",k8s_pod="done",k8s_node="vast",phase="Succeeded",reason="none"}':
				always(1),
			'tailprobe_kubernetes_pod_ready{k8s_namespace="june-services",k8s_pod="done",k8s_node="vast"}': {
				well: 1,
				broken: 0,
			},
			'tailprobe_kubernetes_pod_info{k8s_namespace="june-services",k8s_pod="going",k8s_node="vast",phase="Running",reason="none"}':
				always(1),
			'tailprobe_kubernetes_pod_ready{k8s_namespace="june-services",k8s_pod="going",k8s_node="vast"}': {
				well: 1,
				broken: 0,
			},
			'tailprobe_kubernetes_pod_deletion_timestamp_seconds{k8s_namespace="june-services",k8s_pod="going",k8s_node="vast"}':
				{well: absent, broken: 330},
		},
		fires: [],
	},
	{
		alert: 'GpuPodRestarting',
		title: 'once in five minutes',
		series: {
			...runs,
			...behind,
			[`tailprobe_kubernetes_pod_restarts_total{${onNode}}`]: {
				well: '+0',
				broken: '+1',
				course: [
					['+1', 15],
					['+0', 285],
				],
			},
		},
		firesAfterSeconds: 615,
		resolvesAfterSeconds: 1035,
		fires: [
			{
				labels: {severity: 'warning', ...own, ...podLabels, peer: 'gpu-1'},
				description: restarts(3),
				later: {atEnd: restarts(6), beforeResolving: restarts(3)},
			},
		],
	},
	{
		alert: 'KubernetesRightMissing',
		title: 'two of three rights',
		series: {
			'tailprobe_kubernetes_allowed{verb="list",resource="pods",k8s_namespace="june-services"}': {well: 1, broken: 0},
			'tailprobe_kubernetes_allowed{verb="list",resource="nodes",k8s_namespace=""}': {well: 1, broken: 0},
			'tailprobe_kubernetes_allowed{verb="get",resource="leases",k8s_namespace="kube-node-lease"}': always(1),
		},
		firesAfterSeconds: 300,
		resolvesAfterSeconds: 120,
		fires: [
			{
				labels: {severity: 'warning', ...own},
				description:
					'2 rights are missing: list nodes, list pods in june-services. What they are needed for is not watched.',
			},
		],
	},
];
