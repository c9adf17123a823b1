/** Many labs under one Prometheus and one Alertmanager: watched while all is well, broken at the same moment, and healed. */

import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import {type Alerting, type ScrapeTarget, startAlerting} from './alerting.ts';
import {type EmbeddedLab, startEmbeddedLab} from './embedded-lab.ts';
import {awaitResolved, type Outcome, readOutcome} from './outcomes.ts';

/** What one of the labs suffers. */
export interface BatchFault {
	/** The cluster in the labels of its series. */
	id: string;
	/** Faults of the embedded lab; none for the one that stays well. */
	broken: readonly string[];
}

/** How long each phase lasts. */
export interface BatchTimes {
	wellSeconds: number;
	brokenSeconds: number;
	/** At most: it is over as soon as nothing fires any more. */
	healedSeconds: number;
}

/** Looks at Prometheus at the end of a phase, while it still runs. */
export type Inspect = (phase: 'well' | 'broken' | 'healed', alerting: Alerting) => Promise<void>;

/** Starts so many labs, a few at a time: their start is what takes the processor. Resolves when all are sound. */
export async function startLabs(count: number): Promise<EmbeddedLab[]> {
	const labs: EmbeddedLab[] = [];
	try {
		while (labs.length < count) {
			const some = Array.from({length: Math.min(3, count - labs.length)}, () => startEmbeddedLab());
			labs.push(...(await Promise.all(some)));
		}
		await Promise.all(labs.map(lab => lab.untilSound()));
		return labs;
	} catch (error) {
		await Promise.all(labs.map(lab => lab.stop()));
		throw error;
	}
}

/** Runs the faults, each in a lab of its own, and says what came of each, by id. Rejects where a lab is not sound before. */
export async function runBatch(
	faults: readonly BatchFault[],
	labs: readonly EmbeddedLab[],
	{wellSeconds, brokenSeconds, healedSeconds}: BatchTimes,
	inspect: Inspect = async () => {},
): Promise<Map<string, Outcome>> {
	const pairs = faults.map((fault, at) => {
		const lab = labs[at];
		if (!lab) throw new Error('There are fewer labs than faults.');
		return {...fault, lab};
	});
	// What an earlier batch broke must be whole again.
	await Promise.all(pairs.map(({lab}) => lab.untilSound()));
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-alerts-'));
	const targets = pairs.flatMap(({id, lab}, at) => targetsOf(id, at, lab));
	const alerting = await startAlerting({directory, targets});
	try {
		const startedAt = Date.now();
		await wait(wellSeconds * 1000);
		await inspect('well', alerting);

		const brokenAt = Date.now();
		await Promise.all(pairs.map(({lab, broken}) => lab.break(broken)));
		await wait(brokenSeconds * 1000);
		await inspect('broken', alerting);

		const standing = await alerting.standing();
		const healedAt = Date.now();
		await Promise.all(pairs.map(({lab}) => lab.heal()));
		await awaitResolved(alerting, healedSeconds);
		await inspect('healed', alerting);

		const outcomes = new Map<string, Outcome>();
		const moments = {startedAt, brokenAt, healedAt, standing};
		for (const {id} of faults) outcomes.set(id, await readOutcome(alerting, id, moments));
		return outcomes;
	} finally {
		await alerting.stop();
		await rm(directory, {recursive: true, force: true});
	}
}

/**
 * Every second lab is scraped bare, the others as an operator does it for two pods. Behind both pods is the same daemon: of two
 * daemons an agent serves the last that speaks; two real ones are watched in alerts-tailnet.ts.
 */
function targetsOf(cluster: string, at: number, {address}: EmbeddedLab): ScrapeTarget[] {
	if (at % 2 === 0) return [{address, labels: {cluster}}];
	const shared = {cluster, namespace: 'monitoring', service: 'tailprobe', endpoint: 'http', container: 'tailprobe'};
	return [0, 1].map(number => ({
		address,
		labels: {...shared, pod: `tailprobe-${number}`, instance: `10.0.${at}.${number}:9753`},
	}));
}
