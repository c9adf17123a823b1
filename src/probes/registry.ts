/** All probe types, in the order in which documentation lists them. */

import {derp} from './derp.ts';
import {dns} from './dns.ts';
import {gpu} from './gpu.ts';
import {http} from './http.ts';
import {httpWarm} from './http-warm.ts';
import {icmp} from './icmp.ts';
import {stun} from './stun.ts';
import {tcp} from './tcp.ts';
import {tls} from './tls.ts';
import {tunnel} from './tunnel.ts';
import type {Probe} from './types.ts';
import {ws} from './ws.ts';

export const probes: readonly Probe[] = [
	tunnel as Probe,
	http as Probe,
	httpWarm as Probe,
	tcp as Probe,
	tls as Probe,
	ws as Probe,
	icmp as Probe,
	dns as Probe,
	stun as Probe,
	derp as Probe,
	gpu as Probe,
];

/** The probe of that type, or undefined. */
export function findProbe(type: string): Probe | undefined {
	return probes.find(probe => probe.type === type);
}
