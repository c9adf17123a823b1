/** What a right configuration asks of remote vantages and can never get, although other parts of it work. */

import {faultOfAgentHost} from '../config/agent-hosts.ts';
import type {Config, RemoteVantageConfig} from '../config/types.ts';
import {findProbe} from '../probes/registry.ts';
import {withArticle} from '../util/words.ts';

/** Sentences about hosts that no agent way reaches, and about checks that no way of a vantage can run. */
export function describeUnmeasurable({vantages, checks, tailnet}: Config): string[] {
	const remotes = vantages.filter(vantage => vantage.type === 'remote');
	return [
		...remotes.flatMap(vantage => unreachedAgents(vantage, tailnet.prefixes)),
		...checks.flatMap(({name, type, from}) =>
			remotes
				.filter(vantage => from?.includes(vantage.name) && vantage.ways.every(way => way.type !== 'agent'))
				.filter(() => !findProbe(type)?.shell)
				.map(
					({name: vantage, ways}) =>
						`Check ${name} will be unknown from ${vantage}: ${withArticle(type)} check needs the agent way, and ${vantage} has only ${ways.map(way => way.type).join(' and ')}.`,
				),
		),
	];
}

function unreachedAgents({name, members, ways}: RemoteVantageConfig, prefixes: readonly string[]): string[] {
	if (members.kind !== 'hosts' || !ways.some(way => way.type === 'agent')) return [];
	return members.hosts.flatMap(host => {
		const fault = faultOfAgentHost(host.address, {prefixes});
		return fault
			? [`The agent of ${host.name} (vantage ${name}) is never dialled: ${fault}. Only its other ways can be used.`]
			: [];
	});
}
