/** A node with what is behind it, for causes and rungs: what headscale lists, what is rented, which pods there are. */

import type {Gpu} from '../../src/gpu/types.ts';
import type {Machine, MachinesView, PodFacts} from '../../src/inventory/machine-types.ts';
import type {TailnetNode} from '../../src/inventory/types.ts';
import type {NodeView} from '../../src/server/types.ts';
import type {VastInstanceView} from '../../src/vast/view.ts';
import {aNode, aNodeView} from './fake-daemon.ts';
import {type Around, aLink, aTunnel, isDown, isUp, someTime} from './scenes.ts';

export const theNode = 'june-gpu-1';

/** headscale lists june-gpu-1, online, and june-orchestrator. */
export function listed(part: Partial<TailnetNode> = {}, view: Partial<NodeView> = {}, more: NodeView[] = []): Around {
	const node = aNode({id: '7', name: theNode, hostname: theNode, addresses: ['100.64.0.7'], ...part});
	return {nodes: () => [aNodeView({node, tunnels: [], ...view}), aNodeView(), ...more]};
}

/** What is behind june-gpu-1, and what else there is, all of it known now. */
export function aMachines(machine: Machine | undefined, part: Partial<MachinesView> = {}): MachinesView {
	return {
		byNode: new Map(machine ? [[theNode, machine]] : []),
		instancesOutside: [],
		podsOutside: [],
		clusterNodes: [],
		podsAt: {ms: someTime - 2000, isFresh: true},
		instancesAt: {ms: someTime - 20_000, isFresh: true},
		...part,
	};
}

export function anInstanceView(part: Partial<VastInstanceView> = {}): VastInstanceView {
	return {
		...{id: '7000001', label: theNode, status: 'running', reach: 'reachable', pricePerHour: 0.42},
		node: {name: theNode, by: 'name'},
		...part,
	};
}

export function aPodFacts(part: Partial<PodFacts> = {}): PodFacts {
	return {
		...{namespace: 'gpu', name: 'tts-0', phase: 'Running', reason: 'none', ready: true, node: 'virtual-kubelet'},
		createdAt: someTime - 3_600_000,
		...part,
	};
}

/** The tunnel to another node, which is up: so that the vantage can look. */
export const anotherIsUp = isUp(aTunnel({target: {name: 'june-gpu-2', address: 'june-gpu-2', peer: 'june-gpu-2'}}));

/** A look at the GPUs of june-gpu-1, from there. */
export function aGpuCheck() {
	return aLink({
		...{name: 'gpu', type: 'gpu', vantage: theNode},
		target: {name: theNode, address: 'self', via: 'direct', peer: theNode},
	});
}

export function aGpu(part: Partial<Gpu> = {}): Gpu {
	return {index: 0, model: 'NVIDIA GeForce RTX 4090', values: {}, flags: {}, ...part};
}

/** A service that answers with a status that is not wanted. */
export function answers(check: ReturnType<typeof aLink>, status: number) {
	return isDown(check, 'status', `It answered ${status}.`, {
		phases: {connect: 0.01, processing: 0.1},
		facts: {phase: 'processing', answered: 'true'},
		values: {status_code: status},
	});
}
