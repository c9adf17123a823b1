/** Sources that fail, put together by the system that they are read of. Pure. */

import type {SourceView} from '../server/types.ts';
import {isUnsound} from '../vantages/unsound.ts';
import type {Noted} from './types.ts';

export interface SourceGroup {
	/** `headscale` where several of its sources fail alike, `tailscaled` where several of one fail, else the source's own name. */
	name: string;
	sources: readonly SourceView[];
}

/**
 * Failing sources; those of one system that fail for the same reason together, and whatever they say those of one tailscaled and of a
 * headscale that says nothing of its health: each part fails in words of its own. What a vantage that cannot look has of its own tailscaled is the vantage's trouble.
 */
export function groupSources(snapshot: Pick<Noted, 'sources' | 'vantages' | 'platform'>): SourceGroup[] {
	const unsound = new Set(snapshot.vantages.filter(isUnsound).map(({name}) => name));
	const failing = snapshot.sources.filter(({ok}) => ok === false);
	const alone = failing.filter(source => !unsound.has(vantageOf(source, snapshot) ?? ''));
	const isOut = failing.some(({name}) => name === 'headscale-health');
	const alike = Map.groupBy(alone, source => {
		const system = systemOf(source);
		const whole = isOut && system === 'headscale' ? system : vantageOf(source, snapshot);
		return JSON.stringify([system, whole ?? reasonOf(source.detail ?? '')]);
	});
	return Array.from(alike.values(), group => {
		const [first] = group;
		return {name: group.length > 1 && first ? systemOf(first) : (first?.name ?? ''), sources: group};
	});
}

export const systemOf = ({name}: SourceView) => name.split('-', 1)[0] ?? name;

/** The vantage whose tailscaled it is: the one that it is named after, or the only one that has a tailscaled. */
function vantageOf(source: SourceView, {platform: {tailscaled}}: Pick<Noted, 'platform'>): string | undefined {
	if (systemOf(source) !== 'tailscaled') return undefined;
	const [only, ...others] = tailscaled;
	if (only && others.length === 0) return only.vantage;
	const [, name] = /^tailscaled-[^-]+-(.*)$/.exec(source.name) ?? [];
	return name;
}

/** A sentence without what differs between two requests to the same system. */
export function reasonOf(detail: string): string {
	return detail
		.replace(/\b(?:GET |HEAD )?https?:\/\/\S*[^\s:.,;]/g, '')
		.replace(/\d+/g, '#')
		.trim();
}
