/** The daemon's configuration for one moment of the soak: which targets are there is drawn anew for each. */

import {stringify} from 'yaml';
import {dnsAddress, hostOf, type Kind, kinds, nodePort} from './kinds.ts';

export interface ConfigOptions {
	/** Multiplies the targets of each kind. */
	scale: number;
	caFile: string;
	listenPort: number;
	headscaleUrl: string;
	apiKeyFile: string;
	/** 0 to 1: those that are not stable are there when this is below 0.7. */
	draw: () => number;
	/** Only a check that never runs: a configuration without any is refused. */
	isEmpty?: boolean;
}

/** Targets of a kind; the first half of them is never taken away. */
export function targetCount(kind: Kind, scale: number): number {
	return Math.max(1, Math.round(kind.count * scale));
}

export function isStable(kind: Kind, at: number, scale: number): boolean {
	return at < targetCount(kind, scale) / 2;
}

export const intervalMs = 500;
export const timeoutMs = 400;

/** A check whose first slot is hours away. */
export const restName = 'rest';
const rest = {
	name: restName,
	prober: 'tcp',
	via: 'direct',
	interval: '24h',
	targets: [{name: 'rest', target: '10.77.0.1:1'}],
};

/** YAML. */
export function describeConfig({scale, caFile, draw, isEmpty = false, ...places}: ConfigOptions): string {
	const checks = kinds.flatMap(kind => {
		const targets = Array.from({length: targetCount(kind, scale)}, (_, at) => at)
			.filter(at => isStable(kind, at, scale) || draw() < 0.7)
			.map(at => ({name: `${kind.name}-${at}`, target: kind.target(hostOf(kind, at), kind.port)}));
		if (targets.length === 0) return [];
		return {
			name: kind.name,
			prober: kind.type,
			via: kind.via,
			interval: `${intervalMs}ms`,
			timeout: `${timeoutMs}ms`,
			targets,
			[kind.type]: withFile(kind.options, caFile),
		};
	});
	const nodes = {
		name: 'node',
		prober: 'http',
		nodes: {},
		target: `http://{node}:${nodePort}/`,
		interval: `${intervalMs}ms`,
		timeout: `${timeoutMs}ms`,
	};
	return stringify({
		web: {listen: `127.0.0.1:${places.listenPort}`},
		log: {level: 'warn', format: 'json'},
		reload: {watch: false},
		headscale: {
			url: places.headscaleUrl,
			api_key: {file: places.apiKeyFile},
			interval: '1s',
			timeout: '900ms',
			restart_grace: '0s',
		},
		tailnet: {domain: 'soak.test', dns_server: dnsAddress},
		vantages: [{name: 'soak', type: 'local', tailscaled: false}],
		checks: isEmpty ? [rest] : [...checks, nodes],
		adhoc: {rate: '100000/1s'},
	});
}

/** The name of the authority's file is known only now. */
function withFile(options: Record<string, unknown>, caFile: string): Record<string, unknown> {
	const {tls_config: tls} = options;
	return tls === undefined ? options : {...options, tls_config: {...(tls as object), ca_file: caFile}};
}
