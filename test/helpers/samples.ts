/** Samples as text, and whether they keep to what their collector declares. */

import type {ExecutionContext} from 'ava';
import type {Collector} from '../../src/collectors/types.ts';
import type {Sample} from '../../src/metrics/types.ts';

/** One line per sample, as in the text format, in order of name and labels. */
export function asText(samples: readonly Sample[]): string[] {
	return samples
		.map(({name, labels, value}) => {
			const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
			return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
		})
		.sort();
}

/** Collects, and sees that every sample is declared with exactly its labels, and that none is there twice. */
export function collect<State>(
	t: ExecutionContext,
	collector: Collector<State>,
	state: State,
	nowMs: number,
): string[] {
	const samples = collector.collect(state, nowMs);
	for (const {name, labels, value} of samples) {
		const def = collector.metrics.find(metric => metric.name === name);
		t.truthy(def, `${name} is not declared`);
		t.deepEqual(Object.keys(labels).sort(), [...(def?.labels ?? [])].sort(), name);
		t.true(Number.isFinite(value), name);
	}
	const keys = samples.map(({name, labels}) => JSON.stringify([name, labels]));
	t.is(new Set(keys).size, keys.length, 'a series is there twice');
	return asText(samples);
}

/** What holds for the rows of every collector. */
export function checkRows(t: ExecutionContext, {metrics}: Collector<never>): void {
	const reserved = ['job', 'instance', 'namespace', 'pod', 'container', 'service', 'endpoint', 'node'];
	t.is(new Set(metrics.map(metric => metric.name)).size, metrics.length);
	for (const {name, type, help, labels} of metrics) {
		t.regex(name, /^tailprobe_[a-z0-9_]+$/);
		t.is(name.endsWith('_total'), type === 'counter', name);
		t.regex(help, /^[A-Z0-9].*\.$/, name);
		t.false(
			labels.some(label => reserved.includes(label)),
			name,
		);
	}
}
