/**
 * Every fault of the embedded lab under a real Prometheus and a real Alertmanager: exactly the alerts of the table fire, each once
 * told, in time, and all is over when it is healed. Many labs are watched at once, each breaks in its own way, and one stays well.
 * Besides, what panels and rules ask for is there, or told to be empty.
 */

import test from 'ava';
import {emptyInHealth} from '../../dashboards/source/empty-in-health.ts';
import type {AlertFault} from '../../scripts/docs/alert-faults/types.ts';
import {alertFaults} from '../../scripts/docs/alert-faults.ts';
import {assertAlerts} from '../helpers/alert-runs.ts';
import {type Alerting, ruleFiles} from './lab/alerting/alerting.ts';
import {type BatchTimes, type Inspect, runBatch, startLabs} from './lab/alerting/batch.ts';
import {canAlert} from './lab/alerting/can-alert.ts';
import type {EmbeddedLab} from './lab/alerting/embedded-lab.ts';
import {neverHere} from './lab/alerting/never-here.ts';
import type {Outcome} from './lab/alerting/outcomes.ts';
import {filledIn, panelQueries, ruleSelectors} from './lab/alerting/queries.ts';

/** As many as two cores bear besides, and one that stays well. */
const perBatch = 16;
const times: BatchTimes = {
	wellSeconds: 120,
	// A page has 180 s, tickets that do not wait for five minutes have these.
	brokenSeconds: 270,
	// Alerts go on firing for up to six minutes; then a group waits for one.
	healedSeconds: 780,
};
const minutesPerBatch = 30;

const alertTest = canAlert ? test.serial : test.serial.skip;
/** One of each kind: what is run where nothing else is asked for. */
const usual = [
	'headscale-frozen-and-service-dead',
	'headscale-restart',
	'headscale-drops-clients',
	'gpu2-dead-but-online',
	'gpu1-lost',
	'tailscaled-stopped',
	'relay-down',
];
/** `TAILPROBE_FAULTS=livekit-down,gpu1-hot` runs these, `all` every one and those tests of panels and rules that need all. */
const asked = process.env.TAILPROBE_FAULTS;
const wholeTest = asked === 'all' ? alertTest : undefined;
const chosen = asked?.split(',') ?? usual;
const embedded = alertFaults.filter(({id, lab}) => lab === 'embedded' && (asked === 'all' || chosen.includes(id)));
const batches = Array.from({length: Math.ceil(embedded.length / perBatch)}, (_, at) =>
	embedded.slice(at * perBatch, (at + 1) * perBatch),
);
const queries = panelQueries();
const keyOf = ({uid, panel, refId}: {uid: string; panel: string; refId?: string | undefined}) =>
	`${uid}: ${panel} ${refId ?? ''}`;

let labs: EmbeddedLab[] = [];
/** Queries of panels that gave nothing in health, and, by fault, while it was on. */
const emptyWhileWell = new Set<string>();
let looksWhileWell = 0;
const emptyUnder = new Map<string, Set<string>>();
const selectors = new Set(ruleSelectors(ruleFiles));

if (canAlert) {
	test.before(async t => {
		t.timeout(600_000);
		labs = await startLabs(Math.min(perBatch, embedded.length) + 1);
	});
	test.after.always(() => Promise.all(labs.map(lab => lab.stop())));
}

for (const [number, batch] of batches.entries()) {
	let outcomes: Promise<Map<string, Outcome>> | undefined;
	const well: AlertFault = {
		...{id: `well-${number + 1}`, says: 'Nothing.', lab: 'embedded', broken: []},
		...{fires: [], messages: {}, heals: ''},
	};
	for (const fault of [well, ...batch])
		alertTest(`batch ${number + 1}: ${fault.says}`, async t => {
			t.timeout(minutesPerBatch * 60_000);
			outcomes ??= runBatch([well, ...batch], labs, times, inspectFor(batch));

			const outcome = (await outcomes).get(fault.id);

			t.truthy(outcome);
			if (outcome) assertAlerts(t, fault, outcome);
		});
}

/** Has TailprobeStarved here, as many labs share few cores. */
const firingPanel = keyOf({uid: 'tailprobe-overview', panel: 'Alerts that fire', refId: 'A'});
const told = new Set(emptyInHealth.flatMap(one => queriesOf(one).map(keyOf)));

alertTest('every panel has data while all is well, or is told to be empty then', t => {
	t.true(looksWhileWell > 0);
	t.deepEqual(
		[...emptyWhileWell].filter(key => !told.has(key)),
		[],
	);
});

wholeTest?.('every panel that is told to be empty in health is, and is filled by its fault', t => {
	t.deepEqual(
		[...told].filter(key => !emptyWhileWell.has(key) && key !== firingPanel),
		[],
	);
	for (const one of emptyInHealth)
		if (one.fault !== undefined)
			for (const key of queriesOf(one).map(keyOf))
				t.false(emptyUnder.get(one.fault)?.has(key) ?? true, `${key} is not filled by ${one.fault}`);
});

wholeTest?.('every series that a rule starts from was there once, or is told to have no place in the lab', t => {
	t.deepEqual(
		[...selectors].filter(selector => !neverHere.some(({series}) => series.test(selector))),
		[],
	);
});

/** Looks at the queries of panels while all is well, and at those that a fault must fill while it is on; at the series of rules always. */
function inspectFor(batch: readonly AlertFault[]): Inspect {
	return async (phase, alerting) => {
		if (phase === 'well')
			for (const query of queries) {
				looksWhileWell++;
				if (await isEmpty(alerting, filledIn(query, {cluster: '.+'}))) emptyWhileWell.add(keyOf(query));
			}
		if (phase === 'broken')
			for (const {id} of batch) {
				const empty = new Set<string>();
				for (const one of emptyInHealth.filter(({fault}) => fault === id))
					for (const query of queriesOf(one))
						if (await isEmpty(alerting, filledIn(query, {cluster: id}))) empty.add(keyOf(query));
				emptyUnder.set(id, empty);
			}
		for (const selector of selectors) if (!(await isEmpty(alerting, selector))) selectors.delete(selector);
		const errors = await alerting.ruleErrors();
		if (errors.length > 0) throw new Error(`Rules failed: ${errors.join('; ')}`);
	};
}

function queriesOf({uid, panel, refId}: {uid: string; panel: string; refId?: string | undefined}) {
	return queries.filter(query => query.uid === uid && query.panel === panel && query.refId === (refId ?? query.refId));
}

async function isEmpty(alerting: Alerting, promql: string): Promise<boolean> {
	return (await alerting.query(`count(${promql})`)).length === 0;
}
