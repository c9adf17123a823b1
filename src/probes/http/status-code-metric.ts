/** The status, which the types that speak HTTP share as one family. */

import {checkLabels} from '../../metrics/types.ts';
import type {ReadingMetric} from '../types.ts';

export const statusCodeMetric = {
	name: 'tailprobe_http_status_code',
	type: 'gauge',
	help: 'Status of the last answer in the last run; absent when none came, and with `detail: least`.',
	labels: [...checkLabels],
	from: {value: 'status_code'},
	leftOut: 'least',
} as const satisfies ReadingMetric;
