import test, {type ExecutionContext} from 'ava';
import {insist, parseConfig} from '../src/config/load.ts';
import type {Config} from '../src/config/types.ts';
import {type GpuSideSurroundings, startGpuSide} from '../src/gpu-side.ts';
import {createExposition} from '../src/metrics/exposition.ts';
import {createGpuReadings} from '../src/sinks/gpu-readings.ts';
import {createLog} from '../src/util/log.ts';
import {aCheck, aNode, aNodeView, anOutcome, aReading} from './helpers/fake-daemon.ts';

const withPool = configured('pools: [{name: gpus, match: {nodes: {name: "june-gpu-*"}}, min: 1}]');
const withoutPools = configured('pools: []');

function configured(text: string): Config {
	const around = `headscale: {url: https://headscale.example.com, api_key: {env: HEADSCALE_API_KEY}}
checks: [{name: tunnel, prober: tunnel, nodes: {}}]
`;
	return insist(parseConfig(`${around}${text}\n`, 'tailprobe.yaml'));
}

function start(t: ExecutionContext, config: Config) {
	const readings = createGpuReadings();
	const side = startGpuSide(config, {
		exposition: createExposition(),
		log: createLog({level: 'error', format: 'json'}),
		readings,
		nodes: () => [],
		onChange() {},
	});
	t.teardown(() => side.stop());
	let looks = 0;
	const look = (): GpuSideSurroundings => {
		looks++;
		return {nodes: [aNodeView({node: aNode({name: 'june-gpu-1'})})], nodesAreFresh: true, checks: []};
	};
	return {side, readings, look, looks: () => looks};
}

test('nodes and checks are put together only while there are pools', t => {
	const {side, look, looks} = start(t, withoutPools);

	side.update(look);
	const before = looks();
	side.configure(withPool);
	side.update(look);
	const during = looks();
	const pools = side.pools().map(({name}) => name);
	side.configure(withoutPools);
	side.update(look);

	t.deepEqual([before, during, looks()], [0, 1, 1]);
	t.deepEqual(pools, ['gpus']);
	t.deepEqual(side.pools(), []);
});

test('machines are told also where nothing is rented and no cluster is looked at: by the GPUs that were seen', t => {
	const {side, readings} = start(t, withoutPools);
	const target = {name: 'june-gpu-1', address: 'self', via: 'direct' as const, peer: 'june-gpu-1'};
	const check = aCheck({type: 'gpu', key: 'gpu/june-gpu-1/june-gpu-1', vantage: 'june-gpu-1', target});

	readings.begin(check);
	readings.accept(check, anOutcome({reading: aReading({gpus: [{index: 0, model: 'L4', values: {}, flags: {}}]})}));
	const {byNode, podsAt, instancesAt, virtualKubelet} = side.machines();

	t.deepEqual([...byNode], [['june-gpu-1', {gpus: {count: 1, model: 'L4'}}]]);
	t.deepEqual([podsAt, instancesAt, virtualKubelet], [undefined, undefined, undefined]);
});
