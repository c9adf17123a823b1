import type {PodReason} from '../../kubernetes/types.ts';
import {count} from '../../util/words.ts';
import {kubectlCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {World} from '../scene.ts';
import {describePodCommand, evidenceOfPod, isFailing, machineOf, nameOfPod} from '../seen/machine-state.ts';
import {effectOfNode, evidenceOfList} from '../seen/node-state.ts';
import type {Cause, Finding} from '../types.ts';

export const podFailing: Cause = {
	id: 'pod-failing',
	rung: 'machine',
	title: 'The GPU pod does not come up',
	means:
		'A container of the pod cannot be started, or ends over and over: its image cannot be had, its program crashes, or it needs more memory than it is given. What runs in it does not answer until that is mended. Its events and the log of its last run say why.',
	find(scene) {
		const {world, check} = scene;
		const {pod} = machineOf(scene) ?? {};
		if (!pod || !isFailing(pod) || !world.machines.podsAt?.isFresh) return undefined;
		const finding = findFailing(world, pod);
		return {
			...finding,
			effect: effectOfNode(scene),
			evidence: [...finding.evidence, evidenceOfList(scene), ...(check ? [evidenceOf(check)] : [])],
		};
	},
};

type Pod = NonNullable<ReturnType<typeof machineOf>>['pod'] & object;

/** What there is to say of such a pod, also where no link leads to it. */
export function findFailing(world: World, pod: Pod): Finding {
	const {namespace, name, restarts = 0, reason} = pod;
	return {
		effect: 'beside',
		confidence: 'certain',
		about: `pod ${nameOfPod(pod)}`,
		says: `Pod ${nameOfPod(pod)} ${words[reason] ?? `does not come up (${reason === 'none' ? pod.phase : reason})`}${restarts > 0 ? `, ${count(restarts, 'restart')} so far` : ''}.`,
		evidence: [evidenceOfPod(world, pod, 'a pod that runs')],
		next: [
			describePodCommand(pod, 'Its events, and how its containers ended.'),
			kubectlCommand(
				['-n', namespace, 'logs', name, '--all-containers', '--previous', '--tail=100'],
				'What it said before it ended, where the virtual kubelet serves logs.',
			),
		],
	};
}

const words: Partial<Record<PodReason, string>> = {
	CrashLoopBackOff: 'crashes over and over',
	ImagePullBackOff: 'cannot have its image',
	ErrImagePull: 'cannot have its image',
	ErrImageNeverPull: 'cannot have its image',
	InvalidImageName: 'has an image whose name is none',
	OOMKilled: 'was ended because it used more memory than it is given',
	Evicted: 'was driven off its node',
	NodeLost: 'lost its node',
	ProviderFailed: 'was given up by the virtual kubelet',
};
