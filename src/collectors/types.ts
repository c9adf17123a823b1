/** Passive metrics: an object goes in, samples come out; pure. */

import type {MetricDef, Sample} from '../metrics/types.ts';

export interface Collector<State> {
	readonly name: string;
	readonly metrics: readonly MetricDef[];
	/** Samples of the state as it is now; what is not known is left out, never zero. */
	collect(state: State, nowMs: number): Sample[];
}
