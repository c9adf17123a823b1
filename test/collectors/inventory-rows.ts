import test from 'ava';
import {inventoryNames} from '../../src/collectors/inventory-rows.ts';
import {catalogue} from '../../src/metrics/catalogue.ts';

const names = catalogue.flatMap(({metrics}) => metrics.map(({name}) => name));
const own = names.filter(name => !inventoryNames.has(name));

test('whatever is read of a third party is of the inventory', t => {
	t.deepEqual(
		own.filter(name => /^tailprobe_(headscale|kubernetes|vast|pool|machine|tailnet)_/.test(name)).toSorted(),
		[
			'tailprobe_headscale_api_health',
			'tailprobe_headscale_certificate_expiry_timestamp_seconds',
			'tailprobe_headscale_certificate_trusted',
			'tailprobe_headscale_control_key_answered',
			'tailprobe_headscale_health',
			'tailprobe_headscale_restart_grace',
			'tailprobe_kubernetes_allowed',
			'tailprobe_kubernetes_watch_restarts_total',
		],
		'but how its front door looks from here, and how reading goes for us',
	);
});

test('what a replica measures, and what it is, is not', t => {
	const of = new Set([...inventoryNames].map(name => name.split('_')[1]));

	t.deepEqual([...of].toSorted(), ['headscale', 'kubernetes', 'machine', 'pool', 'tailnet', 'vast']);
});

test('there is no inventory that is not in the catalogue', t => {
	t.deepEqual(
		[...inventoryNames].filter(name => !names.includes(name)),
		[],
	);
});
