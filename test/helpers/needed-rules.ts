/** The rules on which an alert stands: promtool evaluates every rule it is given at each step, and most have nothing to do with it. */

import {readFileSync} from 'node:fs';
import {parse} from 'yaml';

interface RuleText {
	alert?: string;
	record?: string;
	expr: string;
	annotations?: Record<string, string>;
}

/** A group of a file of Prometheus, as it stands there. */
export interface RuleGroup {
	name: string;
	rules: RuleText[];
}

/** All groups of some files, in the order of the files. */
export function readGroups(files: readonly string[]): RuleGroup[] {
	return files.flatMap(file => (parse(readFileSync(file, 'utf8')) as {groups: RuleGroup[]}).groups);
}

/** The groups with nothing but these alerts, what is recorded for them, and alerts whose state they ask for; in the order given. */
export function neededFor(alerts: readonly string[], groups: readonly RuleGroup[]): RuleGroup[] {
	const byName = new Map<string, RuleText[]>();
	for (const rule of groups.flatMap(group => group.rules)) {
		const name = rule.record ?? rule.alert ?? '';
		byName.set(name, [...(byName.get(name) ?? []), rule]);
	}
	const needed = new Set<RuleText>();
	const add = (name: string) => {
		for (const rule of byName.get(name) ?? []) {
			if (needed.has(rule)) continue;
			needed.add(rule);
			for (const word of [rule.expr, ...Object.values(rule.annotations ?? {})].join(' ').match(/[\w:]+/g) ?? [])
				if (byName.has(word)) add(word);
		}
	};
	for (const alert of alerts) add(alert);
	return groups
		.map(group => ({...group, rules: group.rules.filter(rule => needed.has(rule))}))
		.filter(({rules}) => rules.length > 0);
}
