/** The numbers of headscale's metrics port, in the shape of 0.29 and later; they move with what happens in the lab. */

import {Counter, Gauge, Histogram, Registry} from 'prom-client';

const operations = [
	'get',
	'get_by_key',
	'get_nodes_by_machine_key_all_users',
	'list',
	'list_peers',
	'put',
	'update',
	'update_multi',
] as const;
type Operation = (typeof operations)[number];

export interface HeadscaleMetrics {
	/** Somebody asked the node store. */
	count(operation: Operation): void;
	/** So many nodes opened their long poll. */
	nodesConnected(count: number): void;
	/** So many long polls ended. */
	nodesDropped(count: number): void;
	/** Every connected node got its keepalive. */
	keptAlive(count: number): void;
	/** The exposition; `members`: nodes in the store; `waiting`: writes to it that nobody takes. */
	render(members: number, waiting: number): Promise<string>;
}

/** Counters of a headscale process that started at that time (milliseconds since 1970); series appear with their first use, as there. */
export function createHeadscaleMetrics(startedAt: number): HeadscaleMetrics {
	const registry = new Registry();
	const registers = [registry];
	const counter = (name: string, help: string, ...labelNames: string[]) =>
		new Counter({name, help, labelNames, registers});
	const gauge = (name: string, help: string, ...labelNames: string[]) => new Gauge({name, help, labelNames, registers});
	const histogram = (name: string, help: string, buckets: number[], ...labelNames: string[]) =>
		new Histogram({name, help, buckets, labelNames, registers});

	gauge('go_info', 'Go environment.', 'version').set({version: 'go1.26.8'}, 1);
	const goroutines = gauge('go_goroutines', 'Goroutines that exist.');
	const ended = counter('headscale_mapresponse_ended_total', 'Map sessions that ended.', 'reason');
	const updates = counter('headscale_mapresponse_endpoint_updates_total', 'Endpoint updates from nodes.', 'status');
	const generated = counter('headscale_mapresponse_generated_total', 'Map responses built.', 'response_type');
	const sent = counter('headscale_mapresponse_sent_total', 'Map responses sent.', 'status', 'type');
	const batchTime = histogram('headscale_nodestore_batch_duration_seconds', 'Time of write batches.', seconds);
	const batchSize = histogram('headscale_nodestore_batch_size', 'Size of write batches.', [1, 2, 5, 10, 20, 50, 100]);
	const inStore = gauge('headscale_nodestore_nodes', 'Nodes in the store.');
	const operationTime = histogram(
		'headscale_nodestore_operation_duration_seconds',
		'Time of operations on the store.',
		seconds,
		'operation',
	);
	const operationCount = counter('headscale_nodestore_operations_total', 'Operations on the store.', 'operation');
	const peersTime = histogram('headscale_nodestore_peers_calculation_duration_seconds', 'Time of peer maps.', seconds);
	const queue = gauge('headscale_nodestore_queue_depth', 'Writes that wait.');
	const snapshotTime = histogram('headscale_nodestore_snapshot_build_duration_seconds', 'Time of snapshots.', seconds);
	const cpu = counter('process_cpu_seconds_total', 'CPU time.');
	gauge('process_max_fds', 'Most files that may be open.').set(20_000);
	gauge('process_open_fds', 'Open files.').set(26);
	const resident = gauge('process_resident_memory_bytes', 'Resident memory.');
	gauge('process_start_time_seconds', 'Start of the process since 1970.').set(startedAt / 1000);
	const scrapes = counter('promhttp_metric_handler_requests_total', 'Scrapes by status.', 'code');

	function count(operation: Operation): void {
		operationCount.inc({operation});
		operationTime.observe({operation}, operation === 'put' || operation.startsWith('update') ? 0.2 : 0.000_002);
	}

	return {
		count,
		nodesConnected(many) {
			for (let node = 0; node < many; node++) {
				count('get_nodes_by_machine_key_all_users');
				count('get_by_key');
				count('put');
				count('update');
				count('update_multi');
				generated.inc({response_type: 'full'});
				generated.inc({response_type: 'policy'}, 2);
				generated.inc({response_type: 'peers'}, 4);
				updates.inc({status: 'ok'}, 3);
				batchSize.observe(1);
				batchTime.observe(0.000_2);
				peersTime.observe(0.000_02);
				snapshotTime.observe(0.000_05);
			}
		},
		nodesDropped(many) {
			if (many === 0) return;
			ended.inc({reason: 'done'}, many);
			generated.inc({response_type: 'patch'}, many * 4);
		},
		keptAlive(many) {
			if (many === 0) return;
			sent.inc({status: 'ok', type: 'keepalive'}, many);
			generated.inc({response_type: 'patch'});
			for (let node = 0; node < many; node++) count('list_peers');
		},
		async render(members, waiting) {
			inStore.set(members);
			queue.set(waiting);
			goroutines.set(28 + members * 4);
			resident.set(56_000_000 + Math.round(Math.random() * 400_000));
			cpu.inc(0.01);
			scrapes.inc({code: '200'});
			return withoutEmptyFamilies(await registry.metrics());
		},
	};
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The real one does not show a family before its first sample. */
function withoutEmptyFamilies(exposition: string): string {
	const families = exposition.split('\n\n').map(family => family.trim());
	return `${families.filter(family => /^[^#]/m.test(family)).join('\n')}\n`;
}
