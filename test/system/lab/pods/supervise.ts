/** One container through its life: started, probed, ended, started again as its pod wants it. */

import {setTimeout as wait} from 'node:timers/promises';
import type {V1Container, V1ContainerState, V1ContainerStatus} from '@kubernetes/client-node';
import {keepProbing, type ProbePlace} from './probes.ts';
import type {ContainerProcess, Exit} from './process.ts';

/** A container that is kept as its pod wants it. */
export interface Supervised {
	status(): V1ContainerStatus;
	/** Resolves when it ended for good, to its exit code. */
	ended: Promise<number>;
	stop(graceMs: number): Promise<void>;
}

/** What is supervised. */
export interface SuperviseOptions {
	container: V1Container;
	restart: 'Always' | 'OnFailure' | 'Never';
	/** Throws where it cannot be started now; it is tried again. */
	start: () => Promise<ContainerProcess>;
	/** For probes of a container that runs. */
	place: (process: ContainerProcess) => ProbePlace;
	/** Called after each change of its status. */
	changed: () => void;
}

/** kubelet waits ten seconds before the second start, then twice as long each time, up to five minutes; here it is some seconds. */
const backoffMs = [0, 1000, 2000, 4000] as const;
const longBackoffMs = 5000;
/** After so long it was no failure to start. */
const soundAfterMs = 30_000;

/** Starts it, and keeps it so until `stop`. */
export function supervise({container, restart, start, place, changed}: SuperviseOptions): Supervised {
	const ended = Promise.withResolvers<number>();
	const stopping = new AbortController();
	let state: V1ContainerState = {waiting: {reason: 'PodInitializing'}};
	let lastState: V1ContainerState = {};
	let restartCount = 0;
	let [isStarted, isReady] = [false, false];
	let running: ContainerProcess | undefined;

	const become = (next: V1ContainerState) => {
		state = next;
		changed();
	};
	const pause = (ms: number) => wait(ms, undefined, {signal: stopping.signal}).catch(() => {});
	const startedNow = () => {
		isStarted = true;
		isReady = container.readinessProbe === undefined;
		changed();
	};

	async function runOnce(): Promise<Exit> {
		running = await start();
		const now = running;
		const over = new AbortController();
		const startedAt = time();
		const kill = () => void now.stop(1000);
		const probe = (kind: 'startupProbe' | 'livenessProbe' | 'readinessProbe', tell: (isGood: boolean) => void) => {
			const wanted = container[kind];
			if (wanted !== undefined) void keepProbing(wanted, place(now), over.signal, tell);
		};
		become({running: {startedAt}});
		const afterStart = () => {
			if (isStarted) return;
			startedNow();
			probe('readinessProbe', isGood => {
				if (isReady === isGood) return;
				isReady = isGood;
				changed();
			});
			probe('livenessProbe', isGood => void (isGood || kill()));
		};
		if (container.startupProbe === undefined) afterStart();
		else probe('startupProbe', isGood => (isGood ? afterStart() : isStarted || kill()));
		if (stopping.signal.aborted) kill();
		const exit = await now.exited;
		over.abort();
		[isStarted, isReady] = [false, false];
		const {exitCode} = exit;
		const reason = exitCode === 0 ? 'Completed' : 'Error';
		become({terminated: {exitCode, reason, startedAt, finishedAt: time(), containerID: idOf(now)}});
		return exit;
	}

	async function keep(): Promise<void> {
		let failures = 0;
		while (!stopping.signal.aborted) {
			const begun = Date.now();
			let exit: Exit;
			try {
				exit = await runOnce();
			} catch (error) {
				become({waiting: {reason: 'CreateContainerConfigError', message: (error as Error).message}});
				await pause(1000);
				continue;
			}
			if (stopping.signal.aborted || restart === 'Never' || (restart === 'OnFailure' && exit.exitCode === 0)) {
				ended.resolve(exit.exitCode);
				return;
			}
			lastState = state;
			failures = Date.now() - begun > soundAfterMs ? 0 : failures + 1;
			become({waiting: {reason: 'CrashLoopBackOff', message: `back-off restarting ${container.name}`}});
			await pause(backoffMs[failures - 1] ?? longBackoffMs);
			restartCount += 1;
		}
		ended.resolve(137);
	}
	void keep();

	return {
		status: () => ({
			name: container.name,
			image: container.image ?? '',
			imageID: container.image ?? '',
			ready: isReady || (restart !== 'Always' && state.terminated?.exitCode === 0),
			started: isStarted,
			restartCount,
			state,
			lastState,
			...(state.running !== undefined && running !== undefined && {containerID: idOf(running)}),
		}),
		ended: ended.promise,
		stop: async graceMs => {
			stopping.abort();
			await running?.stop(graceMs);
			await ended.promise;
		},
	};
}

/** The process on this machine, which a test may signal or enter. */
const idOf = ({pid}: ContainerProcess) => `lab://${pid}`;

/** The API has times in whole seconds, as text. */
const time = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z') as unknown as Date;
