/** Whether Prometheus and Alertmanager are here: a newcomer's machine is told what is missing, CI fails. */

import {spawnSync} from 'node:child_process';

const missing = ['prometheus', 'prometheus-alertmanager', 'setpriv'].filter(
	program => spawnSync(program, ['--version']).error !== undefined,
);
if (missing.length > 0) {
	const says = `Alerts are tested with real servers, and this machine lacks ${missing.join(', ')}.`;
	if (process.env.CI !== undefined) throw new Error(says);
	process.stderr.write(`${says} Those tests are skipped.\n`);
}

/** False where those tests skip. */
export const canAlert = missing.length === 0;
