/** The embedded lab with a daemon that watches it at a quick pace. */

import {type Daemon, startDaemon} from '../../src/daemon.ts';
import {type Lab, startLab} from '../../src/lab/lab.ts';
import {createLog} from '../../src/util/log.ts';
import {until} from './until.ts';

export interface WatchedLab {
	lab: Lab;
	daemon: Daemon;
	/** Ends every fault and waits until all is up, direct and read again. */
	healAll(): Promise<void>;
	stop(): Promise<void>;
}

/** Resolves when everything is up. */
export async function watchLab(): Promise<WatchedLab> {
	const lab = await startLab({quiet: true});
	const daemon = await startDaemon({
		configText: lab.config
			.replaceAll('interval: 5s', 'interval: 2s')
			.replaceAll('interval: 10s', 'interval: 4s')
			.replaceAll('timeout: 2s', 'timeout: 1500ms')
			.replace('grace: 1m', 'grace: 5s')
			.replace('join_grace: 1m', 'join_grace: 1s')
			// Else whatever is offline within half a minute after a restart would not be held against anybody.
			.replace('expect_users:', 'restart_grace: 1s\n  expect_users:'),
		allowLoopback: true,
		listen: {host: '127.0.0.1', port: 0},
		log: createLog({level: 'error', format: 'json'}, {write() {}, isTTY: false} as never),
	});
	const isSound = () => {
		const {view} = daemon;
		const checks = view.checks();
		return (
			checks.some(({check}) => check.type === 'gpu') &&
			checks.every(({verdict, last}) => verdict === 'up' && last?.reading?.facts.path !== 'derp') &&
			view.vantages().every(({condition}) => condition === 'sound') &&
			view.sources().every(({ok}) => ok === true)
		);
	};
	await until(isSound, 60_000);
	return {
		lab,
		daemon,
		async healAll() {
			await lab.heal();
			await until(isSound, 90_000);
		},
		async stop() {
			await daemon.stop();
			await lab.stop();
		},
	};
}
