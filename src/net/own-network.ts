/** Where this process itself is in the network: its addresses, its name servers, and the Kubernetes API server as a pod is told of it. */

import {networkInterfaces} from 'node:os';
import {readChangingNow} from '../util/changing-file.ts';
import {canonicalAddress, isInside} from './guard.ts';
import {parseResolvConf} from './resolv-conf.ts';

export interface OwnNetwork {
	/** Of all interfaces but loopback, with the name of the interface. */
	addresses: readonly {address: string; device: string}[];
	/** Of resolv.conf, without those on loopback; none where that cannot be read. */
	nameServers: readonly string[];
	/** The address of the service `kubernetes`; absent outside a pod. */
	apiServer?: string;
}

/** For tests: other places to look at. */
export interface OwnNetworkSources {
	interfaces?: () => NodeJS.Dict<{address: string; internal: boolean}[]>;
	env?: Readonly<Record<string, string | undefined>>;
	resolvConfPath?: string;
}

/** As it is now; never throws for what cannot be read. */
export function lookAtOwnNetwork(sources: OwnNetworkSources = {}): OwnNetwork {
	const {interfaces = networkInterfaces, env = process.env, resolvConfPath = '/etc/resolv.conf'} = sources;
	const apiServer = canonicalAddress(env.KUBERNETES_SERVICE_HOST ?? '');
	return {
		addresses: Object.entries(interfaces()).flatMap(([device, found = []]) =>
			found.flatMap(({address, internal}) => (internal ? [] : [{address, device}])),
		),
		nameServers: nameServersIn(resolvConfPath),
		...(apiServer === undefined ? {} : {apiServer}),
	};
}

const maxResolvConfBytes = 64 * 1024;

function nameServersIn(path: string): readonly string[] {
	let text: string;
	try {
		text = readChangingNow(path, maxResolvConfBytes).toString();
	} catch {
		return [];
	}
	return parseResolvConf(text).servers.filter(server => !isInside(server, ['127.0.0.0/8', '::1/128']));
}
