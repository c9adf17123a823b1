/** What somebody means who asks for a diagnosis, in the words that people have at hand. Pure. */

import {canonicalAddress} from '../net/guard.ts';
import type {CheckView} from '../server/types.ts';
import {oneLine} from '../util/errors.ts';
import {allNearest} from '../util/nearest.ts';
import {count} from '../util/words.ts';
import {findByPlace, findFault} from './subject-fault.ts';
import type {Subject} from './types.ts';
import type {World} from './world.ts';

/** What is meant, or what is wrong with how it was asked. */
export type Found = {subject: Subject} | {field: 'subject' | 'from'; detail: string};

/** The longest text that is looked at. */
const charactersAtMost = 2048;
const shownAtMost = 10;
/** Names beyond this length are no slip of the pen. */
const comparedCharacters = 100;
/** Anybody may ask for a name that does not exist: it must cost little however many there are. */
const comparedNames = 2000;
/** Of more that are as near none was meant. */
const meantAtMost = 3;

/**
 * The link, node or vantage that the text names: the key of a check or the address of its page, a check with its target, a node by its
 * name, its name in MagicDNS or an address of its, a target by its name or address, a vantage, or what a cause is about (`node x`,
 * `vantage y`). A node comes before a target or a vantage of its name: it covers them. `from` chooses among vantages. Where nothing is
 * meant by it, or too much, the sentence says what there is.
 */
export function findSubject(text: string, from: string | undefined, world: World): Found {
	const wanted = text.trim();
	if (wanted === '' || wanted.length > charactersAtMost)
		return refuse('subject', 'Name a check with its target, a node or a vantage.');
	if (from !== undefined && !world.vantage(from)) return refuse('from', sayNoVantage(from, world));
	const key = keyInAddress(wanted);
	const view = world.check(wanted) ?? world.check(key ?? '');
	if (view) return {subject: {kind: 'check', check: view.check}};
	const cased = inKnownCase(key ?? wanted, world);
	const other = world.check(cased);
	if (other) return {subject: {kind: 'check', check: other.check}};
	const left = findLeft(key ?? wanted, from, world);
	if (left) return left;
	if (key !== undefined)
		return refuse(
			'subject',
			`That address is of the check ${shown(key)}, which is not there now. ${sayWhatThereIs(key, world)}`,
		);
	return (
		findNamed(wanted, from, world) ??
		(cased === wanted ? undefined : findNamed(cased, from, world)) ??
		findPlace(wanted, from, world) ??
		findIncident(wanted, world) ??
		refuseGroup(wanted, world) ??
		refuse('subject', `Nothing here goes by the name ${shown(wanted)}. ${sayWhatThereIs(wanted, world)}`)
	);
}

function findNamed(text: string, from: string | undefined, world: World): Found | undefined {
	return (
		findCheck(text, from, world) ??
		findNode(text, from, world) ??
		findTarget(text, from, world) ??
		findVantage(text, world) ??
		findOnlyTarget(text, from, world)
	);
}

function findPlace(text: string, from: string | undefined, world: World): Found | undefined {
	const found = findByPlace(text, world);
	return found.length > 0 ? chooseLink(found, from, shown(text), world) : undefined;
}

function findIncident(text: string, world: World): Found | undefined {
	const subject = findFault(text, world);
	return subject && {subject};
}

/** Each word as it is written here: nobody who was just woken minds capitals. */
function inKnownCase(text: string, {checks, vantages}: World): string {
	const known = new Map<string, string>();
	for (const {name} of vantages) known.set(name.toLowerCase(), name);
	for (const {check} of checks)
		for (const name of [check.vantage, check.target.name, check.name]) known.set(name.toLowerCase(), name);
	return text.replace(/[^\s/]+/g, word => known.get(word.toLowerCase()) ?? word);
}

/** The key in the address of a page of a check, or of its history; undefined where it is no such address. */
function keyInAddress(text: string): string | undefined {
	if (!/^(?:https?:\/\/|\/|#|api\/|checks\/)\S+$/i.test(text)) return undefined;
	const [, encoded] = /(?:^|[/#])checks\/([^?#]+)/i.exec(text) ?? [];
	if (encoded === undefined) return undefined;
	const bare = encoded.replace(/\/(?:history\/?)?$/, '');
	try {
		return decodeURIComponent(bare);
	} catch {
		return bare;
	}
}

/** A check whose node left, so that it is planned no more, as an alert of a while ago names it: then the node is what is meant. */
function findLeft(key: string, from: string | undefined, world: World): Found | undefined {
	const [, name, target] = /^([^/\s]+)(?:\/[^/\s]+)?[/\s]\s*([^/\s]+)$/.exec(key) ?? [];
	if (name === undefined || target === undefined) return undefined;
	const ofName = world.checks.filter(({check}) => check.name === name);
	if (ofName.length === 0 || ofName.some(({check}) => check.target.name === target)) return undefined;
	return findNode(target, from, world);
}

/** `check/target` or `check target`. */
function findCheck(text: string, from: string | undefined, world: World): Found | undefined {
	for (const [, name = '', target = ''] of [
		/^(\S+)\s+(\S+)$/.exec(text) ?? [],
		/^([^/\s]+)\/(\S+)$/.exec(text) ?? [],
	]) {
		if (name === '') continue;
		const found = world.checks.filter(
			({check}) => check.name === name && (check.target.name === target || check.target.address === target),
		);
		if (found.length > 0) return chooseLink(found, from, `${name} ${target}`, world);
	}
	return undefined;
}

function findNode(text: string, from: string | undefined, world: World): Found | undefined {
	const name = text.replace(/^node\s+/i, '').replace(/\.$/, '');
	const node = nodeNamed(name, world);
	if (node === undefined) return undefined;
	if (from === undefined) return {subject: {kind: 'node', node}};
	const looks = world.ofPeer(node);
	if (looks.length > 0) return chooseLink(looks, from, node, world);
	return refuse('from', `No check looks at ${node}, from ${from} or elsewhere; leave out from.`);
}

/** A name as listed or as the peer of a check, also after it left the list; in MagicDNS capitals mean nothing. */
function nodeNamed(name: string, world: World): string | undefined {
	const isKnown = (candidate: string) =>
		candidate !== '' && (world.node(candidate) !== undefined || world.ofPeer(candidate).length > 0);
	const small = name.toLowerCase();
	const domains = [world.landmarks.domain, ...world.vantages.map(({facts}) => facts.domain)];
	const labels = domains.flatMap(domain =>
		domain !== undefined && small.endsWith(`.${domain.toLowerCase()}`) ? small.slice(0, -domain.length - 1) : [],
	);
	const named = [name, small, ...labels].find(isKnown);
	if (named !== undefined) return named;
	const address = canonicalAddress(name.replace(/^\[(.*)\]$/, '$1'));
	if (address === undefined) return undefined;
	return world.nodes.find(({node}) => node.addresses.includes(address))?.node.name;
}

/** By name or by what is dialled. */
function findTarget(text: string, from: string | undefined, world: World): Found | undefined {
	const named = world.checks.filter(({check}) => check.target.name === text && check.target.address !== 'self');
	const found = named.length > 0 ? named : text === 'self' ? [] : world.ofAddress(text);
	return found.length > 0 ? chooseLink(found, from, shown(text), world) : undefined;
}

function findVantage(text: string, world: World): Found | undefined {
	const name = text.replace(/^vantage\s+/i, '');
	return world.vantage(name) && {subject: {kind: 'vantage', vantage: name}};
}

function refuseGroup(text: string, world: World): Found | undefined {
	const isGroup = world.vantages.some(({group}) => group === text);
	return isGroup ? refuse('subject', sayNoVantage(text, world)) : undefined;
}

/** A check by its name alone, where it has one target. */
function findOnlyTarget(text: string, from: string | undefined, world: World): Found | undefined {
	const found = world.checks.filter(({check}) => check.name === text);
	if (found.length === 0) return undefined;
	const targets = [...new Set(found.map(({check}) => check.target.name))];
	if (targets.length === 1) return chooseLink(found, from, text, world);
	return refuse(
		'subject',
		`The check ${text} has ${targets.length} targets, so name one, as in \`${text}/${targets[0]}\`: ${list(targets)}.`,
	);
}

/** Of several links the one that most needs an explanation; of equal ones a service before its tunnel, our own look before others, and the order of the configuration. */
function chooseLink(views: readonly CheckView[], from: string | undefined, what: string, world: World): Found {
	const own = from === undefined ? views : views.filter(({check}) => check.vantage === from);
	const [best] = own.toSorted((one, other) => rank(one, world) - rank(other, world));
	if (best) return {subject: {kind: 'check', check: best.check}};
	const vantages = [...new Set(views.map(({check}) => check.vantage))];
	return refuse('from', `${what} is not looked at from ${from}; it is from ${list(vantages)}.`);
}

function rank({check, verdict}: CheckView, world: World): number {
	const isRemote = world.vantage(check.vantage)?.group !== undefined;
	return {down: 0, unknown: 4, up: 8}[verdict] + (isRemote ? 2 : 0) + (check.type === 'tunnel' ? 1 : 0);
}

function sayNoVantage(name: string, {vantages}: World): string {
	const members = vantages.filter(({group}) => group === name);
	if (members.length > 0)
		return `${shown(name)} stands for several vantages: name one of ${list(members.map(each => each.name))}.`;
	return `There is no vantage named ${shown(name)}; there ${vantages.length === 1 ? 'is' : 'are'} ${list(vantages.map(each => each.name))}.`;
}

/** What the text may be a slip of, and some of everything. */
function sayWhatThereIs(text: string, world: World): string {
	const nodes = [...new Set([...world.nodes.map(({node}) => node.name), ...peersOf(world)])];
	const checks = [...new Set(world.checks.map(({check}) => check.name))];
	const targets = [...new Set(world.checks.map(({check}) => check.target.name))];
	const vantages = world.vantages.map(({name}) => name);
	const last = text.split(/[\s/]/).at(-1) ?? text;
	const names = [...nodes, ...vantages, ...targets, ...checks].slice(0, comparedNames);
	const meant = [...new Set([text, last])]
		.filter(word => word.length <= comparedCharacters)
		.map(word => allNearest(word, names))
		.find(candidates => candidates.length > 0 && candidates.length <= meantAtMost);
	return [
		...(meant === undefined ? [] : [`Did you mean ${meant.join(' or ')}?`]),
		`There ${nodes.length === 1 ? 'is' : 'are'} ${count(nodes.length, 'node')}${some(nodes)}, ${count(vantages.length, 'vantage')}${some(vantages)} and ${count(checks.length, 'check')}${some(checks)}; a check is named with its target, as in \`check/target\`.`,
	].join(' ');
}

function peersOf({checks}: World): string[] {
	return checks.flatMap(({check}) => (check.target.peer === '' ? [] : check.target.peer));
}

function some(names: readonly string[]): string {
	return names.length === 0 ? '' : ` (${list(names)})`;
}

function list(names: readonly string[]): string {
	const hidden = names.length - shownAtMost;
	return names.slice(0, shownAtMost).join(', ') + (hidden > 0 ? ` and ${hidden} more` : '');
}

/** What a caller wrote, in a sentence: a query may hold a token, and what stands before an @ a password. */
function shown(text: string): string {
	const clean = text.replace(/[?#].*$/s, '?…').replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/]*@/i, '$1…@');
	return oneLine(clean, 100);
}

function refuse(field: 'subject' | 'from', detail: string): Found {
	return {field, detail};
}
