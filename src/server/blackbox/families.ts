/** Families of a probe's exposition: gauges all of them. */

import {oneLine} from '../../util/errors.ts';

export interface Family {
	name: string;
	help: string;
	/** Label text in braces, or '' → value. */
	samples: [labels: string, value: number][];
}

export function one(name: string, help: string, value: number): Family {
	return {name, help, samples: [['', value]]};
}

export function maybe(name: string, help: string, value: number | undefined): Family[] {
	return value === undefined ? [] : [one(name, help, value)];
}

export function info(name: string, help: string, labels: Record<string, string>): Family {
	const pairs = Object.entries(labels).map(
		([label, value]) => `${label}="${escapeLabel(oneLine(value, maxLabelBytes))}"`,
	);
	return {name, help, samples: [[`{${pairs.join(',')}}`, 1]]};
}

/** A certificate may be for many names. */
const maxLabelBytes = 2048;

export function byLabel(name: string, help: string, label: string, values: Record<string, number>): Family {
	return {
		name,
		help,
		samples: Object.entries(values).map(([value, number]) => [`{${label}="${escapeLabel(value)}"}`, number]),
	};
}

export function formatFamily({name, help, samples}: Family): string {
	const lines = samples.map(([labels, value]) => `${name}${labels} ${value}\n`);
	return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

/** Values never have line breaks: `info` takes them out, all others are constants of ours. */
function escapeLabel(text: string): string {
	return text.replace(/[\\"]/g, '\\$&');
}
