/** The rung of the GPUs: what the look at those of that machine found. */

import {evidenceOf} from '../evidence.ts';
import type {RungLook} from './types.ts';

/** What the look at the GPUs of that machine found. */
export const gpuRung: RungLook = {
	name: 'gpu',
	look({gpu}) {
		if (!gpu) return undefined;
		const evidence = [evidenceOf(gpu)];
		const {verdict, outcome} = gpu;
		if (verdict === 'unknown')
			return {state: 'unseen', says: outcome?.detail ?? 'Nobody has looked at its GPUs yet.', evidence};
		if (verdict === 'down') return {state: 'broken', says: outcome?.detail ?? 'Its GPUs are not well.', evidence};
		const visible = outcome?.reading?.values.gpus_visible;
		return {
			state: 'holds',
			says:
				visible === undefined ? 'Its GPUs answer.' : `${visible === 1 ? '1 GPU answers' : `${visible} GPUs answer`}.`,
			evidence,
		};
	},
};
