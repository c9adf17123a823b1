import type {Look, Scene} from '../scene.ts';
import {effectOfGpu, evidenceOfGpu, gpuFaultOf, gpusOf, machineNameOf, smiCommand, wordsOf} from '../seen/gpu-state.ts';
import {answeringTypes} from '../seen/kinds.ts';
import type {Cause, Finding} from '../types.ts';

export const gpuThrottled: Cause = {
	id: 'gpu-throttled',
	rung: 'gpu',
	title: 'A GPU is too hot, or slows itself down',
	means:
		'A GPU has slowed its clocks because it is too hot or its power is not sound. It computes right, and slower, so that answers take longer. Look at its cooling and load; on a rented machine give it back and rent another.',
	find(scene) {
		const {gpu} = scene;
		if (!gpu) return undefined;
		const throttled = gpu.verdict === 'unknown' ? undefined : findThrottled(gpu);
		const isHot = gpuFaultOf(scene) === 'hot';
		if (!throttled && !isHot) return undefined;
		const effect = effectHere(scene, isHot);
		if (!effect) return undefined;
		const name = machineNameOf(gpu);
		return {
			...effect,
			about: `node ${name}`,
			says: isHot
				? `A GPU of ${name} is too hot: ${wordsOf(gpu)}`
				: `GPU ${throttled?.index} of ${name} slows itself down: ${throttled?.why}${throttled?.celsius === undefined ? '' : `, at ${throttled.celsius} °C`}.`,
			evidence: [
				...evidenceOfGpu(scene),
				...(throttled
					? [{says: `GPU ${throttled.index} says that ${throttled.why}.`, wanted: 'full clocks', ...atOf(gpu)}]
					: []),
			],
			next: [smiCommand(gpu, 'Temperature, fans, power, and under "Clocks Event Reasons" why it is slow.')],
		};
	},
};

/** What is up is only slowed; what is down for other reasons than heat is not down for it. */
function effectHere(scene: Scene, isHot: boolean): Pick<Finding, 'effect' | 'confidence'> | undefined {
	const {check, gpu} = scene;
	const isLook = check?.view.check.key === gpu?.view.check.key;
	if (isHot && isLook) return effectOfGpu(scene);
	if (isLook) return {effect: 'slows', confidence: 'certain'};
	// Services alone compute: of others nothing is said.
	const concerns = check !== undefined && answeringTypes.has(check.view.check.type);
	if (!concerns) return undefined;
	return {effect: 'beside', confidence: 'certain'};
}

/** Throttling that nobody wishes for; a power cap and set clocks are usual. */
const reasons: Readonly<Record<string, string>> = {
	hw_thermal_slowdown: 'it is so hot that the hardware slows it down',
	sw_thermal_slowdown: 'it is so hot that the driver slows it down',
	hw_power_brake_slowdown: 'its power supply brakes it',
	hw_slowdown: 'the hardware slows it down (heat or power)',
};

/** A GPU of that look works, slowed down by what nobody wishes for. */
export function isThrottled(look: Look): boolean {
	return look.verdict === 'up' && findThrottled(look) !== undefined;
}

function findThrottled(look: Look): {index: number; why: string; celsius?: number} | undefined {
	for (const {index, flags, values} of gpusOf(look)) {
		const [reason] = Object.keys(reasons).filter(flag => flags[flag] === true);
		if (reason === undefined) continue;
		const celsius = values.temperature_celsius;
		return {index, why: reasons[reason] ?? reason, ...(celsius === undefined ? {} : {celsius})};
	}
	return undefined;
}

function atOf({outcome}: Look): {atMs?: number} {
	return outcome ? {atMs: outcome.startedAt + outcome.durationMs} : {};
}
