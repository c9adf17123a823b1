/** The log: JSON lines for machines, short text for a terminal. A constant message and fields; secrets never get here. */

import {Writable} from 'node:stream';
import pino, {type Logger} from 'pino';
import {oneLine} from './errors.ts';

export type {Logger};

export interface LogOptions {
	level: 'debug' | 'info' | 'warn' | 'error';
	format: 'json' | 'text' | 'auto';
}

/** A logger on standard error. `auto` writes text where that is a terminal. */
export function createLog({level, format}: LogOptions, output: NodeJS.WriteStream = process.stderr): Logger {
	const options = {
		level,
		base: null,
		timestamp: pino.stdTimeFunctions.isoTime,
		formatters: {level: (label: string) => ({level: label})},
	};
	const asText = format === 'text' || (format === 'auto' && output.isTTY === true);
	return asText ? pino(options, textStream(output)) : pino(options, output);
}

function textStream(output: NodeJS.WritableStream): Writable {
	return new Writable({
		write(chunk: Buffer, _encoding, done) {
			for (const line of chunk.toString().split('\n')) if (line !== '') output.write(`${toText(line)}\n`);
			done();
		},
	});
}

/** One JSON line as `TIME LEVEL message key=value …`. */
export function toText(line: string): string {
	const {time, level, msg, ...fields} = JSON.parse(line) as Record<string, unknown>;
	const rest = Object.entries(fields).map(([key, value]) => `${key}=${quote(value)}`);
	const clock = String(time).slice(11, 19);
	return [clock, String(level).toUpperCase().padEnd(5), String(msg), ...rest].join(' ');
}

function quote(value: unknown): string {
	const text = oneLine(textOf(value), 400);
	return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

function textOf(value: unknown): string {
	if (typeof value === 'string') return value;
	if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value.join(', ');
	return JSON.stringify(value) ?? '';
}
