/** Which alerts fire for which fault, and who is told: what tests hold real servers against, and what docs/alerts.md shows. */

import {headscaleFaults} from './alert-faults/headscale.ts';
import {machineFaults} from './alert-faults/machines.ts';
import {realFaults} from './alert-faults/real.ts';
import {serviceFaults} from './alert-faults/services.ts';
import {tunnelFaults} from './alert-faults/tunnels.ts';
import type {AlertFault} from './alert-faults/types.ts';

export const alertFaults: readonly AlertFault[] = [
	...headscaleFaults,
	...tunnelFaults,
	...serviceFaults,
	...machineFaults,
	...realFaults,
];
