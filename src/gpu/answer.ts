/** What came of asking nvidia-smi, whichever way it was asked. Plain data. */
export interface SmiAnswer {
	/**
	 * `hung`: not done in its time. `hanging`: an earlier one still hangs, so that none was started. `endless`: more output than is
	 * read. `missing`: there is no such program. `forbidden`: it may not be run.
	 */
	end: 'exited' | 'hung' | 'hanging' | 'endless' | 'missing' | 'forbidden';
	exitCode?: number;
	/** Ended by this signal, which was none of ours. */
	signal?: string;
	/** Names that were asked, in their order. */
	fields: readonly string[];
	stdout: string;
	stderr: string;
	cudaVersion?: string;
	/** Seconds that the query took, or had taken when it was given up; absent where none was started. */
	seconds?: number;
	/** Of one that cannot be ended: seconds since it was started. */
	hangingSeconds?: number;
}

/** More output than this is not read: sixteen GPUs write some 10 KB. */
export const mostOutputBytes = 262_144;
