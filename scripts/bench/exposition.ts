/** Reads Prometheus text, as far as the bench needs it: our own and the peers'. */

export interface Sample {
	name: string;
	labels: Record<string, string>;
	value: number;
}

/** The samples of a text whose name passes; values of labels are taken as they stand. */
export function parseSamples(text: string, wanted: (name: string) => boolean = () => true): Sample[] {
	return text.split('\n').flatMap(line => {
		if (line === '' || line.startsWith('#')) return [];
		const name = /^[A-Za-z_:][\w:]*/.exec(line)?.[0];
		if (name === undefined || !wanted(name)) return [];
		const match = /^(?:\{(.*)\})? (\S+)/.exec(line.slice(name.length));
		if (!match) return [];
		const [, labels = '', value] = match;
		return [{name, labels: labelsOf(labels), value: Number(value)}];
	});
}

/** How many samples a text has. */
export function countSamples(text: string): number {
	return text.match(/^[^#\n]/gm)?.length ?? 0;
}

/** The sum of the values of all samples of that name whose labels match. */
export function sumOf(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number {
	return samples
		.filter(sample => sample.name === name)
		.filter(sample => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
		.reduce((sum, {value}) => sum + value, 0);
}

function labelsOf(text: string): Record<string, string> {
	return Object.fromEntries([...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]));
}
