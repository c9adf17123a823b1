/** The icmp probe by the ping of another machine, of iputils or busybox. Pure. */

import type {Reading, Target} from '../../engine/types.ts';
import {CannotLookError, oneLine} from '../../util/errors.ts';
import type {IcmpOptions} from '../icmp.ts';
import {isProxied} from '../shared/curl.ts';
import {checkSeconds} from '../shared/told-seconds.ts';
import type {Probe, ShellCommand, ShellOutput, ShellPlace} from '../types.ts';

/** What the round trips of one target mean; a lost ping is undefined. */
export type ReadTimes = (options: IcmpOptions, address: string, times: readonly (number | undefined)[]) => Reading;

export function icmpShell(readTimes: ReadTimes): NonNullable<Probe<IcmpOptions>['shell']> {
	return {
		command,
		parse: (output, _target, options, place) => parse(output, options, place, readTimes),
	};
}

function command(target: Target, options: IcmpOptions, place: ShellPlace): ShellCommand | {unsupported: string} {
	const {address, timeoutMs} = place;
	if (isProxied(place, target.via))
		return {
			unsupported: 'a tailscaled without tunnel device carries no ICMP; a tunnel check pings through tailscaled itself',
		};
	if (address === undefined) throw new TypeError('ping is given an address');
	const {count, ping_interval: pauseMs, payload_size: size, dont_fragment: whole} = options;
	// Closer than this is for root alone, and the last one waits for its answer.
	const spacingMs = Math.max(200, Math.min(pauseMs, (timeoutMs - Math.min(1000, timeoutMs / 2)) / count));
	return {
		argv: [
			...['ping', '-c', String(count), '-i', String(spacingMs / 1000), '-s', String(size)],
			...['-w', String(Math.max(1, Math.floor(timeoutMs / 1000))), '-W', '1'],
			...(whole ? ['-M', 'do'] : []),
			address,
		],
		maxBytes: 16_384,
	};
}

function parse(output: ShellOutput, options: IcmpOptions, {address = ''}: ShellPlace, readTimes: ReadTimes): Reading {
	const {status, stdout, stderr, timedOut} = output;
	if (status === 127) throw new CannotLookError('unsupported', 'there is no ping in the image: install it there');
	const words = oneLine(stderr, 150);
	if (/permi(?:tted|ssion)|are you root|cap_net_raw/i.test(stderr))
		throw new CannotLookError('unsupported', `ping may not send there: ${words}`);
	const text = stdout.toString('latin1');
	const answered = new Map<string, number>();
	for (const line of text.split('\n')) {
		const pong = readPong(line);
		if (pong && !answered.has(pong.seq)) answered.set(pong.seq, pong.seconds);
	}
	checkSeconds([...answered.values()], output, 'ping');
	const summary = text.includes(' packets transmitted');
	if (answered.size === 0 && !summary && !timedOut) {
		if (/unreachable|no route/i.test(stderr)) return unreachable(address, words);
		throw new CannotLookError('vantage', `ping failed there with status ${status}: ${words}`);
	}
	const times: (number | undefined)[] = [...answered.values()].slice(0, options.count);
	while (times.length < options.count) times.push(undefined);
	return readTimes(options, address, times);
}

/** Of iputils or busybox; undefined for any other line, and for an answer that came twice. Takes no longer than the line is long. */
function readPong(line: string): {seq: string; seconds: number} | undefined {
	const from = line.indexOf(' bytes from ');
	if (line.length > mostLineChars || from < 0 || line.includes('DUP', from)) return undefined;
	const words = line.slice(from).split(' ');
	const seq = words.map(word => /^(?:icmp_)?seq=(\d{1,9})$/.exec(word)?.[1]).find(one => one !== undefined);
	const time = words.map(word => /^time[=<](\d{1,9}(?:\.\d{1,9})?)$/.exec(word)?.[1]).find(one => one !== undefined);
	return seq === undefined || time === undefined ? undefined : {seq, seconds: Number(time) / 1000};
}

/** With a name and an address of IPv6 a line has some 120. */
const mostLineChars = 400;

function unreachable(address: string, words: string): Reading {
	return {
		ok: false,
		reason: 'unreachable',
		detail: oneLine(`Pings to ${address} could not be sent: ${words}.`, 300),
		values: {},
		facts: {address, family: address.includes(':') ? '6' : '4'},
	};
}
