import test from 'ava';
import {type Daemon, startDaemon} from '../../src/daemon.ts';
import {type Lab, startLab} from '../../src/lab/lab.ts';
import {createLog} from '../../src/util/log.ts';
import {until} from '../helpers/until.ts';

let lab: Lab;
let daemon: Daemon;

/** A lab that a daemon watches, with all of it up. An nvidia-smi there is a program of its own, which takes its time to start. */
test.before(async () => {
	lab = await startLab({quiet: true});
	daemon = await startDaemon({
		configText: lab.config
			.replaceAll('interval: 5s', 'interval: 2s')
			.replaceAll('interval: 10s', 'interval: 5s')
			.replaceAll('timeout: 2s', 'timeout: 1500ms'),
		allowLoopback: true,
		listen: {host: '127.0.0.1', port: 0},
		log: createLog({level: 'error', format: 'json'}, {write() {}, isTTY: false} as never),
	});
	await allUp();
});

test.afterEach.always(async () => {
	await lab.heal();
	await allUp();
});

test.after.always(async () => {
	await daemon?.stop();
	await lab?.stop();
});

const allUp = () =>
	until(() => {
		const checks = daemon.view.checks();
		return checks.some(({check}) => check.type === 'gpu') && checks.every(({verdict}) => verdict === 'up');
	}, 40_000);

const states = ({view}: Daemon, vantage: string) =>
	Object.fromEntries(
		view
			.checks()
			.filter(({check}) => check.vantage === vantage)
			.map(({check, verdict, last}) => [`${check.name} ${check.target.name}`, last?.reason ?? verdict]),
	);
const vantage = ({view}: Daemon, name: string) => view.vantages().find(state => state.name === name);
const [gpu1, gpu2] = ['june-gpu-00000001', 'june-gpu-00000002'] as const;

test.serial(
	'an agent that was killed leaves what it looked at unknown and nothing down, and goes on when it is back',
	async t => {
		t.like(vantage(daemon, gpu1), {condition: 'sound', type: 'agent', group: 'gpu'});

		await lab.break('gpu1-agent-killed');
		await until(() => Object.values(states(daemon, gpu1)).every(state => state === 'vantage'));

		t.is(vantage(daemon, gpu1)?.condition, 'gone');
		t.true(Object.values(states(daemon, gpu2)).every(state => state === 'up'));
		t.true(Object.values(states(daemon, 'cluster')).every(state => state === 'up'));
		t.false(daemon.view.checks().some(({downSince}) => downSince !== undefined));

		await lab.heal();
		await until(() => Object.values(states(daemon, gpu1)).every(state => state === 'up'), 30_000);
		t.pass();
	},
);

test.serial(
	'a GPU that fell off the bus, a driver that does not fit and an nvidia-smi that hangs are told apart',
	async t => {
		const gpu = (name: string) =>
			daemon.view.checks().find(({check}) => check.type === 'gpu' && check.vantage === name);

		await until(() => daemon.view.pools()[0]?.gpusUsable === 2);
		await lab.break('gpu1-lost');
		await lab.break('gpu2-smi-hangs');
		await until(() => gpu(gpu1)?.last?.reason === 'content' && gpu(gpu2)?.last?.reason === 'timeout', 30_000);

		t.regex(gpu(gpu1)?.last?.detail ?? '', /device handle|lost|bus/i);
		t.is(states(daemon, gpu1)['webhook june-orchestrator'], 'up', 'the machine itself is well');
		await until(() => daemon.view.pools()[0]?.unusable === 2);
		t.like(daemon.view.pools()[0], {min: 2, usable: 0});

		await lab.heal();
		await lab.break('gpu1-driver-mismatch');
		await until(() => gpu(gpu1)?.last?.reason === 'status' && gpu(gpu2)?.verdict === 'up', 30_000);

		t.regex(gpu(gpu1)?.last?.detail ?? '', /mismatch/);
	},
);

test.serial(
	'a machine that leaves the tailnet is looked from no more, and goes on when it is back within the grace',
	async t => {
		await lab.break('gpu2-gone');
		await until(() => vantage(daemon, gpu2)?.condition === 'gone');
		t.true(Object.values(states(daemon, gpu2)).every(state => state !== 'down'));

		await lab.heal();
		await until(() => vantage(daemon, gpu2)?.condition === 'sound', 30_000);
		await until(() => Object.values(states(daemon, gpu2)).every(state => state === 'up'), 30_000);
		t.pass();
	},
);
