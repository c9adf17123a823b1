/** Vantages whose word counts for nothing at present. */

import type {VantageState} from './types.ts';

/** Whether the vantage cannot look at present. */
export function isUnsound({condition, unsupported}: VantageState): boolean {
	// That no way can work there is a fact and no trouble.
	return condition === 'sick' || (condition === 'gone' && !unsupported);
}
