/** What Linux tells of a process: CPU time of all its threads, and memory. */

import {readdirSync, readFileSync} from 'node:fs';

export interface Memory {
	/** Megabytes of 10⁶ bytes. */
	residentMb: number;
	/** Of that, what no file stands behind: heap and stacks. */
	anonymousMb: number;
}

/**
 * CPU time of the threads that the process has, user and system, milliseconds: of their `schedstat`, which is exact where
 * `stat` goes in steps of 10 ms. Neither Node nor Go ends a thread while it works.
 */
export function cpuMsOf(pid: number): number {
	return readdirSync(`/proc/${pid}/task`)
		.map(thread => parseCpuMs(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')))
		.reduce((sum, ms) => sum + ms, 0);
}

/** CPU time of the whole machine so far, whoever took it, the host of a virtual machine included; milliseconds. */
export function machineCpuMs(): number {
	return parseMachineCpuMs(readFileSync('/proc/stat', 'utf8'));
}

export function memoryOf(pid: number): Memory {
	return parseMemory(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
}

/** Of a thread's schedstat: nanoseconds on a processor, nanoseconds waiting for one, how often. */
export function parseCpuMs(schedstat: string): number {
	return Number(schedstat.split(' ', 1)[0]) / 1e6;
}

/** Of /proc/stat: all that is not idle and does not wait for a disk. */
export function parseMachineCpuMs(stat: string): number {
	const [user, nice, system, , , irq, softirq, steal] =
		stat.split('\n', 1)[0]?.trim().split(/\s+/).slice(1).map(Number) ?? [];
	return [user, nice, system, irq, softirq, steal].reduce<number>((sum, ticks) => sum + (ticks ?? 0), 0) * msPerTick;
}

/** Of /proc/PID/smaps_rollup. */
export function parseMemory(rollup: string): Memory {
	const megabytes = (name: string) =>
		(Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1]) * 1024) / 1e6;
	return {residentMb: megabytes('Rss'), anonymousMb: megabytes('Anonymous')};
}

/** The unit of /proc is a hundredth of a second on every Linux. */
const msPerTick = 10;
