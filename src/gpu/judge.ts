/** From what nvidia-smi answered to a reading: what is wrong first, and the GPUs that did answer whatever is wrong. */

import type {DownReason, Reading} from '../engine/types.ts';
import {CannotLookError, oneLine} from '../util/errors.ts';
import type {SmiAnswer} from './answer.ts';
import {explainFailure, type GpuFault} from './faults.ts';
import {parseSmi, type SmiRows} from './parse.ts';
import {plausibleValues} from './plausible.ts';

/** What is wanted of the GPUs. */
export interface GpuWishes {
	/** GPUs that must answer; 0: this machine need not have any. */
	expect: number;
	command: string;
	/** Celsius. */
	max_temperature?: number | undefined;
	/** Ratio of the memory. */
	max_memory_used?: number | undefined;
}

interface Wrong {
	reason: DownReason | 'denied' | 'unsupported';
	fault: GpuFault;
	detail: string;
}

/** Throws CannotLookError: `unsupported` without an nvidia-smi where none is expected, `denied` where we may not run it. */
export function judgeGpus(answer: SmiAnswer, wishes: GpuWishes): Reading {
	const fields = answer.fields;
	// Output without an end proves nothing about what stands in its beginning.
	const stdout = answer.end === 'endless' ? '' : answer.stdout;
	const rows = parseSmi(stdout, answer.stderr, fields);
	const wrong = findStop(answer, wishes) ?? findFault(answer, rows, wishes) ?? findSick(rows, wishes);
	if (wrong?.reason === 'denied' || wrong?.reason === 'unsupported')
		throw new CannotLookError(wrong.reason, oneLine(wrong.detail, 300));

	const gpus = rows.gpus.map(({gpu}) =>
		answer.cudaVersion === undefined ? gpu : {...gpu, cudaVersion: answer.cudaVersion},
	);
	const reading: Reading = {
		ok: wrong === undefined,
		values: {
			gpus_visible: gpus.length,
			gpus_expected: wishes.expect,
			gpus_lost: rows.lost.length,
			...(answer.exitCode === undefined ? {} : {exit_code: answer.exitCode}),
			...(answer.seconds === undefined ? {} : {smi_seconds: answer.seconds}),
		},
		facts: factsOf(rows, wrong),
		gpus,
	};
	if (!wrong) return reading;
	return {...reading, reason: wrong.reason, detail: oneLine(wrong.detail, 300)};
}

function factsOf({gpus, remarks, isCapped}: SmiRows, wrong: Wrong | undefined): Record<string, string> {
	const [first] = gpus;
	const [remark] = remarks;
	return {
		...(first?.gpu.driverVersion === undefined ? {} : {driver_version: first.gpu.driverVersion}),
		...(remark === undefined ? {} : {nvidia_smi_said: remark}),
		...(isCapped ? {gpus_passed_over: 'true'} : {}),
		...(wrong === undefined ? {} : {gpu_fault: wrong.fault}),
	};
}

/** It did not come to an end of its own. */
function findStop(answer: SmiAnswer, {expect, command}: GpuWishes): Wrong | undefined {
	const {end, seconds = 0, hangingSeconds = 0} = answer;
	if (end === 'missing')
		return expect === 0
			? {reason: 'unsupported', fault: 'no_program', detail: `There is no ${command} here, and no GPU is expected.`}
			: {
					reason: 'content',
					fault: 'no_program',
					detail: `There is no ${command} here, but ${countOf(expect)} expected. Start the container with the NVIDIA runtime, set gpu.command to its path, or gpu.expect to 0.`,
				};
	if (end === 'forbidden')
		return {
			reason: 'denied',
			fault: 'no_access',
			detail: `${command} may not be run here: see its mode and the user that tailprobe runs as.`,
		};
	if (end === 'endless')
		return {
			reason: 'content',
			fault: 'endless',
			detail: `${command} wrote without end and was stopped; wanted one line per GPU. See whether gpu.command names the real one.`,
		};
	const todo = 'A GPU is sick: read `dmesg` on the host for XIDs, reboot it or give the instance back.';
	if (end === 'hung')
		return {
			reason: 'timeout',
			fault: 'hang',
			detail: `${command} did not answer within ${seconds.toFixed(1)} s. ${todo}`,
		};
	if (end === 'hanging')
		return {
			reason: 'timeout',
			fault: 'hang',
			detail: `${command}${hangingSeconds > 0 ? ` of ${Math.round(hangingSeconds)} s ago` : ''} still hangs in the driver and cannot be ended, so no other is started. ${todo}`,
		};
	return undefined;
}

/** It ended, but not as one that found every GPU. */
function findFault(answer: SmiAnswer, rows: SmiRows, {expect, command}: GpuWishes): Wrong | undefined {
	const {gpus, lost, remarks, badRows} = rows;
	const {exitCode, signal} = answer;
	const said = remarks.length === 0 ? '' : `: "${oneLine(remarks[0] ?? '', 110)}"`;
	const seen = `${gpus.length === 1 ? '1 GPU answers' : `${gpus.length} GPUs answer`}`;
	if (lost.length > 0) {
		const detail = `${lost.slice(0, 3).join(', ')} ${lost.length === 1 ? 'is' : 'are'} lost, ${seen}. Reboot the host, or give the instance back; \`dmesg\` shows the XID, mostly 79.`;
		return {reason: 'content', fault: 'off_the_bus', detail};
	}
	if (signal !== undefined)
		return {
			reason: 'status',
			fault: 'failed',
			detail: `${command} was ended by ${signal}${said}. Run it there by hand, and read \`dmesg\` on the host.`,
		};
	const isEnough = gpus.length >= expect;
	const mayHaveNone = exitCode === 6 && expect === 0;
	// A corrupt infoROM comes with whole rows, and the GPU goes on working: a remark, not a reason to wake someone.
	const isWarning = exitCode === 14 && isEnough && gpus.length > 0;
	if (exitCode !== 0 && !mayHaveNone && !isWarning) {
		const {reason, fault, means, todo} = explainFailure(exitCode, remarks);
		return {reason, fault, detail: `${command} ended with ${exitCode ?? 'nothing'}${said}: ${means}. ${todo}`};
	}
	if (badRows > 0 || (!isEnough && remarks.length > 0)) {
		const what = badRows > 0 ? `${badRows} ${badRows === 1 ? 'line' : 'lines'} of it cannot be read` : 'it says';
		const detail = `${command} ended well, but ${what}${said}; ${seen}, wanted ${expect}. See whether gpu.command names the real one.`;
		return {reason: 'content', fault: 'unparsable', detail};
	}
	if (!isEnough) {
		const detail = `${seen}, wanted ${expect} (gpu.expect). See \`nvidia-smi -L\` and \`dmesg\` on the host, and what the container was given.`;
		return {reason: 'content', fault: 'too_few', detail};
	}
	return undefined;
}

/** All GPUs are there, but one is not well. */
function findSick({gpus}: SmiRows, wishes: GpuWishes): Wrong | undefined {
	for (const {gpu, unreadable, recovery} of gpus) {
		const name = `GPU ${gpu.index}`;
		if (recovery !== undefined) {
			const detail = `${name} is in a bad state: the driver advises "${recovery}" (gpu_recovery_action). Do so, or give the instance back.`;
			return {reason: 'content', fault: 'recovery', detail};
		}
		const [first] = unreadable;
		if (first) {
			const detail = `${name} is there, but nvidia-smi cannot read its ${first.field}: "${first.said}". Reset it or reboot the host; \`dmesg\` may show an XID.`;
			return {reason: 'content', fault: 'unreadable', detail};
		}
		const {values} = plausibleValues(gpu.values);
		const {temperature_celsius: celsius, memory_used_bytes: used, memory_total_bytes: total} = values;
		const {max_temperature: hottest, max_memory_used: fullest} = wishes;
		if (hottest !== undefined && celsius !== undefined && celsius > hottest)
			return {
				reason: 'content',
				fault: 'hot',
				detail: `${name} has ${celsius} °C; wanted at most ${hottest} (gpu.max_temperature).`,
			};
		if (fullest !== undefined && used !== undefined && total !== undefined && used > total * fullest) {
			const percent = `${Math.round((100 * used) / total)} %`;
			const detail = `The memory of ${name} is ${percent} full; wanted at most ${Math.round(100 * fullest)} % (gpu.max_memory_used).`;
			return {reason: 'content', fault: 'full', detail};
		}
	}
	return undefined;
}

function countOf(gpus: number): string {
	return gpus === 1 ? '1 GPU is' : `${gpus} GPUs are`;
}
