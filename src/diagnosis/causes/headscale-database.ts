import {
	controlCommands,
	controlOf,
	effectOfControl,
	evidenceOfControl,
	failingFor,
	noteOf,
} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';

export const headscaleDatabase: Cause = {
	id: 'headscale-database',
	rung: 'control',
	title: 'The database of the control server does not work',
	means:
		'headscale answers and says that its database does not, or answers with errors of its own: it is locked, slow, full or gone. Tunnels that are there live on; joining and lists fail. Look at its log, and at the disk or server of its database.',
	find(scene) {
		const {world, nowMs} = scene;
		const control = controlOf(world);
		if (control?.trouble !== 'database') return undefined;
		const {isHealthy, isApiHealthy} = world.platform.headscale ?? {};
		const saysSo = isHealthy === false || isApiHealthy === false;
		const note = noteOf(world, isHealthy === false ? 'headscale' : "headscale's API");
		return {
			...effectOfControl(scene, saysSo ? 'certain' : 'likely'),
			about: 'headscale',
			says: note ?? `headscale has answered with errors of its own${failingFor(control.shownBy, nowMs)}.`,
			evidence: [
				...(isHealthy === false ? [{says: 'Its health page says fail.', wanted: 'pass', atMs: nowMs}] : []),
				...(isApiHealthy === false
					? [{says: 'Its API does not find its database.', wanted: 'databaseConnectivity true', atMs: nowMs}]
					: []),
				...evidenceOfControl(scene),
			],
			next: controlCommands(scene, 'What it says of its database: locked, no space, deadline exceeded.'),
		};
	},
};
