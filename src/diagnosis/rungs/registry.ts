/** All rungs, from the bottom up. */

import {answerRung} from './answer.ts';
import {connectRung} from './connect.ts';
import {controlRung} from './control.ts';
import {gpuRung} from './gpu.ts';
import {machineRung} from './machine.ts';
import {nameRung} from './name.ts';
import {nodeRung} from './node.ts';
import {tlsRung} from './tls.ts';
import {tunnelRung} from './tunnel.ts';
import type {RungLook} from './types.ts';
import {underlayRung} from './underlay.ts';
import {vantageRung} from './vantage.ts';

/** In the order in which a ladder is climbed. */
export const rungs: readonly RungLook[] = [
	vantageRung,
	controlRung,
	nodeRung,
	machineRung,
	underlayRung,
	tunnelRung,
	nameRung,
	connectRung,
	tlsRung,
	answerRung,
	gpuRung,
];
