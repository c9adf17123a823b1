/** What is known of the instance and the pod behind a link, read the same way by all causes that concern them. Pure. */

import type {Machine, MachinesView, PodFacts} from '../../inventory/machine-types.ts';
import type {PodReason} from '../../kubernetes/types.ts';
import type {VastInstanceView} from '../../vast/view.ts';
import {commandOf, kubectlCommand} from '../commands.ts';
import type {Scene, World} from '../scene.ts';
import type {Command, Evidence} from '../types.ts';
import {doesAnswer, nodeNameOf} from './node-state.ts';

/** The machine of the node, or what has its name and is no node of the tailnet; undefined where nothing rents or schedules it. */
export function machineOf(scene: Scene): Machine | undefined {
	const name = nodeNameOf(scene);
	if (name === '') return undefined;
	const {machines} = scene.world;
	const found = machines.byNode.get(name);
	if (scene.node || (found?.instance && found.pod)) return found;
	const outside = outsideOf(machines).get(name) ?? outsideOf(machines).get(/(?<=-)\d+$/.exec(name)?.[0] ?? '');
	return found || outside ? {...outside, ...found} : undefined;
}

/** By the name that a node of theirs would have. */
function outsideOf(machines: MachinesView): ReadonlyMap<string, Machine> {
	let index = indexes.get(machines);
	if (!index) {
		index = new Map<string, Machine>();
		for (const instance of machines.instancesOutside)
			for (const name of [instance.label, instance.id])
				if (name !== '') index.set(name, {...index.get(name), instance});
		for (const pod of machines.podsOutside) index.set(pod.name, {...index.get(pod.name), pod});
		indexes.set(machines, index);
	}
	return index;
}

const indexes = new WeakMap<MachinesView, Map<string, Machine>>();

/** vast.ai says that it does not run: it ended, was stopped, its host is silent, or it is still starting. */
export function isStopped({status}: VastInstanceView): boolean {
	return status !== 'running' && status !== 'other';
}

/** As people would say it. */
export function sayStatus({status}: VastInstanceView): string {
	return statusWords[status];
}

const statusWords: Record<VastInstanceView['status'], string> = {
	provisioning: 'is still being set up',
	created: 'is created and not started yet',
	scheduling: 'waits for its GPUs',
	loading: 'is still loading its image',
	running: 'runs',
	stopped: 'was stopped',
	frozen: 'is paused (frozen)',
	exited: 'has ended: its container exited',
	rebooting: 'is rebooting',
	unknown: 'is not heard of: its host is silent',
	offline: 'is offline: its host has lost vast.ai',
	other: 'is in a state that is not known here',
};

/** vast.ai says for certain that it does not run, and it is this node: a silent host may just have lost vast.ai, and times alone tie loosely. */
export function isSurelyStopped({status, node}: VastInstanceView): boolean {
	return (status === 'stopped' || status === 'exited') && node?.by !== 'time';
}

/** It waits for a machine: nothing runs for it yet, and nothing failed. */
export function isPending(pod: PodFacts): boolean {
	return pod.phase === 'Pending' && pod.deletionAt === undefined && !isFailing(pod);
}

/** Its containers do not come up, or ended. One that no machine could be rented for (`ProviderFailed`) waits, unless its phase is Failed. */
export function isFailing({phase, reason}: PodFacts): boolean {
	return phase === 'Failed' || failing.has(reason);
}

const failing: ReadonlySet<PodReason> = new Set([
	'ImagePullBackOff',
	'ErrImagePull',
	'ErrImageNeverPull',
	'InvalidImageName',
	'CreateContainerConfigError',
	'CreateContainerError',
	'RunContainerError',
	'ContainerCannotRun',
	'CrashLoopBackOff',
	'OOMKilled',
	'Error',
	'DeadlineExceeded',
	'Evicted',
	'NodeLost',
	'OutOfcpu',
	'OutOfmemory',
	'OutOfpods',
	'UnexpectedAdmissionError',
]);

/** The node of the cluster that its pod is on, where that is not ready. */
export function unreadyNodeOf(
	{clusterNodes}: MachinesView,
	pod: PodFacts,
): MachinesView['clusterNodes'][number] | undefined {
	return clusterNodes.find(({name, ready}) => name === pod.node && ready !== undefined && ready !== 'true');
}

/** Whether instance or pod tell why nothing of the node answers: then the node itself has nothing to explain. */
export function doesMachineExplain(scene: Scene): boolean {
	return confidenceOfMachine(scene) !== undefined;
}

/** How sure that is; undefined: they do not tell it. */
export function confidenceOfMachine(scene: Scene): 'certain' | 'likely' | undefined {
	const {machines} = scene.world;
	const {instance, pod} = machineOf(scene) ?? {};
	if ((!instance && !pod) || doesAnswer(scene)) return undefined;
	const isEnded = instance && machines.instancesAt?.isFresh && isStopped(instance);
	if (isEnded && isSurelyStopped(instance)) return 'certain';
	const known = machines.podsAt?.isFresh ? pod : undefined;
	if (known && (isPending(known) || isFailing(known))) return 'certain';
	const cluster = known && unreadyNodeOf(machines, known);
	return isEnded || (cluster && !cluster.virtual) ? 'likely' : undefined;
}

/** What vast.ai says of it, with its host's own words. */
export function evidenceOfInstance(
	{machines}: Pick<World, 'machines'>,
	instance: VastInstanceView,
	wanted?: string,
): Evidence {
	const {id, label, message, pricePerHour} = instance;
	const price = pricePerHour === undefined ? '' : ` ($${pricePerHour.toFixed(2)} per hour)`;
	const said = message === undefined ? '' : ` Its host says: ${message}`;
	return {
		says: `vast.ai: instance ${id}${label === '' ? '' : ` (${label})`} ${sayStatus(instance)}${price}.${said}`,
		...(wanted === undefined ? {} : {wanted}),
		...(machines.instancesAt ? {atMs: machines.instancesAt.ms} : {}),
	};
}

/** What Kubernetes says of it. */
export function evidenceOfPod({machines}: Pick<World, 'machines'>, pod: PodFacts, wanted?: string): Evidence {
	const {phase, reason, detail, ready, restarts, node} = pod;
	const facts = [
		`${phase}${reason === 'none' ? '' : ` (${reason})`}`,
		...(ready === undefined ? [] : [ready ? 'ready' : 'not ready']),
		...(restarts ? [`${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`] : []),
		...(node === undefined ? ['on no node'] : [`on ${node}`]),
	];
	return {
		says: `Kubernetes: pod ${nameOfPod(pod)} is ${facts.join(', ')}.${detail === undefined ? '' : ` It says: ${detail}`}`,
		...(wanted === undefined ? {} : {wanted}),
		...(machines.podsAt ? {atMs: machines.podsAt.ms} : {}),
	};
}

/** `namespace/name`. */
export function nameOfPod({namespace, name}: Pick<PodFacts, 'namespace' | 'name'>): string {
	return `${namespace}/${name}`;
}

/** `kubectl describe` of it: its events tell most. */
export function describePodCommand({namespace, name}: PodFacts, why: string): Command {
	return kubectlCommand(['-n', namespace, 'describe', 'pod', name], why);
}

/** The log of the virtual kubelet, where one is configured. */
export function kubeletLogCommands(
	{landmarks, machines}: Pick<World, 'landmarks' | 'machines'>,
	why: string,
): Command[] {
	const configured = landmarks.kubernetes?.virtualKubelet;
	const found = machines.virtualKubelet;
	const [namespace, name] = configured
		? [configured.namespace, configured.deployment]
		: [found?.namespace, found?.name];
	if (namespace === undefined || name === undefined) return [];
	return [kubectlCommand(['-n', namespace, 'logs', `deploy/${name}`, '--tail=100'], why)];
}

/** `vastai …`, which needs a key of the account. */
export function vastCommand(args: readonly string[], why: string): Command {
	return commandOf('wherever vastai is', ['vastai', ...args], why);
}
