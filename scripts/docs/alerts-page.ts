/** docs/alerts.md: what was written by hand, then every alert as its file has it, and which fault fires which. */

import {parse} from 'yaml';
import type {FaultAlert} from './alert-faults/types.ts';
import {alertFaults} from './alert-faults.ts';

/** What was measured of a fault. */
export interface AlertRun {
	fault: string;
	alerts: ReadonlyArray<{
		alert: string;
		severity: string;
		/** From the fault to the evaluation that fired; absent where only its hastened copy did. */
		firedAfterSeconds?: number;
		/** It waits for minutes by design, and was seen to fire as a copy that waits a tenth of that. */
		hastened?: boolean;
	}>;
	/** Messages that something fires, from the fault to their arrival. */
	messages: ReadonlyArray<{receiver: string; alerts: readonly string[]; afterSeconds: number}>;
	/** From healing to the last evaluation at which anything still fired. */
	resolvedAfterSeconds: number;
}

interface RuleFile {
	groups: ReadonlyArray<{rules: ReadonlyArray<AlertRule>}>;
}

interface AlertRule {
	alert?: string;
	for?: string;
	keep_firing_for?: string;
	labels?: {severity?: string};
	annotations?: {summary?: string};
}

const marker = '<!-- Generated from here on by `npm run docs`. -->';

/** The page, with its hand-written beginning as it stands. `files`: rule files of alerts/, their text by name. */
export function alertsPage(before: string, files: Readonly<Record<string, string>>, runs: readonly AlertRun[]): string {
	const [head = ''] = before.split(marker, 1);
	return `${head.trimEnd()}\n\n${marker}\n\n${listOf(files)}\n${faultTable(files, runs)}`;
}

function listOf(files: Readonly<Record<string, string>>): string {
	const sections = Object.entries(files).flatMap(([name, text]) => {
		const alerts = alertsIn(text);
		if (alerts.length === 0) return [];
		const rows = alerts.map(
			({alert, labels, annotations, ...rule}) =>
				`| [${alert}](runbooks/${alert.toLowerCase()}.md) | ${labels?.severity ?? ''} | ${rule.for ?? 'at once'} | ${rule.keep_firing_for ?? ''} | ${annotations?.summary ?? ''} |`,
		);
		return [
			`### alerts/${name}\n\n| alert | severity | after | kept for | says |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`,
		];
	});
	return `## The alerts\n\n*After* is how long it must be so, *kept for* how long it goes on firing where the series end or get well for a moment. An alert with two severities stands here twice.\n\n${sections.join('\n')}`;
}

function faultTable(files: Readonly<Record<string, string>>, runs: readonly AlertRun[]): string {
	const waits = new Map(
		Object.values(files)
			.flatMap(alertsIn)
			.map(rule => [`${rule.alert} ${rule.labels?.severity}`, rule.for ?? '']),
	);
	const rows = alertFaults.map(({id, says, lab, fires, heals}) => {
		const run = runs.find(({fault}) => fault === id);
		const alerts = unique(fires.map(one => alertCell(one, run, waits))).join('<br>');
		const messages = run?.messages.map(
			({receiver, alerts: told, afterSeconds}) => `${receiver}: ${told.join(', ')} after ${afterSeconds} s`,
		);
		const nothing = run ? 'none' : 'not run';
		return `| ${says} | ${lab} | ${alerts || 'none'} | ${messages?.join('<br>') || nothing} | ${heals} | ${run && fires.length > 0 ? `${run.resolvedAfterSeconds} s` : ''} |`;
	});
	return `## What fires for what

Each fault is brought about under a real Prometheus that scrapes every 15 s and has the rules as they are, with a real Alertmanager and \`alerts/alertmanager.example.yml\` behind: \`embedded\` in the lab of \`npm start\` with checks every 15 s, \`real\` with headscale and tailscaled. ${sayRuns(runs)} Seconds count from the fault. An alert in italics fires and is muted by another; *by design* are those that wait for five minutes or longer, which were seen to fire as a copy that waits a tenth of that.

| fault | lab | alerts | messages | healed by | over after |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

/** A run is recorded only where all that it says held. */
function sayRuns(runs: readonly AlertRun[]): string {
	const missing = alertFaults.filter(({id}) => !runs.some(({fault}) => fault === id)).length;
	const sound =
		'no other alert fired and no other message was sent, nothing fired before, and all was resolved after healing';
	return missing === 0
		? `All of them have been run: ${sound}.`
		: `${alertFaults.length - missing} of ${alertFaults.length} have been run, of which this holds: ${sound}. The others say what has to fire.`;
}

function alertCell(
	{alert, severity, muted}: FaultAlert,
	run: AlertRun | undefined,
	waits: Map<string, string>,
): string {
	const measured = run?.alerts.find(one => one.alert === alert && one.severity === severity);
	const wait = waits.get(`${alert} ${severity}`);
	const when = measured?.hastened
		? `, after ${wait} by design`
		: measured?.firedAfterSeconds === undefined
			? ''
			: `, ${measured.firedAfterSeconds} s`;
	const text = `${alert} (${severity}${when})`;
	return muted ? `*${text}*` : text;
}

function alertsIn(text: string): Array<AlertRule & {alert: string}> {
	return (parse(text) as RuleFile).groups.flatMap(({rules}) =>
		rules.flatMap(({alert, ...rule}) => (alert === undefined ? [] : [{alert, ...rule}])),
	);
}

function unique(texts: readonly string[]): string[] {
	return [...new Set(texts)];
}
