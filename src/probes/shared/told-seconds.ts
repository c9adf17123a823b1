/** Whether times that another machine told can be. Pure. */

import {CannotLookError} from '../../util/errors.ts';
import type {ShellOutput} from '../types.ts';

/** Clocks differ a little, and the script's goes by hundredths. */
const slackSeconds = 0.1;

/** Throws CannotLookError (`vantage`) where one is no number, is negative, or is longer than all that we waited. */
export function checkSeconds(seconds: readonly number[], {mostSeconds}: ShellOutput, who: string): void {
	const most = mostSeconds === undefined ? Number.MAX_VALUE : mostSeconds * 1.01 + slackSeconds;
	if (seconds.every(one => one >= 0 && one <= most)) return;
	throw new CannotLookError(
		'vantage',
		`${who} there told times that cannot be: look at its clock, and whether it is the real one.`,
	);
}
