/** The DNS server of the soak's tailnet, and of names of `via: direct`: its nodes, and names that mean harm. */

import {decode} from 'dns-packet';
import {dnsAddress, nodeAddress} from '../kinds.ts';
import {answerDns, listenOn} from './datagrams.ts';

/** Names that lead where nobody may be led, for the abuse of `/probe`. */
export const hostileNames: ReadonlyMap<string, string> = new Map(
	Object.entries({
		'to-loopback.test': '127.0.0.1',
		'to-metadata.test': '169.254.169.254',
		'to-other-metadata.test': '100.100.100.200',
		'to-magic.test': '100.100.100.100',
		'to-link-local.test': '169.254.7.7',
		'to-nothing.test': '0.0.0.0',
		'to-six.test': '::1',
		'to-mapped.test': '::ffff:127.0.0.1',
		'to-six-metadata.test': 'fd00:ec2::254',
		'allowed.test': '10.77.200.1',
	}),
);

export async function startDns(): Promise<void> {
	await listenOn(53, dnsAddress, request => {
		const {name, type} = questionOf(request);
		const bare = name.toLowerCase().replace(/\.soak\.test$/, '');
		const at = Number(/^node-(\d+)$/.exec(bare)?.[1] ?? -1);
		const address = at >= 0 ? nodeAddress(at) : hostileNames.get(bare);
		if (address === undefined) return answerDns(request, [], 3);
		const family = address.includes(':') ? 'AAAA' : 'A';
		return answerDns(request, type === family ? [{type: family, name, data: address}] : []);
	});
}

function questionOf(request: Buffer): {name: string; type: string} {
	try {
		const [question] = decode(request).questions ?? [];
		return {name: question?.name ?? '', type: question?.type ?? ''};
	} catch {
		return {name: '', type: ''};
	}
}
