/** Metrics that every type which speaks TLS feeds from the same value. */

import {checkLabels} from '../../metrics/types.ts';
import type {ReadingMetric} from '../types.ts';

/** One row for all types, fed by `tlsPhase`. */
export const earliestExpiryMetric = {
	name: 'tailprobe_tls_earliest_cert_expiry_timestamp_seconds',
	type: 'gauge',
	help: 'When the first of the certificates that the server presented expires; absent without TLS.',
	labels: [...checkLabels],
	from: {value: 'tls_earliest_cert_expiry_seconds'},
} as const satisfies ReadingMetric;

/** The same for a type whose targets are URLs: only those of this scheme have it. */
export function earliestExpiryOf(scheme: 'https' | 'wss'): ReadingMetric {
	return {
		...earliestExpiryMetric,
		appliesTo: ({target}) => target.address.toLowerCase().startsWith(`${scheme}:`),
	};
}
