/** A pool summed up for metrics, page and API. Pure. */

import type {PoolConfig} from '../config/types.ts';
import type {MemberState, PoolMember, PoolView} from './types.ts';

export const membersAtMost = 200;

export function viewPool(
	{name, min, gpu}: Pick<PoolConfig, 'name' | 'min' | 'gpu'>,
	members: readonly PoolMember[],
): PoolView {
	const count = (state: MemberState) => members.filter(member => member.state === state).length;
	// Where GPUs are wanted it can be told also when no machine is left to look at.
	const looksAtGpus = gpu === true || members.some(({hasGpuLook}) => hasGpuLook);
	return {
		name,
		min,
		usable: count('usable'),
		unusable: count('unusable'),
		unknown: count('unknown'),
		...(looksAtGpus
			? {gpusUsable: members.reduce((sum, {state, gpus}) => sum + (state === 'usable' ? (gpus ?? 0) : 0), 0)}
			: {}),
		members: members
			.toSorted((a, b) => order[a.state] - order[b.state] || (a.name < b.name ? -1 : 1))
			.slice(0, membersAtMost),
	};
}

/**
 * Whether there are enough: `enough` and `short` are certain whatever the unknown ones turn out to be, `unknown` is neither. One sentence
 * goes along where it is not `enough`.
 */
export function verdictOf({min, usable, unknown}: Pick<PoolView, 'min' | 'usable' | 'unknown'>): {
	verdict: 'enough' | 'short' | 'unknown';
	says?: string;
} {
	if (usable >= min) return {verdict: 'enough'};
	const counted = `${usable} of at least ${min} are usable`;
	if (usable + unknown < min) return {verdict: 'short', says: `${counted}.`};
	return {verdict: 'unknown', says: `${counted}, and nobody could look at ${unknown} more.`};
}

const order: Readonly<Record<MemberState, number>> = {unusable: 0, unknown: 1, usable: 2};
