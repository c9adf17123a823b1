/** The tcp probe by the bash of another machine: it connects without saying a word, and its clock has microseconds. Pure. */

import type {Reading, Target} from '../../engine/types.ts';
import {bytesOfAddress} from '../../net/address-bytes.ts';
import {parseHostPort} from '../../net/url.ts';
import {CannotLookError, oneLine, TargetDownError} from '../../util/errors.ts';
import {noteAnswered} from '../shared/answered.ts';
import {isProxied, refusedWords, socksFailure} from '../shared/curl.ts';
import {doings, inMs} from '../shared/failed-reading.ts';
import {checkSeconds} from '../shared/told-seconds.ts';
import type {Probe, ShellCommand, ShellOutput, ShellPlace} from '../types.ts';
import type {TcpOptions} from './options.ts';

export const tcpShell: NonNullable<Probe<TcpOptions>['shell']> = {command, parse};

/**
 * Arguments: address and port of the target, and of the proxy where there is one. Prints `ok` and two times. Through a proxy the
 * question goes out as bytes, and the fourth byte of the answer is its code; an empty read is a zero byte.
 */
const script = `a=$EPOCHREALTIME
if [ -z "$3" ]; then exec 3<>"/dev/tcp/$1/$2" || exit 1
else
exec 3<>"/dev/tcp/$3/$4" || exit 3
n() { IFS= LC_ALL=C read -r -d '' -n 1 -u 3 c || exit 4; printf -v c %d "'$c"; [ "$c" -ge 0 ] || c=$((c + 256)); }
printf '\\005\\001\\000' >&3; n; n; [ "$c" = 0 ] || exit 4
printf "$5" >&3; n; [ "$c" = 5 ] || exit 4
n; if [ "$c" != 0 ]; then echo "socks $c"; exit 5; fi
fi
echo "ok $a $EPOCHREALTIME"`;

function command(target: Target, options: TcpOptions, place: ShellPlace): ShellCommand | {unsupported: string} {
	if (options.query_response.length > 0)
		return {unsupported: 'query_response is not spoken from where only a shell is'};
	if (options.tls)
		return {unsupported: 'tls: true is not spoken by this type from where only a shell is: use the type tls'};
	const {address} = place;
	if (address === undefined) throw new TypeError('the tcp probe is given an address to connect to');
	const port = portOf(target);
	const proxy = isProxied(place, target.via) ? parseHostPort(place.socks5 ?? '') : undefined;
	if (proxy && !proxy.ok) return {unsupported: `the SOCKS5 proxy there is no address: ${proxy.detail}`};
	const behind = proxy ? [proxy.host, String(proxy.port), socksRequest(address, port)] : [];
	return {argv: ['bash', '-c', script, 'bash', address, String(port), ...behind], maxBytes: 200};
}

function parse(output: ShellOutput, target: Target, _options: TcpOptions, place: ShellPlace): Reading {
	const {address = ''} = place;
	const proxied = isProxied(place, target.via);
	const phase = proxied ? 'connect_proxy' : 'connect';
	const facts: Record<string, string> = {address, family: address.includes(':') ? '6' : '4', phase};
	if (proxied) facts.dial = 'proxy';
	const times = /^ok (\d{1,12}[.,]\d{1,9}) (\d{1,12}[.,]\d{1,9})\s*$/.exec(output.stdout.toString('latin1'));
	if (output.status === 0) {
		noteAnswered(facts);
		const [from, to] = times?.slice(1).map(text => Number(text.replace(',', '.'))) ?? [];
		// A bash before 5 has no such clock.
		const phases = from === undefined || to === undefined ? {} : {[phase]: Math.max(0, to - from)};
		checkSeconds(Object.values(phases), output, 'bash');
		return {ok: true, phases, values: {}, facts};
	}
	const failure = failureOf(output, place);
	if (!(failure instanceof TargetDownError)) throw failure;
	const seconds = failure.reason === 'timeout' ? place.timeoutMs / 1000 : undefined;
	const after = seconds === undefined ? '' : ` after ${inMs(seconds * 1000)}`;
	const detail = `TCP ${target.address} failed${after}, ${doings[phase](facts)}: ${failure.message}`;
	return {
		ok: false,
		reason: failure.reason,
		detail: oneLine(detail, 300),
		...(seconds === undefined ? {} : {phases: {[phase]: seconds}}),
		values: {},
		facts,
	};
}

function portOf({address}: Target): number {
	const parsed = parseHostPort(address);
	if (!parsed.ok) throw new TargetDownError('forbidden', parsed.detail);
	return parsed.port;
}

/** For `printf`: octal escapes and nothing else. */
function socksRequest(address: string, port: number): string {
	const ip = bytesOfAddress(address);
	const bytes = [5, 1, 0, ip.length === 4 ? 1 : 4, ...ip, port >> 8, port & 0xff];
	return bytes.map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

function failureOf({status, stdout, stderr, timedOut}: ShellOutput, {socks5 = ''}: ShellPlace): Error {
	if (timedOut) return new TargetDownError('timeout', 'it was not done at the deadline');
	if (status === 127)
		return new CannotLookError('unsupported', 'there is no bash in the image, whose /dev/tcp connects without a word');
	const words = oneLine(/connect: ([^\n]+)|: ([^:\n]+)$/m.exec(stderr.trim())?.[1] ?? stderr, 120);
	if (status === 3 || status === 4)
		return socksFailure(undefined, socks5, words || 'what answers there does not speak SOCKS5');
	if (status === 5)
		return socksFailure(Number(/^socks (\d{1,3})/.exec(stdout.toString('latin1'))?.[1] ?? 1), socks5, words);
	if (status === 126 || status > 128)
		return new CannotLookError('vantage', `bash was ended there with status ${status}`);
	if (/refused/i.test(words)) return new TargetDownError('refused', refusedWords);
	if (/timed out/i.test(words))
		return new TargetDownError('timeout', 'the connection timed out: packets get no answer');
	if (/reset/i.test(words)) return new TargetDownError('reset', 'the connection was reset');
	if (/unreachable|no route|permission|not permitted/i.test(words)) return new TargetDownError('unreachable', words);
	return new CannotLookError('vantage', `bash could not connect there: ${words || `status ${status}`}`);
}
