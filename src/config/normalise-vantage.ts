/** An entry of `vantages` in the words of the program. */

import type {NodeSelector} from '../inventory/select.ts';
import type {File} from './schema.ts';
import {placeOf} from './tailnet-schema.ts';
import type {RemoteVantageConfig, VantageConfig, WayConfig} from './types.ts';

type FileVantage = File['vantages'][number];
type FileRemote = Extract<FileVantage, {type: 'remote'}>;
type FileWay = FileRemote['ways'][number];

/** Of an entry that was judged: it has exactly one kind of members, and each of its ways is exactly one. */
export function normaliseVantage(vantage: FileVantage): VantageConfig {
	const {name} = vantage;
	if (vantage.type === 'remote')
		return {
			name,
			type: 'remote',
			members: membersOf(vantage),
			ways: vantage.ways.flatMap(normaliseWay),
			graceMs: vantage.grace,
		};
	return {name, type: 'local', ...placeOf(vantage.tailscaled)};
}

function membersOf({hosts, nodes}: FileRemote): RemoteVantageConfig['members'] {
	if (hosts) return {kind: 'hosts', hosts};
	return nodes ? {kind: 'nodes', selector: nodes as NodeSelector} : {kind: 'pods'};
}

function normaliseWay({agent, ssh, pod}: FileWay): WayConfig[] {
	return [
		...(agent ? [{type: 'agent' as const, ...agent}] : []),
		...(ssh ? [normaliseSsh(ssh)] : []),
		...(pod ? [normalisePod(pod)] : []),
	];
}

function normaliseSsh(ssh: NonNullable<FileWay['ssh']>): WayConfig {
	const {user, port, identity_file: identityFile, known_hosts_file: knownHostsFile, tailscaled} = ssh;
	return {
		type: 'ssh',
		user,
		port,
		...(identityFile === undefined ? {} : {identityFile}),
		knownHostsFile,
		...placeOf(tailscaled),
	};
}

function normalisePod(pod: NonNullable<FileWay['pod']>): WayConfig {
	const {namespace, selector, container, node_by: nodeBy, tailscaled} = pod;
	return {
		type: 'pod',
		namespace,
		selector,
		...(container === undefined ? {} : {container}),
		nodeBy,
		...placeOf(tailscaled),
	};
}
