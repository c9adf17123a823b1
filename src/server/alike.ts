/** The checks that stand over what an ad hoc run was aimed at: their verdict may differ from its, and then people want to know why. Pure. */

import {isDeepStrictEqual} from 'node:util';
import type {Check} from '../engine/types.ts';
import {formatTime} from '../util/format-time.ts';
import type {KnownCheckJson} from './json.ts';
import type {CheckView, DaemonView} from './types.ts';

/**
 * The checks that the vantage of this run has of the same target, those of the same type first; before them the tunnel check of the node,
 * where a node was named and nothing of it. A run of a check as configured has none.
 */
export function findAlike(run: Check, checks: readonly Check[]): Check[] {
	const written = comparable(run.target.address);
	const isAlike = ({type, vantage, target}: Check) =>
		vantage === run.vantage &&
		(comparable(target.address) === written || (type === run.type && target.name === run.target.address));
	const rank = (check: Check) => (tellsReach(run, check) ? 0 : check.type === run.type ? 1 : 2);
	return checks
		.filter(check => isAlike(check) || tellsReach(run, check))
		.toSorted((one, other) => rank(one) - rank(other));
}

/** Whether the check is the tunnel to the node that the run was aimed at by its bare name or address. */
function tellsReach({type, vantage, target: {address}}: Check, check: Check): boolean {
	return (
		type !== 'tunnel' &&
		check.type === 'tunnel' &&
		check.vantage === vantage &&
		[check.target.name, check.target.address].includes(address)
	);
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
		const downSince = known?.ran && known.verdict === 'unknown' ? formatTime(known.downSince) : undefined;
		return {
			...describeKnown(run, check),
			...(known?.ran ? {verdict: known.verdict} : {}),
			...(since === undefined ? {} : {since}),
			...(downSince === undefined ? {} : {downSince}),
			...(downSince === undefined || known?.downReason === undefined ? {} : {downReason: known.downReason}),
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
		...(tellsReach(run, check) ? {tellsReach: true as const} : {}),
		...(isOwn ? {ownOptions: true as const} : {}),
		...(check.expect === undefined ? {} : {expect: check.expect}),
	};
}

/** From when on its runs said the same without a break, as far back as they are kept. */
function sinceOf(known: CheckView, view: Pick<DaemonView, 'history'>): number | undefined {
	const {check, verdict, downSince, unknownSince} = known;
	if (verdict === 'down' && downSince !== undefined) return downSince;
	if (verdict === 'unknown' && unknownSince) return unknownSince.ms;
	const recent = view.history(check.key)?.recent ?? [];
	const other = recent.findIndex(outcome => outcome.verdict !== verdict);
	return recent.at(other === -1 ? -1 : other - 1)?.startedAt;
}

/** A URL with nothing behind its host is the same with and without the last slash. */
function comparable(address: string): string {
	return address.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#]+)\/$/i, '$1');
}
