/** Overview: is the voice path whole right now, and if not, what is broken? */

import type {Dashboard} from '@grafana/grafana-foundation-sdk/dashboard';
import {dashboard} from './dashboard.ts';
import {linkPanels} from './overview-links.ts';
import {machinePanels} from './overview-machines.ts';
import {nowPanels} from './overview-now.ts';
import {objectivePanels} from './overview-objectives.ts';
import {wordsPanel} from './overview-words.ts';
import {labelVariable, vantageVariable} from './variables.ts';

export const overview: Dashboard = dashboard({
	uid: 'tailprobe-overview',
	title: 'Overview',
	description:
		'Whether the parts of the platform reach each other right now, what is broken and since when, what was promised and how much of it is left, and what the rented machines cost.',
	variables: [
		vantageVariable('tailprobe_check_state'),
		labelVariable('check', 'Check', 'tailprobe_check_state'),
		labelVariable('pool', 'Pool', 'tailprobe_pool_min'),
	],
	rows: [
		{title: 'Right now', panels: [wordsPanel, ...nowPanels]},
		{title: 'Who reaches whom', panels: linkPanels},
		{title: 'What was promised', panels: objectivePanels},
		{title: 'Machines and money', panels: machinePanels},
	],
});
