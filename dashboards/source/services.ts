/** Services: are they answered as promised, how fast, and if not, why. */

import type {Dashboard} from '@grafana/grafana-foundation-sdk/dashboard';
import {dashboard} from './dashboard.ts';
import {failurePanels} from './failures.ts';
import {latencyPanels} from './latency.ts';
import {objectivePanels} from './objectives.ts';
import {labelVariable, vantageVariable} from './variables.ts';

export const services: Dashboard = dashboard({
	uid: 'tailprobe-services',
	title: 'Services',
	description:
		'Do the services keep what was promised of them, which phase of an answer takes the time, and why do runs fail?',
	variables: [
		labelVariable('check', 'Check', 'tailprobe_check_state'),
		vantageVariable('tailprobe_check_state'),
		labelVariable('peer', 'Machine', 'tailprobe_check_state', true),
	],
	rows: [
		{title: 'Promised and kept', panels: objectivePanels},
		{title: 'Latency', panels: latencyPanels},
		{title: 'Failures', panels: failurePanels},
	],
});
