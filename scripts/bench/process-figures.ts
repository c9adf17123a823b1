/** What Linux tells of a process: CPU time of all its threads, and memory. */

import {readFileSync} from 'node:fs';

export interface Memory {
	/** Megabytes of 10⁶ bytes. */
	residentMb: number;
	/** Of that, what no file stands behind: heap and stacks. */
	anonymousMb: number;
}

/** CPU time of the process so far, user and system, all threads; milliseconds, in steps of 10. */
export function cpuMsOf(pid: number): number {
	return parseCpuMs(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** CPU time of the whole machine so far, whoever took it, the host of a virtual machine included; milliseconds. */
export function machineCpuMs(): number {
	return parseMachineCpuMs(readFileSync('/proc/stat', 'utf8'));
}

export function memoryOf(pid: number): Memory {
	return parseMemory(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
}

/** Of /proc/PID/stat. The name of the program, in brackets, may hold anything. */
export function parseCpuMs(stat: string): number {
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	const [user, system] = [fields[11], fields[12]];
	return (Number(user) + Number(system)) * msPerTick;
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
