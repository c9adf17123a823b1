/** The hosts of the configuration that many checks hang on. Pure. */

import {splitTarget} from '../net/target.ts';
import type {Landmarks} from '../server/types.ts';
import type {Config} from './types.ts';

export function listLandmarks({headscale, tailnet}: Config): Landmarks {
	const hosts = [headscale?.url, headscale?.metricsUrl].flatMap(url => {
		const host = url === undefined ? undefined : splitTarget(url)?.host;
		return host === undefined ? [] : [host.toLowerCase()];
	});
	return {headscale: [...new Set(hosts)], dnsServer: tailnet.dnsServer};
}
