/** tailprobe itself: does it look, is it on time, does it have room, and what does it read. */

import type {Dashboard} from '@grafana/grafana-foundation-sdk/dashboard';
import {dashboard} from './dashboard.ts';
import {processPanels} from './process.ts';
import {runPanels} from './runs.ts';
import {sourcePanels} from './sources.ts';
import {labelVariable, vantageVariable} from './variables.ts';

export const itself: Dashboard = dashboard({
	uid: 'tailprobe-itself',
	title: 'tailprobe itself',
	description:
		'Can what the other dashboards show be trusted: does tailprobe look, on time and from everywhere, and does it hear from its sources? Replicas are shown apart here.',
	variables: [
		vantageVariable('tailprobe_vantage_runs_total'),
		labelVariable('check', 'Check', 'tailprobe_check_state'),
	],
	rows: [
		{title: 'Process', panels: processPanels},
		{title: 'Runs and vantages', panels: runPanels},
		{title: 'Sources and requests', panels: sourcePanels},
	],
});
