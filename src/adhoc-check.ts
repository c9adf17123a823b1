/** Finds the configured check that somebody wants to run now: by its name, and its target among those that it has. Pure. */

import type {Check} from './engine/types.ts';
import type {AdhocAnswer, AdhocRequest} from './server/types.ts';
import {oneLine} from './util/errors.ts';

type Refusal = AdhocAnswer & {kind: 'bad_request'};

/** What there is to choose from. */
export interface Known {
	/** Names of all checks in the configuration. */
	names: readonly string[];
	/** As they run now. */
	checks: readonly Check[];
	vantages: readonly string[];
}

/**
 * The check as configured, with its own options, way and expectation, from the vantage that was asked for or else the first that has it.
 * A wrong name is refused with what there is.
 */
export function findConfigured(
	{check: wanted = '', target, from, hostname}: AdhocRequest,
	{names, checks, vantages}: Known,
): Check | Refusal {
	if (hostname) return refuse('hostname', 'A check has its own host name: leave out the hostname parameter.');
	const named = checks.filter(({name}) => name === wanted);
	const [first] = named;
	if (!first) return refuse('check', sayNoCheck(wanted, names));
	if (from !== undefined && !vantages.includes(from))
		return refuse('from', `There is no vantage named ${oneLine(from, 60)}; there are ${vantages.join(', ')}.`);
	// Every target once, as the wanted vantage has it where it has it.
	const targets = new Map<string, Check>();
	for (const check of named)
		if (!targets.has(check.target.name) || check.vantage === from) targets.set(check.target.name, check);
	const aimed = target === '' ? onlyOne([...targets.values()]) : findTarget([...targets.values()], target);
	if (aimed) return from === undefined || aimed.vantage === from ? aimed : {...aimed, vantage: from};
	const there = list([...targets.keys()]);
	return refuse(
		'target',
		target === ''
			? `The check ${wanted} has ${targets.size} targets, so name one: ${there}.`
			: `The check ${wanted} has no target ${oneLine(target.replace(/[?#].*$/s, '?…'), 100)}; it has ${there}.`,
	);
}

const shownAtMost = 20;

function onlyOne(checks: readonly Check[]): Check | undefined {
	return checks.length === 1 ? checks[0] : undefined;
}

/** A name before an address: nobody else is meant by it. */
function findTarget(checks: readonly Check[], wanted: string): Check | undefined {
	return checks.find(({target}) => target.name === wanted) ?? checks.find(({target}) => target.address === wanted);
}

function sayNoCheck(wanted: string, names: readonly string[]): string {
	if (names.includes(wanted))
		return `The check ${wanted} has no targets here at present: its nodes come from headscale, which has not listed one yet.`;
	const there = names.length === 0 ? 'there are none' : `there are ${list(names)}`;
	return `There is no check named ${oneLine(wanted, 60)}; ${there}.`;
}

function list(names: readonly string[]): string {
	const hidden = names.length - shownAtMost;
	return hidden > 0 ? `${names.slice(0, shownAtMost).join(', ')} and ${hidden} more` : names.join(', ');
}

function refuse(field: Refusal['field'], detail: string): Refusal {
	return {kind: 'bad_request', field, detail};
}
