/** Panels about the process of each replica: its version, its configuration, its use of memory and processor. */

import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import {BigValueColorMode, BigValueTextMode} from '@grafana/grafana-foundation-sdk/common';
import type {Panel} from '@grafana/grafana-foundation-sdk/dashboard';
import {columns} from './columns.ts';
import {runbook} from './links.ts';
import {bad, good, neutral, noneIsGood, rightOrWrong, steps, warning} from './looks.ts';
import {lines, stat, table} from './panels.ts';
import {series} from './series.ts';
import {now, overTime, rows} from './targets.ts';

const build = series('tailprobe_build_info');

export const processPanels: ReadonlyArray<Builder<Panel>> = [
	stat({
		title: 'Scraped',
		description:
			'Whether Prometheus reads each replica that it read in the time shown. `no` is a replica that is down, that cannot be reached, or that was replaced by another.',
		...{unit: 'none', span: 4, height: 5, color: BigValueColorMode.Background, text: BigValueTextMode.ValueAndName},
		mappings: rightOrWrong,
		targets: [
			now(
				`group by (instance) (${build}) or 0 * group by (instance) (last_over_time(${build}[$__range]))`,
				'{{instance}}',
			),
		],
		links: [runbook('TailprobeDown'), runbook('TailprobeReplicaDown')],
	}),
	stat({
		title: 'Running for',
		description: 'Time since each replica started. Short and often new: it is being killed, see memory.',
		...{
			unit: 's',
			decimals: 0,
			span: 4,
			height: 5,
			color: BigValueColorMode.Value,
			text: BigValueTextMode.ValueAndName,
		},
		thresholds: steps(warning, [600, good]),
		targets: [now(`time() - ${series('process_start_time_seconds')}`, '{{instance}}')],
		links: [runbook('TailprobeRestarting')],
	}),
	stat({
		title: 'Checks planned',
		description:
			'Links that are planned, and targets that could not be planned (a name that fits nothing, a node without an address): the status page lists those.',
		...{
			unit: 'short',
			decimals: 0,
			span: 4,
			height: 5,
			color: BigValueColorMode.Value,
			text: BigValueTextMode.ValueAndName,
		},
		targets: [
			now(`max(${series('tailprobe_checks')})`, 'planned', 'A'),
			now(`max(${series('tailprobe_plan_problems')})`, 'problems', 'B'),
		],
		overrides: [{name: 'problems', properties: [{id: 'thresholds', value: {mode: 'absolute', steps: noneIsGood}}]}],
		links: [runbook('TailprobePlanProblems')],
	}),
	stat({
		title: 'Series, as a share of their limit',
		description:
			'Series of checks that are exported, as a share of `limits.max_series`. At 100 % further checks run without series: nothing alerts about them.',
		...{unit: 'percentunit', decimals: 1, min: 0, max: 1, span: 4, height: 5, color: BigValueColorMode.Background},
		thresholds: steps(good, [0.8, warning], [1, bad]),
		targets: [now(`max(${series('tailprobe_series')} / ${series('tailprobe_series_limit')})`, 'used')],
		links: [runbook('TailprobeSeriesLimit')],
	}),
	table({
		title: 'Replicas',
		description:
			'One row for each replica: versions, whether the last load of the configuration succeeded and how long ago, and errors of tailprobe itself, which should be 0.',
		...{unit: 'none', span: 8, height: 5},
		thresholds: steps(neutral),
		targets: [
			rows(`max by (instance, version, node_version) (${series('tailprobe_build_info')})`, 'A'),
			rows(`max by (instance) (${series('tailprobe_config_last_reload_successful')})`, 'B'),
			rows(`time() - max by (instance) (${series('tailprobe_config_last_reload_success_timestamp_seconds')})`, 'C'),
			rows(`max by (instance) (increase(${series('tailprobe_internal_errors_total')}[$__range]))`, 'D'),
		],
		...columns([
			{field: 'instance', title: 'Replica'},
			{field: 'version', title: 'Version', width: 75},
			{field: 'node_version', title: 'Node.js', width: 85},
			{field: 'Value #B', title: 'Loaded', mappings: rightOrWrong, width: 65},
			{field: 'Value #C', title: 'Ago', unit: 's', decimals: 0, width: 75},
			{field: 'Value #D', title: 'Errors', decimals: 0, thresholds: noneIsGood, width: 65},
		]),
		links: [runbook('TailprobeReloadFailed'), runbook('TailprobeInternalErrors')],
	}),
	lines({
		title: 'Memory',
		description:
			'Resident memory of each replica, and the heap of its main thread. A staircase that never comes down is a leak.',
		...{unit: 'bytes', min: 0, span: 8, height: 8},
		targets: [
			overTime(series('process_resident_memory_bytes'), '{{instance}} resident', 'A'),
			overTime(series('nodejs_heap_size_used_bytes'), '{{instance}} heap', 'B'),
		],
	}),
	lines({
		title: 'Processor',
		description: 'Processors that each replica uses, all threads together: 1 is one of them in full.',
		...{unit: 'percentunit', min: 0, span: 8, height: 8},
		targets: [overTime(`rate(${series('process_cpu_seconds_total')}[$__rate_interval])`, '{{instance}}')],
	}),
	lines({
		title: 'Main loop busy',
		description:
			'Share of time for which the main thread of each replica was busy. Above 70 % answers of the page get slow; measurements are taken in a thread of their own and do not suffer.',
		...{unit: 'percentunit', min: 0, max: 1, span: 8, height: 8},
		thresholds: steps('transparent', [0.7, warning]),
		targets: [overTime(series('nodejs_eventloop_utilization_ratio'), '{{instance}}')],
	}),
	lines({
		title: 'Series of checks',
		description:
			'Series of checks that are exported, the limit, and checks that run without series as the limit is reached.',
		...{unit: 'short', decimals: 0, min: 0, span: 12, height: 7},
		targets: [
			overTime(`max(${series('tailprobe_series')})`, 'exported', 'A'),
			overTime(`max(${series('tailprobe_checks_without_series')})`, 'checks without', 'B'),
		],
		links: [runbook('TailprobeSeriesLimit')],
	}),
	lines({
		title: 'File descriptors',
		description: 'Open file descriptors of each replica as a share of what it may open.',
		...{unit: 'percentunit', min: 0, max: 1, span: 12, height: 7},
		thresholds: steps('transparent', [0.8, bad]),
		targets: [overTime(`${series('process_open_fds')} / ${series('process_max_fds')}`, '{{instance}}')],
	}),
];
