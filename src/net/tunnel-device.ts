/** Whether packets of this machine can enter the tailnet at all: a userspace tailscaled has no tunnel device. */

import {statusOf} from './localapi.ts';

/** True only when tailscaled says that it has none; false where that is not known. Rejects only with the signal's reason. */
export async function lacksTunnelDevice(tailscaled: string | undefined, signal: AbortSignal): Promise<boolean> {
	if (tailscaled === undefined) return false;
	try {
		return !(await statusOf(tailscaled, {peers: false, maxAgeMs: settledMs}, signal)).tun;
	} catch {
		signal.throwIfAborted();
		return false;
	}
}

// The tunnel device does not change without a restart, so an older answer does.
const settledMs = 60_000;
