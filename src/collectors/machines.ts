/** What is behind each GPU machine: its node, instance, pod and vantage in one row, so that series about one find those about another. */

import type {MachinesView} from '../inventory/machine-types.ts';
import type {MetricDef, Sample} from '../metrics/types.ts';
import type {VastInstanceView} from '../vast/view.ts';
import type {Collector} from './types.ts';

export interface MachineReadings {
	machines: Pick<MachinesView, 'byNode' | 'instancesOutside' | 'podsOutside'>;
	/** The remote vantages, with the tailnet node that each is; '' where none is known. */
	vantages: readonly {name: string; peer: string}[];
}

/** So many machines have a series, those with a node first. */
export const machinesAtMost = 500;

export const machineMetrics = {
	info: {
		name: 'tailprobe_machine_info',
		type: 'gauge',
		help: `What belongs together: the node of a GPU machine or remote vantage, its instance at vast.ai, its pod and that one's node in the cluster, its vantage; each empty where there is none. As last known, also while a source is silent; at most ${machinesAtMost}.`,
		labels: ['peer', 'vast_instance', 'k8s_namespace', 'k8s_pod', 'k8s_node', 'vantage'],
	},
} as const satisfies Record<string, MetricDef>;

/** No two series have the same node, instance, pod or vantage, unless it is empty. */
export const machineCollector: Collector<MachineReadings> = {
	name: 'machines',
	metrics: Object.values(machineMetrics),
	collect: readings =>
		listMachines(readings)
			.slice(0, machinesAtMost)
			.map(labels => ({name: machineMetrics.info.name, labels, value: 1})),
};

type Row = Record<(typeof machineMetrics.info.labels)[number], string>;

function listMachines({machines, vantages}: MachineReadings): Sample['labels'][] {
	const {byNode, instancesOutside, podsOutside} = machines;
	const vantageOf = new Map<string, string>();
	for (const {name, peer} of vantages) if (peer !== '' && !vantageOf.has(peer)) vantageOf.set(peer, name);

	const rows: Row[] = [];
	const outside = new Set(instancesOutside.map(({id}) => id));
	for (const [node, {instance, pod}] of byNode) {
		// Its node left: series of a node that went are not shown on.
		const isLeft = instance !== undefined && outside.delete(instance.id);
		rows.push({
			...nothing,
			peer: isLeft ? '' : node,
			vast_instance: instance?.id ?? '',
			...(pod ? {k8s_namespace: pod.namespace, k8s_pod: pod.name, k8s_node: pod.node ?? ''} : {}),
			vantage: vantageOf.get(node) ?? '',
		});
	}
	for (const [peer, vantage] of vantageOf) if (!byNode.has(peer)) rows.push({...nothing, peer, vantage});
	for (const {name, peer} of vantages) if (peer === '') rows.push({...nothing, vantage: name});
	const pods = new Map(podsOutside.map(pod => [`${pod.namespace}/${pod.name}`, pod]));
	for (const instance of instancesOutside)
		if (outside.has(instance.id)) rows.push({...nothing, vast_instance: instance.id, ...placeOf(instance, pods)});
	return rows;
}

const nothing: Row = {peer: '', vast_instance: '', k8s_namespace: '', k8s_pod: '', k8s_node: '', vantage: ''};

/** The pod that it was rented for. */
function placeOf(
	{pod: wanted = ''}: VastInstanceView,
	pods: ReadonlyMap<string, MachinesView['podsOutside'][number]>,
): Partial<Row> {
	const pod = pods.get(wanted);
	return pod ? {k8s_namespace: pod.namespace, k8s_pod: pod.name, k8s_node: pod.node ?? ''} : {};
}
