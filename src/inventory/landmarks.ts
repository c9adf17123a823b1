/** The places of the configuration that many checks hang on, and where people would look at them. Pure. */

import type {Config} from '../config/types.ts';
import {splitTarget} from '../net/target.ts';

/** Hosts as they are written in the configuration, in lower case. */
export interface Landmarks {
	/** Where headscale answers: of its URL and of its metrics. */
	headscale: readonly string[];
	/** `headscale.url`, which has no user and no password in it. */
	headscaleUrl?: string;
	/** `tailnet.dns_server`: a host or host:port. */
	dnsServer: string;
	/** The pod in which headscale's command line is called, where one is configured. */
	headscalePod?: {namespace: string; selector: string; container?: string};
	/** Where `tailscaled` of local vantages is asked, by vantage: the path of its socket. */
	tailscaledSockets?: Readonly<Record<string, string>>;
	/** The deployment of the virtual kubelet and the namespace of GPU pods, where they are configured. */
	kubernetes?: {virtualKubelet?: {namespace: string; deployment: string}; podNamespace?: string};
	/** Domain of MagicDNS, where it is configured. */
	domain?: string;
}

export function listLandmarks({headscale, tailnet, kubernetes, vantages}: Config): Landmarks {
	const hosts = [headscale?.url, headscale?.metricsUrl].flatMap(url => {
		const host = url === undefined ? undefined : splitTarget(url)?.host;
		return host === undefined ? [] : [host.toLowerCase()];
	});
	const {virtualKubelet, gpuPods} = kubernetes ?? {};
	return {
		headscale: [...new Set(hosts)],
		...(headscale ? {headscaleUrl: headscale.url} : {}),
		dnsServer: tailnet.dnsServer,
		...(headscale?.cliPod ? {headscalePod: headscale.cliPod} : {}),
		tailscaledSockets: Object.fromEntries(
			vantages.flatMap(vantage =>
				vantage.type === 'local' && vantage.tailscaledSocket !== undefined
					? [[vantage.name, vantage.tailscaledSocket]]
					: [],
			),
		),
		...(kubernetes
			? {
					kubernetes: {
						...(virtualKubelet ? {virtualKubelet} : {}),
						...(gpuPods ? {podNamespace: gpuPods.namespace} : {}),
					},
				}
			: {}),
		...(tailnet.domain === undefined ? {} : {domain: tailnet.domain}),
	};
}
