/** Evidence without what it says twice. Pure. */

import type {Evidence} from '../../diagnosis/types.ts';
import {reasonOf} from '../../notes/source-groups.ts';
import {asSentence, listNames} from '../../util/words.ts';

/** What several say alike is said once, with their names; what stands in `told` already is left out. */
export function foldEvidence(evidence: readonly Evidence[], told: readonly string[] = []): Evidence[] {
	const alike = Map.groupBy(evidence, each => keyOf(each));
	return Array.from(alike.values(), same => foldAlike(same, told)).filter(
		({says, wanted}) => wanted !== undefined || !told.some(text => asSentence(text) === asSentence(says)),
	);
}

interface Told {
	/** Of whom. */
	who: string;
	/** `down (timeout)`, `unreadable`. */
	how: string;
	/** What came, in its own words. */
	why: string;
}

function take({says}: Evidence): Told | undefined {
	const [, check, how, came] = /^(\S.{0,300}?) is ((?:down|unknown)(?: \(\w+\))?): (.+)$/s.exec(says) ?? [];
	if (check !== undefined && how !== undefined && came !== undefined) return {who: check, how, why: came};
	const [, source, why] = /^(\S+) cannot be read: (.+)$/s.exec(says) ?? [];
	return source === undefined || why === undefined ? undefined : {who: source, how: unreadable, why};
}

const unreadable = 'unreadable';

function keyOf(evidence: Evidence): string {
	const parts = take(evidence);
	if (!parts) return evidence.says;
	// Requests to one system differ in their addresses only.
	return JSON.stringify([parts.how, parts.how === unreadable ? reasonOf(parts.why) : essenceOf(parts.why)]);
}

/** Without what differs between two runs against the same machine: the address that was asked for, and the time that it took. */
function essenceOf(text: string): string {
	return text
		.replace(/\b(?:GET |HEAD )?(?:https?|wss?|tcp):\/\/\S*[^\s:.,;]/g, '')
		.replace(/\b\d+(?:\.\d+)? m?s\b/g, '')
		.replace(/\.$/, '')
		.trim();
}

function foldAlike(same: readonly Evidence[], told: readonly string[]): Evidence {
	const all = same.flatMap(each => take(each) ?? []);
	const times = same.flatMap(({atMs}) => atMs ?? []);
	const wanted = same.find(each => each.wanted !== undefined)?.wanted;
	const [first] = all;
	return {
		says: first ? say(all, first, told) : (same[0]?.says ?? ''),
		...(wanted === undefined ? {} : {wanted}),
		...(times.length === 0 ? {} : {atMs: Math.max(...times)}),
		...(same.some(({fresh}) => fresh) ? {fresh: true as const} : {}),
	};
}

function say(all: readonly Told[], {how, why}: Told, told: readonly string[]): string {
	const names = [...new Set(all.map(({who}) => who))];
	const who = listNames({count: names.length, names});
	const what = how === unreadable ? 'cannot be read' : `${names.length === 1 ? 'is' : 'are'} ${how}`;
	const essence = essenceOf(why);
	const isTold = told.some(text => essenceOf(text).includes(essence));
	return asSentence(isTold ? `${who} ${what}` : `${who} ${what}: ${why}`);
}
