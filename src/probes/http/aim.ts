/** The first request of a run. */

import type {Target} from '../../engine/types.ts';
import {prepareAuthorities} from '../../net/tls-chain.ts';
import {parseTargetUrl} from '../../net/url.ts';
import {readChanging} from '../../util/changing-file.ts';
import {CannotLookError, messageOf} from '../../util/errors.ts';
import {authHeaders, hasAuth} from '../shared/auth-options.ts';
import type {Place} from '../types.ts';
import {type HttpOptions, maxRequestBodyBytes} from './options.ts';
import {equipHop, firstHop, type Hop} from './redirect.ts';

/**
 * The first hop, with what has to be read for this run; or why the target cannot be one. `keeps`: the connection is to be kept.
 * Throws CannotLookError (`vantage`) when a secret or the body cannot be read.
 */
export function aimAt(
	target: Target,
	options: HttpOptions,
	place: Place,
	keeps = false,
): {hop: Hop} | {fault: string} | Promise<{hop: Hop}> {
	const aim = knownAim(target, options, place, keeps);
	if ('fault' in aim || (options.body_file === undefined && !hasAuth(options))) return aim;
	return equip(aim.hop, options, place);
}

/** Where a redirect leads from http to https, the first run waits for it. */
export function prepareHttp({address}: Target, options: HttpOptions): Promise<void> | undefined {
	return /^https:/i.test(address) ? prepareAuthorities(options.tls_config.ca_file) : undefined;
}

interface Aim {
	hop: Hop;
	options: HttpOptions;
	tailnet: Place['tailnet'];
	allowLoopback: boolean;
	keeps: boolean;
}

/** The first request of a check is the same in each run, and putting it together is a twentieth of a run's CPU. */
const aims = new WeakMap<Target, Aim>();

function knownAim(target: Target, options: HttpOptions, place: Place, keeps: boolean): Aim | {fault: string} {
	const {tailnet, allowLoopback} = place;
	const known = aims.get(target);
	if (
		known?.options === options &&
		known.tailnet === tailnet &&
		known.allowLoopback === allowLoopback &&
		known.keeps === keeps
	)
		return known;
	const parsed = parseTargetUrl(target.address);
	if (!parsed.ok) return {fault: parsed.detail};
	const aim = {hop: firstHop(parsed.url, target, options, place, keeps), options, tailnet, allowLoopback, keeps};
	aims.set(target, aim);
	return aim;
}

async function equip(hop: Hop, options: HttpOptions, {timeoutMs}: Place): Promise<{hop: Hop}> {
	const [credentials, body] = await Promise.all([authHeaders(options, timeoutMs), readBody(options, timeoutMs)]);
	return {hop: equipHop(hop, credentials, body)};
}

async function readBody({body_file: file}: HttpOptions, runMs: number): Promise<Buffer | undefined> {
	if (file === undefined) return undefined;
	try {
		return await readChanging(file, maxRequestBodyBytes, runMs);
	} catch (error) {
		throw new CannotLookError(
			'vantage',
			`The request body in ${file} (body_file) cannot be read: ${messageOf(error)}.`,
		);
	}
}
