/**
 * The GPUs of the machine that a vantage is on, by nvidia-smi: are they there, can they be asked, are they well. Locally a child
 * process of the main thread, so it is a round; elsewhere a script.
 */

import type {Check, Reading} from '../engine/types.ts';
import {mostGpus} from '../gpu/fields.ts';
import {type GpuWishes, judgeGpus} from '../gpu/judge.ts';
import {createSmiRunner} from '../gpu/run-smi.ts';
import {readScript, smiCommand} from '../gpu/script.ts';
import type {Place, Probe} from './types.ts';

export interface GpuOptions extends GpuWishes {}

export const gpu: Probe<GpuOptions> = {
	type: 'gpu',
	summary:
		'The GPUs of the vantage itself, by nvidia-smi: how many answer, and how they are. Takes neither targets nor nodes.',
	options: z =>
		z.strictObject({
			expect: z
				.int()
				.min(0)
				.max(mostGpus)
				.default(1)
				.describe('GPUs that must answer. With 0 a machine without nvidia-smi is unknown instead of down.'),
			command: z
				.string()
				.regex(
					/^(?:\/[A-Za-z0-9._+/-]{1,200}|[A-Za-z0-9_][A-Za-z0-9._+-]{0,60})$/,
					'expected the name of a program or its absolute path, such as /usr/lib/wsl/lib/nvidia-smi',
				)
				.default('nvidia-smi')
				.describe('The program, by name or by absolute path.'),
			max_temperature: z
				.number()
				.min(1)
				.max(150)
				.optional()
				.describe('Degrees Celsius above which a GPU makes the check down; without it no temperature does.'),
			max_memory_used: z
				.number()
				.min(0)
				.max(1)
				.optional()
				.describe('Ratio of its memory above which a GPU makes the check down; without it a full one does not.'),
		}),
	address: 'self',
	vias: ['direct'],
	durationIsLatency: false,
	timedElsewhere: true,
	// What it reads is shown per GPU, by `collectors/gpus.ts`.
	metrics: [],
	round: {
		group: ({command}) => command,
		measure,
	},
	shell: {
		command: (_target, {command}) => smiCommand(command),
		parse: (output, _target, options, {timeoutMs}) => judgeGpus(readScript(output, timeoutMs), options),
	},
};

const runner = createSmiRunner();
/** Kept for ending what hangs, of a timeout that leaves room for it. */
const overheadMs = 500;

/** All checks of a round have one answer, which each judges by its own wishes. */
async function measure(
	checks: readonly Check[],
	place: Place,
	signal: AbortSignal,
): Promise<Map<string, Reading | Error>> {
	const [first] = checks;
	if (!first) return new Map();
	const {command} = first.options as GpuOptions;
	const answer = await runner.ask(command, Math.max(place.timeoutMs / 2, place.timeoutMs - overheadMs), signal);
	return new Map(checks.map(check => [check.key, judge(check)]));

	function judge(check: Check): Reading | Error {
		try {
			return judgeGpus(answer, check.options as GpuOptions);
		} catch (error) {
			return error instanceof Error ? error : new Error(String(error));
		}
	}
}
