/** The samples of an exposition (text 0.0.4) that the soak asks for. */

export interface ReadSample {
	name: string;
	labels: Record<string, string>;
	value: number;
}

/** Samples of these families; label values without quotes or backslashes, as ours are. */
export function readSamples(text: string, names: ReadonlySet<string>): ReadSample[] {
	return text.split('\n').flatMap(line => {
		const [, name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
		if (name === undefined || !names.has(name)) return [];
		const pairs = [...labels.matchAll(/(\w+)="([^"\\]*)"/g)].map(([, label, text]) => [label, text]);
		return {name, labels: Object.fromEntries(pairs), value: Number(value)};
	});
}

/** Their sum, of those that have these labels. */
export function sumOf(samples: readonly ReadSample[], name: string, wanted: Record<string, string> = {}): number {
	return samples
		.filter(
			sample => sample.name === name && Object.entries(wanted).every(([label, text]) => sample.labels[label] === text),
		)
		.reduce((sum, {value}) => sum + value, 0);
}
