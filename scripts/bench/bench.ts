/** What the parts of a run share. */

import type {Options} from './options.ts';
import type {Helper} from './processes.ts';
import type {Processors} from './processors.ts';
import type {Program} from './tailprobe.ts';

export interface Bench {
	options: Options;
	/** A folder that is removed at the end. */
	scratch: string;
	/** The record server. */
	server: Helper;
	processors: Processors;
	compiled: Program;
	source: Program;
	/** Files of the peers that are there. */
	peers: {blackbox_exporter?: string; cloudprober?: string};
	/** A line for whoever waits. */
	tell(line: string): void;
	/** A sentence for the summary: what could not be run, and why. */
	miss(sentence: string): void;
}
