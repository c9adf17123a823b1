/** Opens the connection of a run: straight to the address, or through tailscaled's SOCKS5 proxy where that is the way in. */

import type {Socket} from 'node:net';
import type {Via} from '../../engine/types.ts';
import {dial} from '../../net/dial.ts';
import {dialThroughSocks5} from '../../net/socks5.ts';
import {lacksTunnelDevice} from '../../net/tunnel-device.ts';
import type {Resolved} from '../../net/types.ts';
import {CannotLookError} from '../../util/errors.ts';
import type {Place} from '../types.ts';
import {noteAnswered} from './answered.ts';
import type {Findings} from './failed-reading.ts';

/**
 * The connected socket, which the caller destroys; that it is connected is noted (`answered`). The phase is `connect`, or
 * `connect_proxy` with the fact `dial: proxy`; a failure leaves it to failedReading to end it. Throws what dial and dialThroughSocks5
 * throw, and CannotLookError (`unsupported`) where the tailnet cannot be entered: packets to it would leave by another network.
 */
export async function connectPhase(
	resolved: Resolved,
	port: number,
	via: Via,
	place: Place,
	{clock, facts}: Findings,
	signal: AbortSignal,
): Promise<Socket> {
	if (via === 'tailnet') {
		if (place.socks5 !== undefined) {
			clock.enter('connect_proxy');
			facts.dial = 'proxy';
			const tunnelled = await dialThroughSocks5(place.socks5, resolved, port, signal);
			clock.leave();
			noteAnswered(facts);
			return tunnelled;
		}
		if (await lacksTunnelDevice(place.tailscaled, signal)) throw new CannotLookError('unsupported', noWayIn);
	}
	clock.enter('connect');
	const socket = await dial(resolved, port, signal);
	clock.leave();
	noteAnswered(facts);
	return socket;
}

const noWayIn =
	'The tailscaled here has no tunnel device, so connections cannot enter the tailnet: start it with --socks5-server=127.0.0.2:1055 and name that address in vantages[].tailscaled.socks5.';
