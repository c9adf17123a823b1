import {commandOf} from '../commands.ts';
import type {Look} from '../scene.ts';
import {effectOfGpu, evidenceOfGpu, gpuFaultOf, gpusOf, machineNameOf, smiCommand, wordsOf} from '../seen/gpu-state.ts';
import type {Cause} from '../types.ts';

export const gpuFull: Cause = {
	id: 'gpu-full',
	rung: 'gpu',
	title: 'The memory of a GPU is full',
	means:
		'Nearly all memory of a GPU is taken. A service that takes all of it at its start does so on purpose and works; one that asks for more while it works fails with "out of memory". See which programs hold it, and whether one that ended badly still does.',
	find(scene) {
		const {gpu, check} = scene;
		if (!gpu) return undefined;
		if (gpuFaultOf(scene) === 'full') return {...effectOfGpu(scene), ...describe(gpu, wordsOf(gpu))};
		// Without a limit nobody said what is too much: only a service that answers with an error makes it worth telling.
		const fullest = fullestOf(gpu);
		if (gpu.verdict !== 'up' || check?.outcome?.reason !== 'status' || check.verdict !== 'down') return undefined;
		if (!fullest || fullest.ratio < fullRatio) return undefined;
		return {
			effect: 'beside',
			confidence: 'consistent',
			...describe(gpu, `${Math.round(100 * fullest.ratio)} % of the memory of GPU ${fullest.index} are taken.`),
		};

		function describe(look: Look, words: string) {
			const name = machineNameOf(look);
			return {
				about: `node ${name}`,
				says: `A GPU of ${name} is full: ${words}`,
				evidence: evidenceOfGpu(scene),
				next: [
					commandOf(
						name,
						['nvidia-smi', '--query-compute-apps=pid,used_memory,process_name', '--format=csv'],
						'Which programs hold the memory.',
					),
					smiCommand(look, 'How much of it is free.'),
				] as const,
			};
		}
	},
};

const fullRatio = 0.97;

function fullestOf(look: Look): {index: number; ratio: number} | undefined {
	const ratios = gpusOf(look).flatMap(({index, values: {memory_used_bytes: used, memory_total_bytes: total}}) =>
		used === undefined || !total ? [] : {index, ratio: used / total},
	);
	return ratios.toSorted((one, other) => other.ratio - one.ratio)[0];
}
