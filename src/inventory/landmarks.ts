/** The hosts of the configuration that many checks hang on. Pure. */

import type {Config} from '../config/types.ts';
import {splitTarget} from '../net/target.ts';

/** Hosts as they are written in the configuration, in lower case. */
export interface Landmarks {
	/** Where headscale answers: of its URL and of its metrics. */
	headscale: readonly string[];
	/** `tailnet.dns_server`: a host or host:port. */
	dnsServer: string;
}

export function listLandmarks({headscale, tailnet}: Config): Landmarks {
	const hosts = [headscale?.url, headscale?.metricsUrl].flatMap(url => {
		const host = url === undefined ? undefined : splitTarget(url)?.host;
		return host === undefined ? [] : [host.toLowerCase()];
	});
	return {headscale: [...new Set(hosts)], dnsServer: tailnet.dnsServer};
}
