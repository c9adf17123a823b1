import test from 'ava';
import {alertFaults} from '../../../scripts/docs/alert-faults.ts';
import {type AlertRun, alertsPage} from '../../../scripts/docs/alerts-page.ts';

const runs = alertFaults.map(({id}): AlertRun => ({fault: id, alerts: [], messages: [], resolvedAfterSeconds: 0}));

test('the page says of every fault that it was run only where all were', t => {
	t.true(alertsPage('', {}, runs).includes('All of them have been run: no other alert fired'));
	for (const some of [runs.slice(1), []]) {
		const page = alertsPage('', {}, some);
		t.true(page.includes(`${some.length} of ${runs.length} have been run`), page);
		t.false(page.includes('All of them have been run'));
	}
});

test('runs of faults that are no longer in the list count for nothing', t => {
	const gone: AlertRun = {fault: 'gone', alerts: [], messages: [], resolvedAfterSeconds: 0};

	t.true(alertsPage('', {}, [gone]).includes(`0 of ${runs.length} have been run`));
});
