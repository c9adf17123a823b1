/** An outlet for outcomes. A sink never throws at its caller and never asks back. */

import type {Check, Outcome} from '../engine/types.ts';

export interface Sink {
	readonly name: string;
	/** A check begins (or its definition changed under the same key). */
	begin(check: Check): void;
	accept(check: Check, outcome: Outcome): void;
	/** The check ended: nothing of it may remain visible. */
	forget(check: Check): void;
}
