import {type ChildProcess, spawn} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {type Loaded, parseConfig} from '../../src/config/load.ts';
import {createReloader, type ReloadResult} from '../../src/config/reloader.ts';
import {type Daemon, startDaemon} from '../../src/daemon.ts';
import {startLab} from '../../src/lab/lab.ts';
import {systemClock} from '../../src/util/clock.ts';
import {UserError} from '../../src/util/errors.ts';
import {createLog} from '../../src/util/log.ts';
import {fakeClock} from '../helpers/fake-clock.ts';
import {until} from '../helpers/until.ts';

async function scratch(t: ExecutionContext): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-reload-'));
	t.teardown(() => rm(directory, {recursive: true, force: true}));
	return join(directory, 'tailprobe.yaml');
}

const oneCheck = 'checks: [{name: a, prober: tcp, via: direct, targets: ["example.com:1"]}]\n';

test('reloads that are asked for at once are applied one after the other, each from what is there when it begins', async t => {
	const path = await scratch(t);
	await writeFile(path, oneCheck);
	let busy = 0;
	const applied: Loaded[] = [];
	const reloader = createReloader({
		path,
		read: async () => {
			t.is(++busy, 1);
			return parseConfig(oneCheck.replace('name: a', `name: a${applied.length}`), path);
		},
		async apply(loaded): Promise<ReloadResult> {
			await Promise.resolve();
			applied.push(loaded);
			busy--;
			return {ok: true};
		},
		onBug: t.fail,
		clock: fakeClock(),
	});

	const results = await Promise.all([reloader.reload(), reloader.reload(), reloader.reload()]);

	t.deepEqual(results, [{ok: true}, {ok: true}, {ok: true}]);
	t.is(applied.length, 2);
});

test('a file that cannot be read is a refused reload, but an error at the first reading', async t => {
	const refused: Loaded[] = [];
	const reloader = createReloader({
		path: undefined,
		read: () => Promise.reject(new UserError('there is no such file', 78)),
		async apply(loaded): Promise<ReloadResult> {
			refused.push(loaded);
			return {ok: false, mistakes: loaded.ok ? [] : loaded.mistakes};
		},
		onBug: t.fail,
		clock: fakeClock(),
	});

	await t.throwsAsync(reloader.first(), {instanceOf: UserError});
	const result = await reloader.reload();

	t.deepEqual(result, {ok: false, mistakes: ['there is no such file']});
	t.is(refused.length, 1);
});

test('after the end nothing is applied any more', async t => {
	const read = Promise.withResolvers<Loaded>();
	const reloader = createReloader({
		path: undefined,
		read: () => read.promise,
		async apply(): Promise<ReloadResult> {
			t.fail('applied');
			return {ok: true};
		},
		onBug: t.fail,
		clock: fakeClock(),
	});

	const reload = reloader.reload();
	reloader.stop();
	read.resolve({ok: false, mistakes: []});

	t.like(await reload, {ok: false});
});

test('a refused configuration is mended in a file that only it names', async t => {
	const path = await scratch(t);
	const modules = join(path, '..', 'modules.yml');
	await writeFile(path, oneCheck);
	await writeFile(modules, 'modules: {a: {prober: nothing}}\n');
	const applied: boolean[] = [];
	const reloader = createReloader({
		path,
		read: async () => {
			const {loadConfig} = await import('../../src/config/load.ts');
			return loadConfig(path);
		},
		async apply(loaded): Promise<ReloadResult> {
			applied.push(loaded.ok);
			return loaded.ok ? {ok: true} : {ok: false, mistakes: loaded.mistakes};
		},
		onBug: t.fail,
		clock: systemClock,
		watchIntervalMs: 30,
	});
	t.teardown(() => reloader.stop());
	t.true((await reloader.first()).ok);
	reloader.start();

	await writeFile(path, `module_files: [modules.yml]\n${oneCheck}`);
	await until(() => applied.length === 1);
	await writeFile(modules, 'modules: {a: {prober: tcp}}\n');
	await until(() => applied.length === 2);

	t.deepEqual(applied, [false, true]);
});

/** The whole daemon against the embedded lab. */
interface Setting {
	daemon: Daemon;
	logged: {level: string; msg: string}[];
	rewrite(change: (text: string) => string): Promise<void>;
	/** Sum of the series with that name and all these label values; undefined when there is none. */
	value(name: string, ...labels: string[]): Promise<number | undefined>;
}

async function setUp(t: ExecutionContext, change = (text: string) => text): Promise<Setting> {
	const path = await scratch(t);
	const lab = await startLab({quiet: true});
	let text = change(lab.config.replaceAll('interval: 5s', 'interval: 1s').replaceAll('timeout: 2s', 'timeout: 900ms'));
	await writeFile(path, text);
	const logged: {level: string; msg: string}[] = [];
	const output = {write: (line: string) => logged.push(JSON.parse(line)), isTTY: false};
	const daemon = await startDaemon({
		configPath: path,
		allowLoopback: true,
		listen: {host: '127.0.0.1', port: 0},
		log: createLog({level: 'info', format: 'json'}, output as never),
		watchIntervalMs: 50,
	});
	t.teardown(async () => {
		await daemon.stop();
		await lab.stop();
	});
	return {
		daemon,
		logged,
		async rewrite(edit) {
			text = edit(text);
			await writeFile(path, text);
		},
		value: (...wanted) => valueAt(daemon.url, ...wanted),
	};
}

async function valueAt(url: string, name: string, ...labels: string[]): Promise<number | undefined> {
	const text = await (await fetch(`${url}/metrics`)).text();
	const found = text
		.split('\n')
		.filter(line => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
		.filter(line => labels.every(label => line.includes(`"${label}"`)));
	if (found.length === 0) return undefined;
	return found.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

const gpu1 = 'june-gpu-00000001';

test.serial(
	'an edited file is taken over: new checks appear, unchanged ones keep their series; a broken one is refused once and mended',
	async t => {
		const {value, rewrite, logged} = await setUp(t);
		const refusals = () => logged.filter(({msg}) => msg.startsWith('the configuration was not reloaded')).length;
		await until(async () => ((await value('tailprobe_check_runs_total', 'livekit', 'http', 'up')) ?? 0) >= 2);
		const before = (await value('tailprobe_check_runs_total', 'livekit', 'http', 'up')) ?? 0;

		await rewrite(text => text.replace(/name: orchestrator\b/, 'name: renamed'));
		await until(async () => (await value('tailprobe_check_up', 'renamed')) === 1);
		t.is(await value('tailprobe_check_up', 'orchestrator', 'http'), undefined);
		t.true(((await value('tailprobe_check_runs_total', 'livekit', 'http', 'up')) ?? 0) >= before);
		t.is(await value('tailprobe_config_last_reload_successful'), 1);

		await rewrite(text => text.replace('prober: tunnel', 'prober: smtp'));
		await until(async () => (await value('tailprobe_config_last_reload_successful')) === 0);
		t.is(await value('tailprobe_check_up', 'renamed'), 1);
		const runs = (await value('tailprobe_check_runs_total', 'livekit', 'http', 'up')) ?? 0;
		// Some twenty looks later.
		await until(async () => ((await value('tailprobe_check_runs_total', 'livekit', 'http', 'up')) ?? 0) >= runs + 2);
		t.is(refusals(), 1);

		await rewrite(text => text.replace('prober: smtp', 'prober: tunnel'));
		await until(async () => (await value('tailprobe_config_last_reload_successful')) === 1);
		t.is(await value('tailprobe_check_up', 'renamed'), 1);
	},
);

test.serial('with reload.watch off an edited file waits for a signal or a POST', async t => {
	const {value, rewrite, daemon, logged} = await setUp(t, text => `reload: {watch: false}\n${text}`);
	const reloads = () => logged.filter(({msg}) => msg === 'the configuration was reloaded').length;
	await until(async () => (await value('tailprobe_check_up', 'livekit', 'http')) === 1);

	await rewrite(text => text.replace(/name: orchestrator\b/, 'name: renamed'));
	const runs = (await value('tailprobe_check_runs_total', 'livekit', 'http', 'up')) ?? 0;
	await until(async () => ((await value('tailprobe_check_runs_total', 'livekit', 'http', 'up')) ?? 0) >= runs + 2);
	t.is(reloads(), 0);
	t.is((await fetch(`${daemon.url}/-/reload`, {method: 'POST'})).status, 200);
	await until(async () => (await value('tailprobe_check_up', 'renamed')) === 1);
	t.is(reloads(), 1);
});

test.serial(
	'a reload that names another headscale keeps the checks of nodes, their counters and their history until its list is read',
	async t => {
		const {daemon, value, rewrite} = await setUp(t);
		const runsOf = () => value('tailprobe_check_runs_total', 'tunnel', gpu1, 'up');
		const historyOf = () => daemon.view.history(`tunnel/cluster/${gpu1}`)?.recent ?? [];
		await until(async () => ((await runsOf()) ?? 0) >= 2);
		const oldest = historyOf().at(-1)?.startedAt;

		// Nothing listens there: the list is never read.
		await rewrite(text => text.replace(/(headscale:\n {2}url: )\S+/, '$1http://127.0.0.1:1'));
		await until(() => daemon.view.sources().some(({name, ok}) => name === 'headscale-nodes' && ok === false));
		const between = (await runsOf()) ?? 0;
		t.true(between >= 2);
		await until(async () => ((await runsOf()) ?? 0) >= between + 2);
		t.is(historyOf().at(-1)?.startedAt, oldest);

		// Without the key it never could be: that is refused.
		await rewrite(text => text.replace(/ {2}(api_key|expect_users): .*\n/g, ''));
		await until(async () => (await value('tailprobe_config_last_reload_successful')) === 0);
		t.true(((await runsOf()) ?? 0) > between);
	},
);

test.serial('SIGHUP reads the configuration again', async t => {
	const path = await scratch(t);
	const check = (name: string) =>
		`reload: {watch: false}\nlog: {format: json}\nvantages: [{name: here, type: local, tailscaled: false}]\n${oneCheck.replace('name: a', `name: ${name}`)}`;
	await writeFile(path, check('first'));
	const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
	const serving = spawn(process.execPath, [main, 'serve', '--config', path, '--listen', '127.0.0.1:0'], {
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	t.teardown(() => end(serving));
	let said = '';
	serving.stderr.on('data', (chunk: Buffer) => {
		said += chunk;
	});
	await until(() => said.includes('tailprobe is serving'));
	const url = /"url":"([^"]+)"/.exec(said)?.[1] ?? '';
	await until(async () => (await valueAt(url, 'tailprobe_check_state', 'first')) === 1);

	await writeFile(path, check('second'));
	serving.kill('SIGHUP');

	await until(async () => (await valueAt(url, 'tailprobe_check_state', 'second')) === 1);
	t.is(await valueAt(url, 'tailprobe_check_state', 'first'), undefined);
	serving.kill('SIGTERM');
	await until(() => serving.exitCode === 0);
});

async function end(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const ended = new Promise(resolve => child.once('exit', resolve));
	child.kill('SIGKILL');
	await ended;
}
