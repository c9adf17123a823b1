/** What stands in tailprobe's own way, for whoever asks whether it is ready: anybody may read it, so that it repeats nothing of any file. Pure. */

import type {CheckView} from '../server/types.ts';
import {asSentence, count} from '../util/words.ts';
import type {VantageState} from '../vantages/types.ts';
import {isUnsound} from '../vantages/unsound.ts';

/** A reload that was refused: mistakes may show values of the file, so only their places are told. */
export function sayRefusedReload(mistakes: readonly string[]): string[] {
	if (mistakes.length === 0) return [];
	const places = mistakes.flatMap(mistake => /^(\S+:\d+:\d+): /.exec(mistake)?.[1] ?? []);
	const shown = places.length > shownAtMost ? [...places.slice(0, shownAtMost), '…'] : places;
	const at = shown.length === 0 ? '' : ` (${shown.join(', ')})`;
	return [
		`The last reload was refused for ${count(mistakes.length, 'mistake')}${at}, the old configuration is in force: the log, the status page and \`tailprobe check-config\` say what is wrong. It is read again as soon as its files change.`,
	];
}

/** Vantages that cannot look. Of other machines only how many: why may have words of theirs. */
export function sayUnsound(vantages: readonly VantageState[]): string[] {
	const unsound = vantages.filter(isUnsound);
	const own = unsound.filter(({group}) => group === undefined);
	const others = unsound.filter(({group}) => group !== undefined).map(({name}) => name);
	const shown = others.length > shownAtMost ? [...others.slice(0, shownAtMost), '…'] : others;
	return [
		...own.map(
			({name, condition, detail}) =>
				`The vantage ${name} is ${condition}, its tailnet checks are unknown: ${asSentence(detail ?? 'no reason is known')}`,
		),
		...(others.length === 0
			? []
			: [`${count(others.length, 'machine')} that should look cannot: ${shown.join(', ')}.`]),
	];
}

/** Checks that a sound vantage of our own cannot run for something around it, such as a proxy that does not listen or a secret that is missing. */
export function sayBlind(checks: Iterable<CheckView>, vantages: readonly VantageState[]): string[] {
	const sound = new Set(vantages.filter(state => state.group === undefined && !isUnsound(state)).map(({name}) => name));
	const groups = new Map<string, Set<string>>();
	for (const view of checks) {
		if (!view.ran || view.verdict !== 'unknown' || !sound.has(view.check.vantage)) continue;
		const {last} = view;
		if (last?.reason !== 'vantage' || last.detail === undefined) continue;
		groups.set(last.detail, (groups.get(last.detail) ?? new Set()).add(view.check.name));
	}
	return Array.from(groups)
		.slice(0, shownAtMost)
		.map(([detail, names]) => {
			const shown = [...names].slice(0, shownAtMost).join(', ');
			const more = names.size > shownAtMost ? ', …' : '';
			return `${names.size === 1 ? 'Check' : 'Checks'} ${shown}${more} cannot be looked at: ${asSentence(detail)}`;
		});
}

const shownAtMost = 5;
