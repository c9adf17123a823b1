/** Panels about how long services take to answer, and in which phase. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import type {Panel} from '@grafana/grafana-foundation-sdk/dashboard';
import {checkPage, runbook} from './links.ts';
import {neutral, steps} from './looks.ts';
import {heatmap, lines, table} from './panels.ts';
import {gauge, grownBy, perSecond, series} from './series.ts';
import {buckets, overTime, rows} from './targets.ts';
import {chosen} from './variables.ts';

const shown = [chosen('check'), chosen('vantage'), chosen('peer')];
/** Not tunnels, relays and GPUs: they have panels of their own. */
const services = 'type=~"http|http_warm|tcp|ws|tls|icmp"';
const linkLegend = '{{check}}: {{vantage}} → {{target}}';

const onePhase = series('tailprobe_check_phase_seconds', services, ...shown);
const phases = gauge('tailprobe_check_phase_seconds', services, ...shown);
const rates = perSecond('tailprobe_check_latency_seconds_bucket', services, ...shown);

export const latencyPanels: ReadonlyArray<Builder<Panel>> = [
	heatmap({
		title: 'How long answers took',
		description:
			'All chosen services together: the darker, the more answers took so long. One band is steady; a second band above is a slower way (a relay) or a slower server; a band that drifts upwards is load. Choose one check at the top to see it alone. Only runs that were up are in here.',
		...{unit: 's', span: 12, height: 9},
		targets: [buckets(`sum by (le) (${grownBy('tailprobe_check_latency_seconds_bucket', services, ...shown)})`)],
		links: [runbook('ServiceSlow')],
	}),
	lines({
		title: '95th percentile of each check',
		description:
			'Of a hundred answers five took longer. Read from the buckets of the histogram: between two edges it is a guess. Where this is high and the band on the left is low, few answers are slow, not all.',
		...{unit: 's', min: 0, span: 12, height: 9},
		targets: [overTime(`histogram_quantile(0.95, sum by (check, le) (${rates}))`, '{{check}}')],
		links: [runbook('ServiceSlow')],
	}),
	lines({
		title: 'Where the time goes',
		description:
			'Phases of the last runs, on average over the chosen links: resolve (the name), connect (the network), tls, processing (the server thinks), transfer (the answer travels). Connect grows with the tunnel, processing with the load of the server. Only checks with `detail: full` have phases.',
		...{unit: 's', min: 0, span: 12, height: 9, stacked: true},
		targets: [
			overTime(
				`sum by (phase) (${phases}) / on () group_left () count(group by (check, vantage, target, peer) (${phases}))`,
				'{{phase}}',
			),
		],
	}),
	table({
		title: 'Phases of each check, on average over the time shown',
		description:
			'The same for each check alone, from all chosen vantages to all its targets. A phase that a check does not have is empty: only TLS has tls.',
		...{unit: 's', span: 12, height: 9},
		thresholds: steps(neutral),
		targets: [rows(`avg by (check, phase) (max without (instance, pod) (avg_over_time(${onePhase}[$__range])))`)],
		transformations: [
			{
				id: 'groupingToMatrix',
				options: {columnField: 'phase', rowField: 'check', valueField: 'Value', emptyValue: 'null'},
			},
			{
				id: 'organize',
				options: {indexByName: {}, excludeByName: {}, renameByName: {'check\\phase': 'Check'}},
			},
		],
	}),
	lines({
		title: 'Last run of each link',
		description:
			'What the last run took, from each vantage to each target, on a scale of powers of ten. A run that failed by timeout stands at the timeout.',
		...{unit: 's', span: 24, height: 9, logarithmic: true, legendTable: true},
		targets: [overTime(gauge('tailprobe_check_duration_seconds', services, ...shown), linkLegend)],
		valueLinks: [checkPage('labels')],
	}),
];
