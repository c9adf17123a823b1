import {spawnSync} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {type Daemon, startDaemon} from '../src/daemon.ts';
import {type Lab, startLab} from '../src/lab/lab.ts';
import {UserError} from '../src/util/errors.ts';
import {createLog} from '../src/util/log.ts';
import {until} from './helpers/until.ts';

/** The whole daemon against the embedded lab, over its own HTTP. */
interface Setting {
	lab: Lab;
	daemon: Daemon;
	path: string;
	rewrite(change: (text: string) => string): Promise<void>;
	series(): Promise<Map<string, number>>;
	/** Value of the only series with that name and all these label values. */
	value(name: string, ...labels: string[]): Promise<number | undefined>;
}

const quietLog = createLog({level: 'error', format: 'json'}, {write() {}, isTTY: false} as never);

async function setUp(t: ExecutionContext): Promise<Setting> {
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-daemon-'));
	const path = join(directory, 'tailprobe.yaml');
	const lab = await startLab({quiet: true});
	let text = lab.config
		.replaceAll('interval: 5s', 'interval: 1s')
		.replaceAll('timeout: 2s', 'timeout: 900ms')
		.replace('grace: 1m', 'grace: 0s');
	await writeFile(path, text);
	const daemon = await startDaemon({
		configPath: path,
		allowLoopback: true,
		listen: {host: '127.0.0.1', port: 0},
		log: quietLog,
	});
	t.teardown(async () => {
		await daemon.stop();
		await lab.stop();
		await rm(directory, {recursive: true});
	});
	const series = async () => {
		const answer = await fetch(`${daemon.url}/metrics`);
		const lines = (await answer.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'));
		return new Map(
			lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
		);
	};
	return {
		lab,
		daemon,
		path,
		series,
		async rewrite(change) {
			text = change(text);
			await writeFile(path, text);
		},
		async value(name, ...labels) {
			const found = [...(await series())].filter(
				([id]) => (id === name || id.startsWith(`${name}{`)) && labels.every(label => id.includes(`"${label}"`)),
			);
			return found.length === 1 ? found[0]?.[1] : undefined;
		},
	};
}

const gpu1 = 'june-gpu-00000001';
const gpu2 = 'june-gpu-00000002';

async function allUp({series}: Setting): Promise<void> {
	await until(async () => {
		const states = [...(await series())].filter(
			([id]) => id.startsWith('tailprobe_check_state{') && id.includes('state="up"'),
		);
		return states.length > 8 && states.every(([, value]) => value === 1);
	});
}

test.serial(
	'the series tell the truth about a healthy platform, a relayed tunnel, a frozen client and a frozen control server',
	async t => {
		const setting = await setUp(t);
		const {lab, value} = setting;

		await allUp(setting);
		t.is(await value('tailprobe_vantage_up', 'cluster'), 1);
		t.is(await value('tailprobe_headscale_health'), 1);
		t.is(await value('tailprobe_tunnel_path', 'cluster', gpu1, 'direct'), 1);

		await lab.break('gpu1-derp');
		await until(async () => (await value('tailprobe_tunnel_path', 'cluster', gpu1, 'derp')) === 1);
		t.is(await value('tailprobe_check_up', 'cluster', 'tunnel', gpu1), 1);
		t.is(await value('tailprobe_tunnel_overhead_seconds', 'cluster', gpu1), undefined);

		await lab.break('gpu2-dead-but-online');
		await until(async () => (await value('tailprobe_check_up', 'tts', gpu2)) === 0);
		await until(
			async () => (await value('tailprobe_headscale_node_disagreement', gpu2, 'online_but_unreachable')) === 1,
		);
		t.is(await value('tailprobe_check_up', 'cluster', 'tunnel', gpu2), 0);
		t.is(await value('tailprobe_headscale_node_online', gpu2), 1);
		t.true(((await value('tailprobe_check_down_since_timestamp_seconds', 'cluster', 'tunnel', gpu2)) ?? 0) > 1.7e9);

		await lab.break('headscale-frozen');
		await until(async () => (await value('tailprobe_source_read_success', 'headscale-nodes')) === 0);
		t.is(await value('tailprobe_headscale_health'), undefined);
		t.is(await value('tailprobe_check_up', 'cluster', 'tunnel', 'livekit'), 1);
		t.is(await value('tailprobe_check_up', 'cluster', 'livekit', 'http'), 1);

		await lab.heal();
		await allUp(setting);
		await until(async () => (await value('tailprobe_headscale_health')) === 1);
		await until(async () => (await value('tailprobe_tunnel_path_changes_total', 'cluster', gpu1)) === 2);
		t.is(await value('tailprobe_tunnel_path', 'cluster', gpu1, 'direct'), 1);
	},
);

test.serial('when our own tailscaled stops, everything behind it is unknown and nothing is down', async t => {
	const setting = await setUp(t);
	const {lab, value, series} = setting;
	await allUp(setting);
	const downRuns = async () =>
		[...(await series())].reduce(
			(sum, [id, count]) =>
				id.startsWith('tailprobe_check_runs_total') && id.includes('verdict="down"') ? sum + count : sum,
			0,
		);
	const before = await downRuns();

	await lab.break('tailscaled-stopped');
	await until(async () => (await value('tailprobe_vantage_up', 'cluster')) === 0);
	await until(async () => (await value('tailprobe_check_state', 'cluster', 'tunnel', gpu1, 'unknown')) === 1);

	t.is(await downRuns(), before);
	t.is(await value('tailprobe_check_up', 'cluster', 'tunnel', gpu1), undefined);
	const probe = await fetch(`${setting.daemon.url}/probe?module=tunnel&target=livekit`);
	t.is(probe.status, 503);
	t.false((await probe.text()).includes('probe_success'));
});

test.serial('a node that leaves takes its series with it', async t => {
	const setting = await setUp(t);
	const {lab, series} = setting;
	await allUp(setting);

	await lab.break('gpu2-gone');
	await until(async () => ![...(await series()).keys()].some(id => id.includes(gpu2)));

	t.true([...(await series()).keys()].some(id => id.includes(gpu1)));
});

test.serial(
	'a reload keeps the counters of unchanged checks, starts new ones, ends gone ones; a wrong file changes nothing',
	async t => {
		const setting = await setUp(t);
		const {daemon, value, rewrite} = setting;
		await allUp(setting);
		const reload = () => fetch(`${daemon.url}/-/reload`, {method: 'POST'});
		const runsBefore = (await value('tailprobe_check_runs_total', 'livekit', 'http', 'up')) ?? 0;

		await rewrite(text => text.replace(/name: orchestrator\b/, 'name: renamed'));
		const good = await reload();
		t.is(good.status, 200);
		await until(async () => (await value('tailprobe_check_up', 'renamed')) === 1);
		t.true(((await value('tailprobe_check_runs_total', 'livekit', 'http', 'up')) ?? 0) >= runsBefore);
		t.is(await value('tailprobe_check_up', 'orchestrator'), undefined);

		await rewrite(text => text.replace('prober: tunnel', 'prober: smtp'));
		const bad = await reload();
		t.is(bad.status, 500);
		t.regex(await bad.text(), /tailprobe\.yaml:\d+:\d+: checks\[0\]\.prober: expected one of/);
		t.is(await value('tailprobe_config_last_reload_successful'), 0);
		t.is(await value('tailprobe_check_up', 'renamed'), 1);
	},
);

test.serial('what is promised of a check, and whether it pages, may change without an end of its series', async t => {
	const setting = await setUp(t);
	const {daemon, value, rewrite} = setting;
	await allUp(setting);
	const runs = async () => (await value('tailprobe_check_runs_total', 'livekit', 'http', 'up')) ?? 0;
	const before = await runs();
	const kept = await value('tailprobe_check_objective_runs_total', 'livekit', 'http', 'true');
	t.true((kept ?? 0) >= 1);
	t.is(await value('tailprobe_check_availability_objective_ratio', 'livekit'), 0.99);

	await rewrite(text =>
		text.replace(/- name: livekit\n/, '- name: livekit\n    critical: false\n    availability_objective: 0.999\n'),
	);
	const {status} = await fetch(`${daemon.url}/-/reload`, {method: 'POST'});

	t.is(status, 200);
	t.true((await runs()) >= before);
	t.true(((await value('tailprobe_check_objective_runs_total', 'livekit', 'http', 'true')) ?? 0) >= (kept ?? 0));
	t.is(await value('tailprobe_check_info', 'livekit', 'http', 'tailnet', 'answer', 'false'), 1);
	t.is(await value('tailprobe_check_availability_objective_ratio', 'livekit'), 0.999);
	t.is(await value('tailprobe_check_interval_seconds', 'livekit'), 1);
	t.is(await value('tailprobe_check_latency_objective_seconds', 'livekit'), 0.1);
	t.is(await value('tailprobe_machine_info', gpu1, '27700001'), 1);
});

test.serial('a fault is told by its cause, with the node that suffers from it', async t => {
	const setting = await setUp(t);
	const {lab, value} = setting;
	await allUp(setting);

	await lab.break('livekit-down');
	await until(async () => (await value('tailprobe_incidents', 'service-refused')) === 1);

	t.true(((await value('tailprobe_incident_links', 'service-refused', 'livekit')) ?? 0) >= 1);
	await lab.heal();
	await until(async () => (await value('tailprobe_incidents', 'service-refused')) === undefined, 45_000);
	t.is(await value('tailprobe_incident_links', 'service-refused', 'livekit'), undefined);
});

test.serial(
	'an ad hoc probe reaches configured targets and the tailnet, nothing else, and moves no series',
	async t => {
		const setting = await setUp(t);
		const {daemon, lab, value} = setting;
		await allUp(setting);
		const ask = async (target: string, module: string) => {
			const answer = await fetch(`${daemon.url}/probe?target=${encodeURIComponent(target)}&module=${module}`);
			return {status: answer.status, text: await answer.text()};
		};

		const known = await ask(`http://livekit:${lab.urls.servicePorts.livekit}/`, 'healthz');
		const outside = await ask('http://169.254.169.254/latest/meta-data/', 'http_2xx');
		const loopback = await ask(`${daemon.url}/metrics`, 'http_2xx');
		const wrong = await ask('http://livekit/', 'nothing');

		t.regex(known.text, /^probe_success 1$/m);
		t.regex(known.text, /^probe_http_status_code 200$/m);
		t.regex(outside.text, /^probe_success 0$/m);
		t.regex(outside.text, /^probe_failure_info\{reason="(forbidden|wrong_network)"\} 1$/m);
		t.regex(loopback.text, /^probe_success 0$/m);
		t.is(wrong.status, 400);
		t.is(await value('tailprobe_adhoc_probes_total', 'up'), 1);
		t.is(await value('tailprobe_adhoc_probes_total', 'down'), 2);
	},
);

const promtool = spawnSync('promtool', ['--version']).status === 0;

(promtool ? test.serial : test.serial.skip)('the exposition is clean under promtool', async t => {
	const setting = await setUp(t);
	await allUp(setting);
	const text = await (await fetch(`${setting.daemon.url}/metrics`)).text();

	const {status, stderr, stdout} = spawnSync('promtool', ['check', 'metrics'], {input: text, encoding: 'utf8'});

	t.is(status, 0, `${stdout}${stderr}`);
	t.is(`${stdout}${stderr}`, '');
});

test.serial('a configuration with mistakes starts nothing and names them all', async t => {
	const error = await t.throwsAsync(
		startDaemon({configText: 'web: {listen: nowhere}\nchecks: [{name: a, prober: smtp, nodes: {}}]', log: quietLog}),
		{instanceOf: UserError},
	);

	t.is(error.exitCode, 78);
	t.regex(
		error.message,
		/3 mistakes:\n {2}configuration:1:\d+: web\.listen.*\n {2}configuration:2:\d+: checks\[0\]\.prober.*\n {2}configuration:2:\d+: checks\[0\]\.nodes/,
	);
});

test.serial('every series that the daemon exports is in the catalogue, with just the labels it declares', async t => {
	const {catalogue} = await import('../src/metrics/catalogue.ts');
	const setting = await setUp(t);
	await allUp(setting);
	const declared = new Map(
		catalogue.flatMap(section => section.metrics).map(metric => [metric.name, new Set<string>(metric.labels)]),
	);

	for (const id of (await setting.series()).keys()) {
		const name = /^[a-z_]+/.exec(id)?.[0] ?? '';
		const family = declared.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
		const labels = [...id.matchAll(/[{,]([a-z_]+)="/g)].map(match => match[1] ?? '').filter(label => label !== 'le');
		t.true(declared.has(family), id);
		t.deepEqual(
			labels.filter(label => !declared.get(family)?.has(label)),
			[],
			id,
		);
	}
});
