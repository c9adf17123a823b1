/** The June platform on a real tailnet with nothing broken: everything is up, and every series is what a scrape may carry. */

import test from 'ava';
import {until} from '../helpers/until.ts';
import {canRun, systemTest} from './lab/can-run.ts';
import {assertCleanMetrics} from './lab/clean-metrics.ts';
import {baseConfig, juneChecks, type Prober, startProber} from './lab/prober.ts';
import {startPrometheus} from './lab/prometheus.ts';
import {nodeNames, startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let prober: Prober;

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet();
		await tailnet.settle();
		prober = await startProber(tailnet, 'mon', baseConfig(tailnet) + juneChecks(tailnet));
	});
	test.after.always(() => tailnet?.stop());
}

systemTest('every check of a healthy platform is up, over direct paths', async t => {
	const series = await prober.until(now => now.states().every(line => line.endsWith(' up')));

	t.true(series.states().length >= 24, series.states().join('\n'));
	for (const {labels, value} of series.all('tailprobe_tunnel_path', {path: 'direct'})) t.is(value, 1, labels.peer);
});

systemTest('promtool finds nothing to object to in a full scrape', async t => {
	const {text} = await prober.series();

	await assertCleanMetrics(t, text);
});

systemTest('a real Prometheus scrapes every series, and finds the nodes that it has probed', async t => {
	const {gpu1, gpu2} = nodeNames;
	// As the documentation has it: what /sd/nodes lists is asked of /probe.
	const prometheus = await startPrometheus(
		tailnet,
		'mon',
		`
scrape_configs:
  - job_name: tailprobe
    static_configs: [{targets: ["127.0.0.1:9753"]}]
  - job_name: tts
    metrics_path: /probe
    params: {module: [healthz]}
    http_sd_configs: [{url: "http://127.0.0.1:9753/sd/nodes?name=june-gpu-*&target=http://{node}:8000/healthz", refresh_interval: 1s}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__meta_tailprobe_node_name], target_label: instance}
      - {source_labels: [__meta_tailprobe_node_owner], target_label: owner}
      - {target_label: __address__, replacement: "127.0.0.1:9753"}
`,
	);
	t.teardown(() => prometheus.stop());

	const [probed] = await Promise.all([
		prometheus.until('probe_success', found => found.length === 2),
		prometheus.until('up{job="tailprobe"}', ([found]) => found?.value === 1),
	]);
	const targets = await prometheus.targets();

	t.deepEqual(
		targets.filter(({health, lastError}) => health !== 'up' || lastError !== ''),
		[],
	);
	t.deepEqual(targets.map(({instance}) => instance).sort(), ['127.0.0.1:9753', gpu1, gpu2].sort());
	for (const {labels, value} of probed) {
		t.is(value, 1, labels.instance);
		t.is(labels.owner, 'ozzu');
	}
	// What it took is what stands there, nothing dropped on the way: of two scrapes at different moments, once the same.
	await until(
		async () => {
			const [samples] = await prometheus.query('scrape_samples_scraped{job="tailprobe"}');
			const [kept] = await prometheus.query('scrape_samples_post_metric_relabeling{job="tailprobe"}');
			return samples?.value === sampleCount((await prober.series()).text) && kept?.value === samples.value;
		},
		30_000,
		250,
	);
	const [asTheySee] = await prometheus.query('count(tailprobe_check_state{state="up"} == 1)');
	t.is(asTheySee?.value, (await prober.series()).states().length);
	t.is(await prometheus.log(), '', 'no warning');
});

/** Lines of a scrape that are samples. */
const sampleCount = (text: string) => text.split('\n').filter(line => line !== '' && !line.startsWith('#')).length;
