import {groupSources} from '../../notes/source-groups.ts';
import type {SourceView} from '../../server/types.ts';
import {asSentence} from '../../util/words.ts';
import {commandOf, headscaleCommand, kubectlCommand, tailscaleCommand} from '../commands.ts';
import {evidenceOfSource} from '../evidence.ts';
import type {World} from '../scene.ts';
import type {Cause, Command, Finding} from '../types.ts';

/** Asked for all sources at once, not for each link: one that cannot be read breaks none. */
export const sourceUnreadable: Cause = {
	id: 'source-unreadable',
	rung: 'control',
	title: 'A system that is read for facts does not tell',
	means:
		'Links work or fail without it, but tailprobe knows less: what it shows of that system is as old as the last read, and is left out once it is too old. Make it answer again, or mend what was configured for reading it.',
	find({world, check, peer}) {
		if (check || peer !== '') return undefined;
		const [first] = groupSources(world);
		return first && findUnreadable(world, first);
	},
};

/** What there is to say of sources that fail together; `name` is that of the system, or of the only one. */
export function findUnreadable(world: World, {name, sources}: {name: string; sources: readonly SourceView[]}): Finding {
	const [first] = sources;
	return {
		effect: 'beside',
		confidence: 'certain',
		about: name,
		says: asSentence(`${name} cannot be read: ${first?.detail ?? 'it gave no reason'}`),
		evidence: sources.slice(0, sourcesShown).map(source => ({...evidenceOfSource(source), wanted: 'an answer'})),
		next: [commandFor(world, name)],
	};
}

const sourcesShown = 6;

function commandFor(world: World, name: string): Command {
	if (name.startsWith('headscale'))
		return headscaleCommand({world}, ['nodes', 'list'], 'Whether headscale itself answers.');
	if (name.startsWith('tailscaled'))
		return tailscaleCommand({world}, '', ['status'], 'Whether tailscaled answers there.');
	if (name.startsWith('kubernetes')) return kubectlCommand(['get', 'nodes'], 'Whether the API server answers.');
	if (name.startsWith('vast'))
		return commandOf('wherever vastai is', ['vastai', 'show', 'instances'], 'Whether vast.ai answers.');
	return commandOf('wherever tailprobe is', ['tailprobe', 'diagnose'], 'What is wrong now, and what cannot be read.');
}
