/** tailprobe beside the played tailnet: what it is configured with. */

import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Bench} from './bench.ts';
import {headscaleMetricsUrl, headscaleUrl, type PlatformCommand, platformApiKey} from './platform.ts';
import {plainPort} from './probers.ts';
import {type Helper, startHelper} from './processes.ts';

/** Starts the tailnet; `config` is what tailprobe needs to know of it. */
export async function beginPlatform(bench: Bench, nodes: number): Promise<{platform: Helper; config: object}> {
	const socketPath = join(bench.scratch, `tailscaled-${nodes}.sock`);
	const platform = startHelper('./platform.ts');
	await platform.ask({nodes, socketPath} satisfies PlatformCommand);
	const keyFile = join(bench.scratch, 'api-key');
	writeFileSync(keyFile, platformApiKey);
	return {
		platform,
		config: {
			headscale: {url: headscaleUrl, api_key: {file: keyFile}, metrics_url: headscaleMetricsUrl},
			vantages: [{name: 'local', type: 'local', tailscaled: {socket: socketPath}}],
		},
	};
}

/** Five checks of every node: its tunnel, and four services by HTTP. */
export function nodeChecks(more: {interval: string; detail?: 'least'}): object[] {
	const services = ['tts', 'stt', 'gpu', 'health'].map(name => ({
		name,
		prober: 'http',
		target: `http://{node}:${plainPort}/tailprobe/${name}`,
	}));
	return [{name: 'tunnel', prober: 'tunnel'}, ...services].map(check => ({...check, nodes: {}, ...more}));
}
