/** The June platform on a real tailnet with nothing broken: everything is up, and every series is what a scrape may carry. */

import test from 'ava';
import {execa} from 'execa';
import {canRun, systemTest} from './lab/can-run.ts';
import {baseConfig, juneChecks, type Prober, startProber} from './lab/prober.ts';
import {startTailnet, type Tailnet} from './lab/tailnet.ts';

let tailnet: Tailnet;
let prober: Prober;

if (canRun) {
	test.before(async () => {
		tailnet = await startTailnet();
		await tailnet.settle();
		prober = await startProber(tailnet, 'mon', baseConfig(tailnet) + juneChecks(tailnet));
	});
	test.after.always(async () => {
		await prober?.stop();
		await tailnet?.stop();
	});
}

systemTest('every check of a healthy platform is up, over direct paths', async t => {
	const series = await prober.until(now => now.states().every(line => line.endsWith(' up')));

	t.true(series.states().length >= 24, series.states().join('\n'));
	for (const {labels, value} of series.all('tailprobe_tunnel_path', {path: 'direct'})) t.is(value, 1, labels.peer);
});

systemTest('promtool finds nothing to object to in a full scrape', async t => {
	const {text} = await prober.series();

	const {stdout, stderr, exitCode} = await execa('promtool', ['check', 'metrics'], {input: text, reject: false});

	t.is(`${stdout}${stderr}`, '');
	t.is(exitCode, 0);
});
