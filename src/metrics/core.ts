/** Metrics of checks, vantages and tailprobe itself. Those of a probe type or a source stand with it. */

import {checkLabels, type MetricDef} from './types.ts';

/** Half a millisecond to ten seconds: fine inside a cluster, still useful over a relay. Objectives are added as edges. */
export const latencyEdgesSeconds = [
	0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

export const checkMetrics = {
	state: {
		name: 'tailprobe_check_state',
		type: 'gauge',
		help: 'Verdict of the last scheduled run as a state set: exactly one of up, down, unknown is 1; unknown before the first run.',
		labels: [...checkLabels, 'state'],
	},
	up: {
		name: 'tailprobe_check_up',
		type: 'gauge',
		help: '1 if the last scheduled run was up, 0 if down; absent while unknown.',
		labels: checkLabels,
	},
	downSince: {
		name: 'tailprobe_check_down_since_timestamp_seconds',
		type: 'gauge',
		help: 'Time of the first down since the last up; unknown runs in between do not end it. Absent while not down.',
		labels: checkLabels,
	},
	runs: {
		name: 'tailprobe_check_runs_total',
		type: 'counter',
		help: 'Scheduled runs by verdict. Rechecks and ad hoc runs are not among them.',
		labels: [...checkLabels, 'verdict'],
	},
	failures: {
		name: 'tailprobe_check_failures_total',
		type: 'counter',
		help: 'Scheduled runs that were not up, by reason; a reason appears with its first failure.',
		labels: [...checkLabels, 'reason'],
	},
	rechecks: {
		name: 'tailprobe_check_rechecks_total',
		type: 'counter',
		help: 'Extra runs while failing, for checks with `recheck`.',
		labels: checkLabels,
	},
	duration: {
		name: 'tailprobe_check_duration_seconds',
		type: 'gauge',
		help: 'What was measured in the last scheduled run that reached a verdict, also when down: its phases together, without our own work around them; absent for types that have times of their own, such as tunnels.',
		labels: checkLabels,
	},
	phase: {
		name: 'tailprobe_check_phase_seconds',
		type: 'gauge',
		help: 'Phases of the last scheduled run, also when down up to the phase reached; for checks with `detail: full`.',
		labels: [...checkLabels, 'phase'],
	},
	latency: {
		name: 'tailprobe_check_latency_seconds',
		type: 'histogram',
		help: 'The same of scheduled runs that were up and not spoiled by lateness; without target and peer where the check has no histogram of its own.',
		labels: checkLabels,
	},
	objectiveRuns: {
		name: 'tailprobe_check_objective_runs_total',
		type: 'counter',
		help: 'Scheduled runs that were up and not spoiled by lateness, by whether they took no longer than `objective`; for checks that have one.',
		labels: [...checkLabels, 'within'],
	},
} as const satisfies Record<string, MetricDef>;

export const vantageMetrics = {
	up: {
		name: 'tailprobe_vantage_up',
		type: 'gauge',
		help: '1 if the vantage can look; 0 if its measuring thread or its tailscaled is not sound, or if the machine cannot be reached; absent until known, and where no way can work there (tailprobe_vantage_way_state).',
		labels: ['vantage'],
	},
	lateness: {
		name: 'tailprobe_vantage_lateness_seconds',
		type: 'gauge',
		help: 'How late the measuring thread was at worst during the last 30 s.',
		labels: ['vantage'],
	},
	inFlight: {name: 'tailprobe_vantage_runs_in_flight', type: 'gauge', help: 'Runs under way.', labels: ['vantage']},
	started: {
		name: 'tailprobe_vantage_runs_started_total',
		type: 'counter',
		help: 'Runs of the schedule that began, rechecks included, also of checks that are gone.',
		labels: ['vantage'],
	},
	runs: {
		name: 'tailprobe_vantage_runs_total',
		type: 'counter',
		help: 'Those that ended, by verdict; with the runs under way they add up to those that began. A run that was lost with its thread is unknown.',
		labels: ['vantage', 'verdict'],
	},
	skipped: {
		name: 'tailprobe_vantage_skipped_slots_total',
		type: 'counter',
		help: 'Slots without a run, because the check was still running (overlap) or our thread came too late (late).',
		labels: ['vantage', 'reason'],
	},
	restarts: {
		name: 'tailprobe_vantage_thread_restarts_total',
		type: 'counter',
		help: 'Times the measuring thread ended unasked and was started again.',
		labels: ['vantage'],
	},
	controlReachable: {
		name: 'tailprobe_vantage_control_reachable',
		type: 'gauge',
		help: "1 if the vantage's own tailscaled has its map poll with the control server open, else 0.",
		labels: ['vantage'],
	},
	lateRuns: {
		name: 'tailprobe_vantage_late_runs_total',
		type: 'counter',
		help: 'Runs spoiled by our own lateness: answered ones keep their verdict without their times, timed out ones are unknown.',
		labels: ['vantage', 'outcome'],
	},
	belated: {
		name: 'tailprobe_vantage_belated_readings_total',
		type: 'counter',
		help: 'Readings that an agent took while it was cut off and that came more than two intervals late: they are in the history and move no other series.',
		labels: ['vantage'],
	},
	rejected: {
		name: 'tailprobe_vantage_rejected_readings_total',
		type: 'counter',
		help: 'Readings of an agent that were dropped, as no honest agent sends them: of a check that it was not given (foreign), of no possible shape (malformed), more than there can be (excess).',
		labels: ['vantage', 'reason'],
	},
	lost: {
		name: 'tailprobe_vantage_lost_readings_total',
		type: 'counter',
		help: 'Readings that an agent had to forget before they could be fetched: it was cut off for longer than it remembers.',
		labels: ['vantage'],
	},
	info: {
		name: 'tailprobe_vantage_info',
		type: 'gauge',
		help: 'The entry of the configuration that the vantage belongs to, and the way by which it is reached at present: local, agent, ssh, pod, or none.',
		labels: ['vantage', 'group', 'way'],
	},
	way: {
		name: 'tailprobe_vantage_way_state',
		type: 'gauge',
		help: 'Ways of a remote vantage: exactly one state is 1 (used, ready, failing, unsupported, idle). `idle` is not tried because one before it works; `unsupported` cannot work there, which is a fact and no failure.',
		labels: ['vantage', 'way', 'state'],
	},
} as const satisfies Record<string, MetricDef>;

export const ownMetrics = {
	buildInfo: {
		name: 'tailprobe_build_info',
		type: 'gauge',
		help: 'Version of tailprobe and of its runtime.',
		labels: ['version', 'node_version'],
	},
	reloadOk: {
		name: 'tailprobe_config_last_reload_successful',
		type: 'gauge',
		help: '1 if the last (re)load of the configuration succeeded.',
		labels: [],
	},
	reloadAt: {
		name: 'tailprobe_config_last_reload_success_timestamp_seconds',
		type: 'gauge',
		help: 'Time of the last successful (re)load of the configuration.',
		labels: [],
	},
	checks: {name: 'tailprobe_checks', type: 'gauge', help: 'Checks that are planned.', labels: []},
	planProblems: {
		name: 'tailprobe_plan_problems',
		type: 'gauge',
		help: 'Targets that could not be planned; /api/v1/status lists them.',
		labels: [],
	},
	series: {name: 'tailprobe_series', type: 'gauge', help: 'Series of checks that are exported at present.', labels: []},
	seriesLimit: {
		name: 'tailprobe_series_limit',
		type: 'gauge',
		help: '`limits.max_series` of the configuration.',
		labels: [],
	},
	unexported: {
		name: 'tailprobe_checks_without_series',
		type: 'gauge',
		help: 'Checks that run without series of their own because the limit is reached.',
		labels: [],
	},
	inventoryExported: {
		name: 'tailprobe_inventory_exported',
		type: 'gauge',
		help: '1 while this replica shows the metrics of the inventory, 0 while it leaves them to the holder of `kubernetes.inventory_lease`; always 1 where no lease is configured.',
		labels: [],
	},
	adhoc: {
		name: 'tailprobe_adhoc_probes_total',
		type: 'counter',
		help: 'Ad hoc probes by verdict.',
		labels: ['verdict'],
	},
	diagnoses: {
		name: 'tailprobe_diagnoses_total',
		type: 'counter',
		help: 'Diagnoses that were asked for, by the verdict of what they are about.',
		labels: ['verdict'],
	},
	httpRefused: {
		name: 'tailprobe_http_refused_total',
		type: 'counter',
		help: 'Requests that the front door refused, by kind; docs/security.md says what each means.',
		labels: ['kind'],
	},
	bugs: {
		name: 'tailprobe_internal_errors_total',
		type: 'counter',
		help: 'Errors of tailprobe itself that were caught; each is logged.',
		labels: [],
	},
	unknownModule: {
		name: 'tailprobe_module_unknown_total',
		type: 'counter',
		help: 'Ad hoc probes that asked for a module that is not configured.',
		labels: [],
	},
	cpu: {
		name: 'process_cpu_seconds_total',
		type: 'counter',
		help: 'CPU time of the process, user and system, all threads.',
		labels: [],
	},
	resident: {name: 'process_resident_memory_bytes', type: 'gauge', help: 'Resident memory of the process.', labels: []},
	startTime: {name: 'process_start_time_seconds', type: 'gauge', help: 'Start of the process.', labels: []},
	openFds: {
		name: 'process_open_fds',
		type: 'gauge',
		help: 'Open file descriptors, where the system tells.',
		labels: [],
	},
	maxFds: {
		name: 'process_max_fds',
		type: 'gauge',
		help: 'Limit of open file descriptors, where the system tells.',
		labels: [],
	},
	heapUsed: {name: 'nodejs_heap_size_used_bytes', type: 'gauge', help: 'Heap in use by the main thread.', labels: []},
	heapTotal: {name: 'nodejs_heap_size_total_bytes', type: 'gauge', help: 'Heap size of the main thread.', labels: []},
	loopUtilization: {
		name: 'nodejs_eventloop_utilization_ratio',
		type: 'gauge',
		help: 'Share of time for which the loop of the main thread was busy since the last scrape; the measuring thread reports its lateness instead.',
		labels: [],
	},
} as const satisfies Record<string, MetricDef>;
