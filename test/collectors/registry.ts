import test from 'ava';
import {collectorMetrics, exposeHeadscale, tailscaledRows} from '../../src/collectors/registry.ts';
import {createExposition} from '../../src/metrics/exposition.ts';
import type {TailscaledSource} from '../../src/tailscaled/source.ts';

const tailscaled: TailscaledSource = {
	readings: () => [
		{vantage: 'cluster', state: {status: {}, health: {triedAt: Date.now(), error: 'denied'}, metrics: {}, derpmap: {}}},
	],
	clientVersions: () => [[1, 102, 3]],
	sources: () => [{name: 'tailscaled-health', ok: false, lastTriedAt: Date.now(), intervalMs: 30_000}],
	originalMetrics: () => undefined,
	tried: () => true,
	configure() {},
	stop: async () => {},
};

test('the own tailscaled and its sources are shown without any headscale', async t => {
	const exposition = createExposition();
	exposeHeadscale(
		exposition,
		() => undefined,
		() => new Map(),
		tailscaled,
		() => [{name: 'kubernetes-pods', ok: true, lastTriedAt: Date.now(), intervalMs: 30_000}],
	);

	let text = '';
	for await (const chunk of exposition.render()) text += chunk;

	t.true(text.includes('tailprobe_tailscaled_health_by_code{vantage="cluster"} 0\n'));
	t.true(text.includes('tailprobe_tailnet_client_versions{version="1.102.3"} 1\n'));
	t.true(text.includes('tailprobe_source_read_success{source="tailscaled-health"} 0\n'));
	t.true(text.includes('tailprobe_source_read_success{source="kubernetes-pods"} 1\n'));
});

test('no metric is declared twice', t => {
	const names = [...collectorMetrics, ...tailscaledRows].map(({name}) => name);

	t.is(new Set(names).size, names.length);
});
