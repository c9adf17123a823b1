/**
 * What came of a fault, held against scripts/docs/alert-faults.ts; and with TAILPROBE_RECORD=1 written to docs/alert-runs.json, from
 * which the table of docs/alerts.md is made.
 */

import {readFileSync, writeFileSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import type {AlertFault, FaultAlert} from '../../scripts/docs/alert-faults/types.ts';
import {alertFaults} from '../../scripts/docs/alert-faults.ts';
import type {AlertRun} from '../../scripts/docs/alerts-page.ts';
import {hastenedReceiver, ruleFiles} from '../system/lab/alerting/alerting.ts';
import {looksBack} from '../system/lab/alerting/hastened.ts';
import type {FiredAlert, Outcome} from '../system/lab/alerting/outcomes.ts';

/** From the fault to the page. */
const pageLimitSeconds = 180;
const receivers = ['page', 'ticket', 'chat'] as const;
const file = new URL('../../docs/alert-runs.json', import.meta.url);

/** Fails the test where other alerts fired, other messages were sent, or something did not resolve. */
export function assertAlerts(t: ExecutionContext, fault: AlertFault, outcome: Outcome): void {
	t.deepEqual(outcome.firedInHealth.map(inShort), [], 'this fired while all was well');
	const {missing, unexpected} = compare(fault.fires, outcome.fired);
	t.deepEqual({missing, unexpected}, {missing: [], unexpected: []}, 'what fired is not what the table says');

	for (const receiver of receivers) {
		const sent = outcome.notified.filter(one => one.receiver === receiver && one.status === 'firing');
		const wanted = fault.messages[receiver] ?? 0;
		t.is(
			sent.length,
			wanted,
			`${receiver} got: ${sent.map(one => one.alerts.map(({labels}) => labels.alertname)).join(' | ')}`,
		);
	}
	for (const expected of fault.fires) {
		const own = outcome.fired.filter(({alert, severity, labels}) => isMeant(expected, alert, severity, labels));
		// Of a hastened copy messages say nothing: it may be quicker than what mutes it.
		const told = own.every(({hastened}) => hastened)
			? outcome.standing.some(({labels, muted}) => !muted && isMeantBy(expected, labels))
			: outcome.notified.some(({alerts}) =>
					alerts.some(({status, labels}) => status === 'firing' && isMeantBy(expected, labels)),
				);
		t.is(told, expected.muted !== true, `${expected.alert} ${expected.severity} is ${told ? 'not ' : ''}muted`);
	}
	const firstPage = outcome.notified.find(({receiver, status}) => receiver === 'page' && status === 'firing');
	if (firstPage) t.true(firstPage.afterSeconds <= pageLimitSeconds, `the page came after ${firstPage.afterSeconds} s`);
	t.deepEqual(
		outcome.unresolved.filter(one => !(fault.unclosed ?? []).some(name => one.includes(`"${name}"`))),
		[],
		'these were never told to be over',
	);
	if (process.env.TAILPROBE_RECORD === '1') record(runOf(fault, outcome));
}

/** Which alerts should have fired and did not, and which fired and should not have. */
function compare(expected: readonly FaultAlert[], fired: readonly FiredAlert[]) {
	const left = [...fired];
	const missing: string[] = [];
	for (const one of expected) {
		const own = left.filter(({alert, severity, labels}) => isMeant(one, alert, severity, labels));
		if (own.length === 0) missing.push(`${one.alert} ${one.severity} ${JSON.stringify(one.labels)}`);
		for (const found of own) left.splice(left.indexOf(found), 1);
	}
	// A copy that was over before the fault, or looks back, is no sign of the alert as shipped, which waits ten times as long.
	const isSign = ({alert, hastened, stood}: FiredAlert) => !hastened || (stood && !looksBack(ruleFiles, alert));
	return {missing, unexpected: left.filter(isSign).map(inShort)};
}

function isMeant(
	expected: FaultAlert,
	alert: string,
	severity: string,
	labels: Readonly<Record<string, string>>,
): boolean {
	return (
		alert === expected.alert &&
		severity === expected.severity &&
		Object.entries(expected.labels).every(([name, value]) => labels[name] === value)
	);
}

function isMeantBy(expected: FaultAlert, labels: Readonly<Record<string, string>>): boolean {
	return isMeant(expected, labels.alertname ?? '', labels.severity ?? '', labels);
}

function inShort({alert, severity, hastened, labels}: FiredAlert): string {
	return `${alert} ${severity}${hastened ? ' (hastened)' : ''} ${JSON.stringify(labels)}`;
}

function runOf({id, fires}: AlertFault, {fired, notified, stoodSeconds}: Outcome): AlertRun {
	const seconds = (value: number) => Math.round(value);
	return {
		fault: id,
		alerts: fires.map(expected => {
			const first = fired.find(({alert, severity, labels}) => isMeant(expected, alert, severity, labels));
			return {
				alert: expected.alert,
				severity: expected.severity,
				...(first?.hastened === true ? {hastened: true} : {firedAfterSeconds: seconds(first?.afterSeconds ?? 0)}),
			};
		}),
		messages: notified
			.filter(({receiver, status}) => receiver !== hastenedReceiver && receiver in messagesOrder && status === 'firing')
			.map(({receiver, alerts, afterSeconds}) => ({
				receiver,
				alerts: [...new Set(alerts.map(({labels}) => labels.alertname ?? ''))].sort(),
				afterSeconds: seconds(afterSeconds),
			}))
			.toSorted((one, other) => order(one.receiver) - order(other.receiver) || one.afterSeconds - other.afterSeconds),
		resolvedAfterSeconds: seconds(stoodSeconds),
	};
}

const messagesOrder: Readonly<Record<string, number>> = Object.fromEntries(receivers.map((name, at) => [name, at]));
const order = (receiver: string) => messagesOrder[receiver] ?? receivers.length;

function record(run: AlertRun): void {
	const before = JSON.parse(readFileSync(file, {encoding: 'utf8', flag: 'a+'}) || '[]') as AlertRun[];
	const ids = alertFaults.map(({id}) => id);
	const runs = [...before.filter(({fault}) => fault !== run.fault && ids.includes(fault)), run].toSorted(
		(one, other) => ids.indexOf(one.fault) - ids.indexOf(other.fault),
	);
	writeFileSync(file, `${JSON.stringify(runs, null, '\t')}\n`);
}
