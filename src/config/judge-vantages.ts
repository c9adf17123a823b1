/** Mistakes that show when the entries of `vantages` are held against each other and the rest of the file. */

import {judgeAgentHosts} from './agent-hosts.ts';
import type {Complain, Path} from './judge.ts';
import type {File} from './schema.ts';

type FileRemote = Extract<File['vantages'][number], {type: 'remote'}>;

/** Complains of vantages that could not work, or not be told apart. `allowLoopback`: as in the embedded lab. */
export function judgeVantages(file: File, complain: Complain, {allowLoopback = false} = {}): void {
	const names = new Set<string>();
	const claim = (name: string, path: Path) => {
		if (names.has(name)) complain(path, `there is a vantage named ${name} already`);
		names.add(name);
	};
	for (const [at, {name}] of file.vantages.entries()) claim(name, ['vantages', at, 'name']);
	const locals = file.vantages.flatMap(({type}, at) => (type === 'local' ? [at] : []));
	if (locals.length === 0) complain(['vantages'], 'expected one vantage of type local');
	for (const at of locals.slice(1)) complain(['vantages', at, 'type'], 'expected one vantage of type local, not more');
	file.vantages.forEach((vantage, at) => {
		if (vantage.type !== 'remote') return;
		const here = ['vantages', at];
		for (const [index, {name}] of (vantage.hosts ?? []).entries()) claim(name, [...here, 'hosts', index, 'name']);
		judgeMembers(vantage, file, here, complain);
		judgeWays(vantage, file, here, complain);
	});
	judgeAgentHosts(file, complain, {allowLoopback});
}

function judgeMembers(vantage: FileRemote, file: File, here: Path, complain: Complain): void {
	const given = (['nodes', 'hosts', 'pods'] as const).filter(key => vantage[key] !== undefined);
	if (given.length === 0)
		complain(
			here,
			'the vantage has neither nodes nor hosts nor pods: nobody would look',
			...['nodes', 'hosts', 'pods'].map(key => [...here, key]),
		);
	for (const key of given.slice(1))
		complain([...here, key], `expected either ${given[0]} or ${key}, not both: each would name the same machines`);
	const nodes = vantage.nodes as {owner?: unknown; tags?: unknown} | undefined;
	if (nodes && nodes.owner === undefined && nodes.tags === undefined)
		complain(
			[...here, 'nodes'],
			'expected an owner or tags: any node can call itself as it likes, and would be trusted with checks',
		);
	if (nodes && !file.headscale?.api_key && !file.headscale?.cli)
		complain(
			[...here, 'nodes'],
			'nodes come from headscale: set headscale.api_key to {file: PATH} or {env: NAME}, or headscale.cli',
			...[['headscale'], ['headscale', 'api_key'], ['headscale', 'cli']],
		);
	if (vantage.pods && !vantage.ways.some(({pod}) => pod))
		complain(
			[...here, 'pods'],
			'the pods are those of a pod way, and there is none among the ways',
			...[[...here, 'ways'], ...vantage.ways.map((_, index) => [...here, 'ways', index, 'pod'])],
		);
}

function judgeWays(vantage: FileRemote, file: File, here: Path, complain: Complain): void {
	const seen = new Set<string>();
	vantage.ways.forEach((way, index) => {
		const entry = [...here, 'ways', index];
		const [type, ...more] = (['agent', 'ssh', 'pod'] as const).filter(key => way[key] !== undefined);
		if (type === undefined) {
			complain(entry, 'expected one of {agent: {…}}, {ssh: {…}} or {pod: {…}}');
			return;
		}
		for (const other of more)
			complain([...entry, other], `expected one way in each entry: give ${other} an entry of its own`);
		const place = [...entry, type];
		if (seen.has(type)) complain(place, `there is ${type === 'agent' ? 'an agent' : `a ${type}`} way already`);
		seen.add(type);
		if (type === 'pod' && !file.kubernetes)
			complain(place, 'pods are reached through the Kubernetes API: add a kubernetes block', ['kubernetes']);
		if (type !== 'pod' && vantage.pods && !vantage.nodes && !vantage.hosts)
			complain(
				place,
				`the pods of this vantage have no address for the ${type} way: expected nodes or hosts instead of pods`,
			);
	});
}
