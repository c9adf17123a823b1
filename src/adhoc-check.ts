/** Finds the configured check that somebody wants to run now: by its name, and its target among those that it has. Pure. */

import type {CheckConfig} from './config/types.ts';
import type {Check} from './engine/types.ts';
import type {AdhocAnswer, AdhocRequest} from './server/types.ts';
import {oneLine} from './util/errors.ts';

type Refusal = AdhocAnswer & {kind: 'bad_request'};

/** What there is to choose from. */
export interface Known extends KnownVantages {
	/** All checks in the configuration. */
	configured: readonly Pick<CheckConfig, 'name' | 'from'>[];
	/** As they run now. */
	checks: readonly Check[];
	/** Names of the vantages that cannot run anything at present: where nobody says from where, one that works is meant. */
	gone: ReadonlySet<string>;
}

export interface KnownVantages {
	/** Each machine by its own name. */
	vantages: readonly string[];
	/** Entries of the configuration that stand for several machines. */
	groups: readonly string[];
	/** Those of them that are known at present. */
	membersOf(group: string): readonly string[];
}

/**
 * The check as configured, with its own options, way and expectation, from the vantage that was asked for or else the first that has it.
 * A wrong name is refused with what there is.
 */
export function findConfigured(
	{check: wanted = '', target, from, hostname}: AdhocRequest,
	known: Known,
): Check | Refusal {
	if (hostname) return refuse('hostname', 'A check has its own host name: leave out the hostname parameter.');
	const namesakes = known.checks.filter(({name}) => name === wanted);
	const named = from === undefined ? thoseThatCanLookFirst(namesakes, known.gone) : namesakes;
	const [first] = named;
	if (!first) return refuse('check', sayNoCheck(wanted, known));
	if (from !== undefined && !known.vantages.includes(from)) return refuse('from', sayNoVantage(from, known));
	// Every target once, as the wanted vantage has it where it has it.
	const targets = new Map<string, Check>();
	for (const check of named)
		if (!targets.has(check.target.name) || check.vantage === from) targets.set(check.target.name, check);
	const own = named.filter(({vantage}) => vantage === from);
	if (isOfItself(first) && from !== undefined && own.length === 0)
		return refuse(
			'from',
			`The check ${wanted} looks at the machine that it runs on, and does not run from ${from}; it runs from ${list(named.map(({vantage}) => vantage))}.`,
		);
	const choice = target === '' && own.length > 0 ? own : [...targets.values()];
	const aimed = target === '' ? onlyOne(choice) : findTarget(choice, target);
	if (aimed && isOfItself(aimed) && from !== undefined && aimed.vantage !== from)
		return refuse(
			'target',
			`The check ${wanted} looks at the machine that it runs on, so ${aimed.target.name} cannot be looked at from ${from}.`,
		);
	if (aimed) return from === undefined || aimed.vantage === from ? aimed : {...aimed, vantage: from};
	const there = list(choice.map(check => check.target.name));
	return refuse(
		'target',
		target === ''
			? `The check ${wanted} has ${choice.length} targets${own.length > 0 ? ` from ${from}` : ''}, so name one: ${there}.`
			: `The check ${wanted} has no target ${oneLine(target.replace(/[?#].*$/s, '?…'), 100)}; it has ${there}.`,
	);
}

/** Why no vantage goes by this name, and which there are. */
export function sayNoVantage(from: string, {vantages, groups, membersOf}: KnownVantages): string {
	if (!groups.includes(from))
		return `There is no vantage named ${oneLine(from, 60)}; there ${vantages.length === 1 ? 'is' : 'are'} ${list(vantages)}.`;
	const members = membersOf(from);
	return members.length === 0
		? `${from} stands for several machines, and none of them is known yet.`
		: `${from} stands for several machines: name one of ${list(members)}.`;
}

const shownAtMost = 20;

function thoseThatCanLookFirst(checks: readonly Check[], gone: ReadonlySet<string>): Check[] {
	return checks.toSorted((a, b) => Number(gone.has(a.vantage)) - Number(gone.has(b.vantage)));
}

function onlyOne(checks: readonly Check[]): Check | undefined {
	return checks.length === 1 ? checks[0] : undefined;
}

/** A name before an address: nobody else is meant by it. */
function findTarget(checks: readonly Check[], wanted: string): Check | undefined {
	return checks.find(({target}) => target.name === wanted) ?? checks.find(({target}) => target.address === wanted);
}

function isOfItself({target}: Check): boolean {
	return target.address === 'self';
}

function sayNoCheck(wanted: string, {configured, membersOf, groups}: Known): string {
	const check = configured.find(({name}) => name === wanted);
	if (check?.from?.every(name => groups.includes(name) && membersOf(name).length === 0))
		return `The check ${wanted} runs nowhere at present: no machine of the vantage ${list(check.from)} is known yet.`;
	if (check)
		return `The check ${wanted} has no targets here at present: its nodes come from headscale, which has not listed one yet.`;
	const there = configured.length === 0 ? 'there are none' : `there are ${list(configured.map(({name}) => name))}`;
	return `There is no check named ${oneLine(wanted, 60)}; ${there}.`;
}

function list(names: readonly string[]): string {
	const hidden = names.length - shownAtMost;
	return hidden > 0 ? `${names.slice(0, shownAtMost).join(', ')} and ${hidden} more` : names.join(', ');
}

function refuse(field: Refusal['field'], detail: string): Refusal {
	return {kind: 'bad_request', field, detail};
}
