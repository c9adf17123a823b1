/** The tunnel probe by the curl of another machine, which asks tailscaled's socket there for one ping after the other. Pure. */

import type {Reading, Target} from '../../engine/types.ts';
import {LocalApiError, type PingAnswer, toPing} from '../../net/localapi-answers.ts';
import {isRefusal, type Ping, type PingRound} from '../../net/ping-round.ts';
import {splitTarget} from '../../net/target.ts';
import {CannotLookError, messageOf, oneLine} from '../../util/errors.ts';
import {excessOf} from '../../util/json-bounds.ts';
import {checkSeconds} from '../shared/told-seconds.ts';
import type {TunnelOptions} from '../tunnel.ts';
import type {Probe, ShellCommand, ShellOutput, ShellPlace} from '../types.ts';

export type ReadRound = (
	round: PingRound,
	options: TunnelOptions,
	subject: string,
	overheadObjectiveSeconds: number,
) => Reading;

export function tunnelShell(readRound: ReadRound): NonNullable<Probe<TunnelOptions>['shell']> {
	return {
		command,
		parse: (output, target, options, place) => parse(output, target, options, place, readRound),
	};
}

/** As in process: disco pings beside the first TSMP pings, so that the two can be compared, and one ICMP ping at the end. */
function planOf({count}: TunnelOptions): ('disco' | 'TSMP' | 'ICMP')[] {
	const plan: ('disco' | 'TSMP' | 'ICMP')[] = ['disco'];
	for (let at = 0; at < count; at++) plan.push('TSMP', ...(at < 2 ? (['disco'] as const) : []));
	return [...plan, 'ICMP'];
}

function command(_target: Target, options: TunnelOptions, place: ShellPlace): ShellCommand | {unsupported: string} {
	const {address, tailscaled, timeoutMs} = place;
	if (tailscaled === undefined) return {unsupported: "this way is not told where tailscaled's socket is there"};
	if (address === undefined) throw new TypeError('tailscaled is given an address to ping');
	const plan = planOf(options);
	// A lost ping is never answered; all may be lost.
	const patience = Math.min(1, (timeoutMs * 0.95) / 1000 / plan.length).toFixed(3);
	const common = [
		'-sS',
		'-X',
		'POST',
		'--max-time',
		patience,
		'--unix-socket',
		tailscaled,
		'-w',
		reportFormat,
		'--url',
	];
	const url = (type: string) =>
		`http://local-tailscaled.sock/localapi/v0/ping?ip=${encodeURIComponent(address)}&type=${type}`;
	const calls = plan.flatMap((type, at) => [...(at === 0 ? [] : ['--next']), ...common, url(type)]);
	return {argv: ['curl', '-q', ...calls], maxBytes: 65_536};
}

function parse(
	output: ShellOutput,
	target: Target,
	options: TunnelOptions,
	place: ShellPlace,
	readRound: ReadRound,
): Reading {
	const {address = '', tailnet, tailscaled = ''} = place;
	if (output.status === 127)
		throw new CannotLookError('unsupported', 'there is no curl in the image: install it there');
	const plan = planOf(options);
	const parts = output.stdout.toString('utf8').split(/\ntailprobe (\d{3})\n/, 2 * plan.length);
	const answers = plan.map((_type, at) => ({code: parts[2 * at + 1], body: parts[2 * at] ?? ''}));
	if (answers.every(({code}) => code === undefined || code === '000') && !isSilence(output))
		throw new CannotLookError(
			'vantage',
			`tailscaled's socket ${tailscaled} there cannot be asked: ${oneLine(output.stderr, 150) || `curl ended with status ${output.status}`}`,
		);
	const pings = answers.map(
		({code, body}): Ping => (code === undefined || code === '000' ? {} : {answer: read(code, body)}),
	);
	checkSeconds(
		pings.flatMap(({answer}) => answer?.seconds ?? []),
		output,
		'tailscaled',
	);
	const of = (wanted: string) => pings.filter((_ping, at) => plan[at] === wanted);
	const round: PingRound = {disco: of('disco'), tsmp: of('TSMP'), icmp: of('ICMP')};
	const refusal = round.disco.map(({answer}) => answer?.error ?? '').find(isRefusal);
	const host = splitTarget(target.address)?.host ?? target.address;
	const subject = host === address ? host : `${host} (${address})`;
	const reading = readRound(
		refusal === undefined ? round : {...round, refusal},
		options,
		subject,
		tailnet.overheadObjectiveSeconds,
	);
	reading.facts.address = address;
	return reading;
}

const reportFormat = '\\ntailprobe %{http_code}\\n';

/** curl waited for answers and none came. */
function isSilence({status, timedOut}: ShellOutput): boolean {
	return timedOut || status === 28;
}

function read(code: string, body: string): PingAnswer {
	if (code !== '200')
		throw new CannotLookError('vantage', `tailscaled there answered a ping with ${code} "${oneLine(body, 100)}"`);
	try {
		const excess = excessOf(Buffer.from(body));
		if (excess !== undefined) throw new LocalApiError(`tailscaled's answer to a ping holds ${excess}`);
		return toPing(JSON.parse(body));
	} catch (error) {
		const words =
			error instanceof LocalApiError ? messageOf(error) : `tailscaled answered a ping with "${oneLine(body, 100)}"`;
		throw new CannotLookError('vantage', words);
	}
}
