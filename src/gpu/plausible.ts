/** Which of a GPU's numbers can be: a sick card, a broken driver or an agent that lies must not draw a spike of a million watts. */

import {numberFields} from './fields.ts';

const mostOf: ReadonlyMap<string, number> = new Map(numberFields.map(({value, max}) => [value, max]));

/** What is known, finite, not negative, and not more than there can be; `dropped` counts the others. Pure. */
export function plausibleValues(values: Readonly<Record<string, number>>): {
	values: Record<string, number>;
	dropped: number;
} {
	const kept: Record<string, number> = {};
	let dropped = 0;
	for (const [name, most] of mostOf) {
		const value = values[name];
		if (value === undefined) continue;
		if (Number.isFinite(value) && value >= 0 && value <= most) kept[name] = value;
		else dropped++;
	}
	const total = kept.memory_total_bytes;
	for (const part of ['memory_used_bytes', 'memory_free_bytes']) {
		const value = kept[part];
		if (value === undefined || total === undefined || value <= total) continue;
		delete kept[part];
		dropped++;
	}
	return {values: kept, dropped};
}
