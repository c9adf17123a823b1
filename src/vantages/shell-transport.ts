/** What carries a script to another machine and its output back: ssh, or exec through the Kubernetes API. */

/** One way to have a script run by `sh` elsewhere. */
export interface ShellTransport {
	readonly type: 'ssh' | 'pod';
	/** Longest script that it carries, in bytes. */
	readonly maxScriptBytes: number;
	/**
	 * Runs the script. Never rejects. What it wrote may be cut anywhere, even where the other side says that all went well: only an end
	 * marker proves that it is whole.
	 */
	run(script: string, options: ShellRunOptions): Promise<ShellRun>;
	/** Ends what runs and closes connections. */
	stop(): Promise<void>;
}

export interface ShellRunOptions {
	/** After this time it is given up; the script has a deadline of its own besides. */
	deadlineMs: number;
	/** Output beyond it is not kept. */
	maxBytes: number;
	signal: AbortSignal;
}

export type ShellRun =
	/** It ran, perhaps not to its end. `roundTripMs`: the whole time; what of it was not the script's is the transport's overhead. */
	| {kind: 'ran'; stdout: Buffer; stderr: string; status?: number; roundTripMs: number}
	/**
	 * It did not run. `unsupported`: this way cannot work there at all, so try rarely; `denied`: no right to; `vantage`: not now.
	 * `hurried`: it had no time to answer, because its deadline was short or others of ours had their turn: no fact about the place.
	 */
	| {kind: 'refused'; reason: 'unsupported' | 'denied' | 'vantage'; detail: string; hurried?: true};

/** Of a run that had less time, silence says nothing: connecting to a place far away takes a second or two. */
export const fairMs = 5000;
