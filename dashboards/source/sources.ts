/** Panels about what tailprobe reads from others, and who asks it. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import type {Panel} from '@grafana/grafana-foundation-sdk/dashboard';
import {runbook} from './links.ts';
import {bad, good, words} from './looks.ts';
import {lines, stateTimeline} from './panels.ts';
import {perMinute, series} from './series.ts';
import {overTime} from './targets.ts';

const success = series('tailprobe_source_read_success');
const lastSuccess = series('tailprobe_source_last_success_timestamp_seconds');

export const sourcePanels: ReadonlyArray<Builder<Panel>> = [
	stateTimeline({
		title: 'Sources',
		description:
			'Whether the last read of each source succeeded on any replica: headscale, tailscaled, vast.ai, Kubernetes. While one fails, the gauges that come from it are withdrawn, and what depends on them is unknown.',
		...{unit: 'none', span: 12, height: 9},
		mappings: [words({1: ['read', good], 0: ['fails', bad]})],
		targets: [overTime(`max without (instance, pod) (${success})`, '{{source}}')],
		links: [runbook('TailprobeSourceFailing'), runbook('HeadscaleApiFailing')],
	}),
	lines({
		title: 'Age of what was read',
		description:
			'Time since each source was last read with success. Each is read at an interval of its own, some every ten minutes; a line that goes on climbing is a source that stands still.',
		...{unit: 's', min: 0, span: 6, height: 9},
		targets: [overTime(`time() - max without (instance, pod) (${lastSuccess})`, '{{source}}')],
		links: [runbook('TailprobeSourceFailing')],
	}),
	lines({
		title: 'Time that a read takes',
		description: 'How long the last read of each source took, also when it failed, on a scale of powers of ten.',
		...{unit: 's', span: 6, height: 9, logarithmic: true},
		targets: [
			overTime(`max without (instance, pod) (${series('tailprobe_source_read_duration_seconds')})`, '{{source}}'),
		],
	}),
	lines({
		title: 'Requests refused, per minute',
		description:
			'Requests that the front door refused per minute, by kind; docs/security.md says what each means. A burst is somebody who tries, or a client without its password.',
		...{unit: 'short', min: 0, span: 8, height: 8},
		targets: [overTime(`sum by (kind) (${perMinute('tailprobe_http_refused_total')})`, '{{kind}}')],
	}),
	lines({
		title: 'Probes and diagnoses that were asked for, per minute',
		description:
			'Ad hoc probes (/probe and the command line) and diagnoses per minute, by verdict. They move no series of checks.',
		...{unit: 'short', min: 0, span: 8, height: 8},
		targets: [
			overTime(`sum by (verdict) (${perMinute('tailprobe_adhoc_probes_total')})`, 'probe {{verdict}}', 'A'),
			overTime(`sum by (verdict) (${perMinute('tailprobe_diagnoses_total')})`, 'diagnosis {{verdict}}', 'B'),
		],
	}),
	lines({
		title: 'Own errors and unknown modules, per minute',
		description:
			'Errors of tailprobe itself that were caught and logged, and ad hoc probes that asked for a module that is not configured.',
		...{unit: 'short', min: 0, span: 8, height: 8},
		targets: [
			overTime(`max(${perMinute('tailprobe_internal_errors_total')})`, 'internal errors', 'A'),
			overTime(`max(${perMinute('tailprobe_module_unknown_total')})`, 'unknown module', 'B'),
		],
		links: [runbook('TailprobeInternalErrors')],
	}),
];
