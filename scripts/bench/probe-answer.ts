/** Reads an answer of blackbox_exporter's /probe. */

import {parseSamples, sumOf} from './exposition.ts';
import type {ReportedRun} from './types.ts';

/** The latencies of a probe that succeeded; undefined for any other. */
export function readProbe(
	text: string,
): Pick<ReportedRun, 'reportedMs' | 'runMs' | 'phasesMs' | 'processingMs'> | undefined {
	const samples = parseSamples(text, name => name.startsWith('probe_'));
	if (sumOf(samples, 'probe_success') !== 1) return undefined;
	const runMs = sumOf(samples, 'probe_duration_seconds') * 1000;
	const processingMs = sumOf(samples, 'probe_http_duration_seconds', {phase: 'processing'}) * 1000;
	const phasesMs = sumOf(samples, 'probe_http_duration_seconds') * 1000;
	return {reportedMs: runMs, runMs, phasesMs, processingMs};
}
