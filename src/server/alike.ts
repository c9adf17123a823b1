/** The checks that stand over what an ad hoc run was aimed at: their verdict may differ from its, and then people want to know why. Pure. */

import {isDeepStrictEqual} from 'node:util';
import type {Check} from '../engine/types.ts';
import {formatTime} from './format-time.ts';
import type {KnownCheckJson} from './json.ts';
import type {CheckView, DaemonView} from './types.ts';

/** The checks that the vantage of this run has of the same target, those of the same type first. A run of a check as configured has none. */
export function findAlike(run: Check, checks: readonly Check[]): Check[] {
	const written = comparable(run.target.address);
	const isAlike = ({type, vantage, target}: Check) =>
		vantage === run.vantage &&
		(comparable(target.address) === written || (type === run.type && target.name === run.target.address));
	const alike = checks.filter(isAlike);
	return alike.toSorted((one, other) => Number(other.type === run.type) - Number(one.type === run.type));
}

/** What the daemon knows of them now. */
export function describeAlike(run: Check, view: Pick<DaemonView, 'checks' | 'history'>): KnownCheckJson[] {
	const views = new Map(view.checks().map(known => [known.check.key, known]));
	return findAlike(
		run,
		Array.from(views.values(), ({check}) => check),
	).map(check => {
		const known = views.get(check.key);
		const since = known?.ran ? formatTime(sinceOf(known, view)) : undefined;
		return {
			...describeKnown(run, check),
			...(known?.ran ? {verdict: known.verdict} : {}),
			...(since === undefined ? {} : {since}),
		};
	});
}

/** What is known of a check without a daemon that runs it. */
export function describeKnown(run: Check, check: Check): KnownCheckJson {
	const isOwn =
		check.type === run.type && (check.target.via !== run.target.via || !isDeepStrictEqual(check.options, run.options));
	return {
		name: check.name,
		target: check.target.name,
		type: check.type,
		...(isOwn ? {ownOptions: true as const} : {}),
		...(check.expect === undefined ? {} : {expect: check.expect}),
	};
}

/** From when on its runs said the same without a break, as far back as they are kept. */
function sinceOf({check, verdict, downSince}: CheckView, view: Pick<DaemonView, 'history'>): number | undefined {
	if (verdict === 'down' && downSince !== undefined) return downSince;
	const recent = view.history(check.key)?.recent ?? [];
	const other = recent.findIndex(outcome => outcome.verdict !== verdict);
	return recent.at(other === -1 ? -1 : other - 1)?.startedAt;
}

/** A URL with nothing behind its host is the same with and without the last slash. */
function comparable(address: string): string {
	return address.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#]+)\/$/i, '$1');
}
