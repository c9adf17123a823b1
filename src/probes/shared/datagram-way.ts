/** Whether datagrams can get to where a target is. */

import type {Via} from '../../engine/types.ts';
import {lacksTunnelDevice} from '../../net/tunnel-device.ts';
import {CannotLookError} from '../../util/errors.ts';
import type {Place} from '../types.ts';

/**
 * Throws CannotLookError (`unsupported`) where datagrams to the tailnet would leave by another network: tailscaled has no tunnel
 * device here, and its SOCKS5 proxy carries TCP only. `instead` is a clause with what to do.
 */
export async function demandDatagramWay(via: Via, place: Place, instead: string, signal: AbortSignal): Promise<void> {
	if (via !== 'tailnet' || !(await lacksTunnelDevice(place.tailscaled, signal))) return;
	throw new CannotLookError(
		'unsupported',
		`The tailscaled here has no tunnel device, so UDP cannot enter the tailnet: ${instead}.`,
	);
}
