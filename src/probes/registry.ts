/** All probe types, in the order in which documentation lists them. */

import {http} from './http.ts';
import {icmp} from './icmp.ts';
import {tcp} from './tcp.ts';
import {tunnel} from './tunnel.ts';
import type {Probe} from './types.ts';

export const probes: readonly Probe[] = [tunnel as Probe, http as Probe, tcp as Probe, icmp as Probe];

/** The probe of that type, or undefined. */
export function findProbe(type: string): Probe | undefined {
	return probes.find(probe => probe.type === type);
}
