/** A page of docs/probes: what a person wrote, and behind the marker the tables that the code knows better. */

import type {Probe} from '../../src/probes/types.ts';
import {optionsTable} from './config-page.ts';
import {table} from './metrics-page.ts';

const marker = '<!-- Generated from here on by `npm run docs`. -->';

/** Series that come of what a probe finds, and have a page to themselves. */
const elsewhere: Readonly<Record<string, string>> = {
	gpu: ' Each GPU has series of its own: [gpu.md](../gpu.md).',
};

/** The page with its tables as they are now; `written` is the page as it stands. */
export function probePage(probe: Probe, written: string): string {
	const prose = written.split(marker)[0]?.trimEnd() || `# ${probe.type}\n\n${probe.summary}`;
	const vias = probe.vias.map(via => `\`via: ${via}\``).join(' or ');
	return [
		prose,
		'',
		marker,
		'',
		'## Options',
		'',
		`In a block \`${probe.type}:\` of a check or a module, by ${vias}.`,
		'',
		...optionsTable(probe.type),
		'',
		'## Metrics of this type',
		'',
		...(probe.metrics.length > 0
			? table(probe.metrics)
			: [`None besides those that [every check](../metrics.md) has.${elsewhere[probe.type] ?? ''}`]),
		'',
	].join('\n');
}
