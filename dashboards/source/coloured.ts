/** Lines whose colour says something: a viewer takes green for good, so what is bad must not be. */

import type {Override} from './panels.ts';

/** The line of this legend in this colour. */
export function coloured(name: string, fixedColor: string): Override {
	return {name, properties: [{id: 'color', value: {mode: 'fixed', fixedColor}}]};
}
