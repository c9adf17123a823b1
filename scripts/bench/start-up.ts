/** Start-up: from the start of the process to ready, beside a tailnet of a hundred nodes. */

import type {Bench} from './bench.ts';
import {beginPlatform, nodeChecks} from './nodes.ts';
import {type Program, startServe, untilReady} from './tailprobe.ts';
import type {StartUp} from './types.ts';

const nodes = 100;

export async function measureStartUp(bench: Bench): Promise<StartUp> {
	const {platform, config} = await beginPlatform(bench, nodes);
	const start = async (program: Program): Promise<number> => {
		const running = startServe(
			program,
			{...config, checks: nodeChecks({interval: '15s'})},
			{scratch: bench.scratch, processors: bench.processors.all},
		);
		const readyAfterMs = await untilReady(running);
		await running.stop();
		return readyAfterMs;
	};
	// The first fills the cache of the disk, and that of the compiled code for the source form, as every start after it finds them.
	await start(bench.compiled);
	await start(bench.source);
	const compiledMs: number[] = [];
	const sourceMs: number[] = [];
	for (let turn = 0; turn < bench.options.starts; turn++) {
		compiledMs.push(await start(bench.compiled));
		sourceMs.push(await start(bench.source));
	}
	await platform.stop();
	bench.tell(`ready with ${nodes} nodes after ${compiledMs.map(ms => ms.toFixed(0)).join(', ')} ms`);
	return {nodes, compiledMs, sourceMs};
}
