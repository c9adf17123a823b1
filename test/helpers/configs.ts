/** Configurations that are wrong. */

import {type LoadOptions, parseConfig} from '../../src/config/load.ts';

/** The mistakes of a configuration with the place of each, `c.yaml:LINE:COLUMN: `; none when it is right. */
export function placedMistakesIn(text: string, options: LoadOptions = {}): readonly string[] {
	const loaded = parseConfig(text, 'c.yaml', options);
	return loaded.ok ? [] : loaded.mistakes;
}

/** The same without the places. */
export function mistakesIn(text: string, options: LoadOptions = {}): string[] {
	return placedMistakesIn(text, options).map(mistake => mistake.replace(/^c\.yaml:\d+:\d+: /, ''));
}
