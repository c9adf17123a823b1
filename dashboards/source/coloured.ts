/** Lines whose colour says something: a viewer takes green for good, so what is bad must not be. */

import {bad, good, unknown, warning} from './looks.ts';
import type {Override} from './panels.ts';

/** The line of this legend in this colour. */
export function coloured(name: string, fixedColor: string): Override {
	return {name, properties: [{id: 'color', value: {mode: 'fixed', fixedColor}}]};
}

/** What rented machines cost, by whether anybody can reach them: the values of the label `reach`. */
export const reachColours: readonly Override[] = [
	coloured('reachable', good),
	coloured('joining', 'blue'),
	coloured('never_joined', warning),
	coloured('left', 'yellow'),
	coloured('offline', bad),
	coloured('unknown', unknown),
];
