import {kubectlCommand} from '../commands.ts';
import type {World} from '../scene.ts';
import {evidenceOfPod, isPending, kubeletLogCommands, machineOf} from '../seen/machine-state.ts';
import {doesAnswer, effectOfNode, sayAgo} from '../seen/node-state.ts';
import type {Cause, Finding} from '../types.ts';

export const virtualKubeletDown: Cause = {
	id: 'virtual-kubelet-down',
	rung: 'machine',
	title: 'The virtual kubelet is down',
	means:
		'No pod of the deployment that rents machines is available: new GPU pods wait, and Kubernetes hears nothing of those that run. Their machines go on at first; but their node turns NotReady, and some five minutes later the pods are driven off, which ends their machines. Bring it back before that.',
	find(scene) {
		const {world, peer, check} = scene;
		if (!isKubeletDown(world)) return undefined;
		const finding = findKubeletDown(world);
		// Of the whole it is told without any link.
		if (!check && peer === '') return finding;
		const {pod} = machineOf(scene) ?? {};
		if (!pod || (pod.node !== undefined && isOnRealNode(world, pod.node))) return undefined;
		const isWaiting = isPending(pod) && !doesAnswer(scene);
		return {
			...finding,
			effect: isWaiting ? effectOfNode(scene) : 'beside',
			evidence: [...finding.evidence, evidenceOfPod(world, pod)],
		};
	},
};

function isKubeletDown({machines: {virtualKubelet}}: World): boolean {
	return virtualKubelet !== undefined && virtualKubelet.available === 0;
}

function isOnRealNode({machines: {clusterNodes}}: World, node: string): boolean {
	return clusterNodes.some(({name, virtual}) => name === node && !virtual);
}

function findKubeletDown(world: World): Finding {
	const {namespace = '', name = '', wanted = 0, availableSince} = world.machines.virtualKubelet ?? {};
	const what = wanted === 0 ? 'it is scaled to 0, or gone' : `0 of ${wanted} are available`;
	const since = availableSince === undefined || wanted === 0 ? '' : `, changed ${sayAgo(availableSince, world.nowMs)}`;
	return {
		effect: 'beside',
		confidence: 'certain',
		about: `virtual kubelet ${namespace}/${name}`,
		says: `No pod of the virtual kubelet ${namespace}/${name} runs: ${what}${since}.`,
		evidence: [
			{
				says: `Kubernetes: deployment ${namespace}/${name} has ${wanted} wanted and 0 available pods${since}.`,
				wanted: 'at least one that is available',
				atMs: world.nowMs,
			},
		],
		next: [
			kubectlCommand(['-n', namespace, 'get', 'deployment,pods'], 'Whether its pods are there, and how they are.'),
			kubectlCommand(['-n', namespace, 'describe', 'deployment', name], 'Why none is available.'),
			...kubeletLogCommands(world, 'What it said last.'),
		],
	};
}
