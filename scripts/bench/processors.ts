/**
 * Who runs where: the prober that is measured has one processor for itself, the record server, the driver and the bench have the
 * others. Nobody who only helps then takes a prober's time, and every prober has the same.
 */

import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {UserError} from '../../src/util/errors.ts';

/** Lists of processors as `taskset --cpu-list` takes them. */
export interface Processors {
	measured: string;
	others: string;
	all: string;
}

/** Splits those that this process may use. Throws a UserError where there is only one. */
export function splitProcessors(): Processors {
	const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
	return splitList(allowed);
}

/** Of a list such as `0-3,6`: the last is for who is measured. */
export function splitList(list: string): Processors {
	const numbers = list.split(',').flatMap(part => {
		const [first, last = first] = part.split('-').map(Number);
		if (first === undefined || last === undefined) return [];
		return Array.from({length: last - first + 1}, (_, index) => first + index);
	});
	if (numbers.length < 2)
		throw new UserError(
			`The bench needs two processors, one of them for the prober alone, and may use only ${list}.`,
			unavailableExitCode,
		);
	return {measured: String(numbers.at(-1)), others: numbers.slice(0, -1).join(), all: numbers.join()};
}

/** Keeps this process, and all that it starts from now on, on these. */
export function stayOn(list: string): void {
	execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', list, String(process.pid)], {stdio: 'ignore'});
}

/** The command, to run on these. */
export function onProcessors(list: string, command: readonly string[]): string[] {
	return ['taskset', '--cpu-list', list, ...command];
}

/** EX_UNAVAILABLE of sysexits.h. */
const unavailableExitCode = 69;
