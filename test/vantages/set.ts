import test, {type ExecutionContext} from 'ava';
import {insist, parseConfig} from '../../src/config/load.ts';
import type {Config} from '../../src/config/types.ts';
import type {Member} from '../../src/vantages/members.ts';
import {startVantages} from '../../src/vantages/set.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

const aConfig = (grace: string, port = 1): Config =>
	insist(
		parseConfig(
			`headscale: {url: "https://headscale.example.com", cli: {command: [headscale]}}
vantages:
  - {name: cluster, type: local, tailscaled: false}
  - {name: gpu, type: remote, nodes: {owner: ozzu}, grace: ${grace}, ways: [{agent: {port: ${port}, secret: {env: TAILPROBE_NO_SECRET}}}]}
`,
			'config.yaml',
		),
	);

const member = (name: string, address = '127.0.0.1'): Member => ({name, group: 'gpu', address});

function start(t: ExecutionContext, config: Config) {
	const clock = fakeClock();
	const set = startVantages({
		config,
		allowLoopback: true,
		peers: () => new Map(),
		kubernetes: () => undefined,
		onOutcomes() {},
		onKnown() {},
		onBug: text => t.fail(text),
		onThreadDeath() {},
		clock,
	});
	t.teardown(() => set.stop());
	const names = () => set.list().map(({name}) => name);
	return {set, clock, names};
}

test('a machine that went stays for its grace and is then gone', async t => {
	const {set, clock, names} = start(t, aConfig('5m'));
	set.update([member('june-gpu-1'), member('june-gpu-2')]);
	t.deepEqual(names(), ['cluster', 'june-gpu-1', 'june-gpu-2']);
	t.deepEqual(set.planned().slice(0, 2), [
		{name: 'cluster', group: 'cluster'},
		{name: 'june-gpu-1', group: 'gpu'},
	]);

	set.update([member('june-gpu-1')]);
	await clock.advance(299_000);
	set.update([member('june-gpu-1')]);
	t.deepEqual(names(), ['cluster', 'june-gpu-1', 'june-gpu-2']);

	await clock.advance(1000);
	set.update([member('june-gpu-1')]);
	t.deepEqual(names(), ['cluster', 'june-gpu-1']);
});

test('one that comes back within its grace goes on, and its grace begins anew when it goes again', async t => {
	const {set, clock, names} = start(t, aConfig('5m'));
	set.update([member('june-gpu-1')]);
	const [, before] = set.list();

	set.update([]);
	await clock.advance(200_000);
	set.update([member('june-gpu-1')]);
	t.is(set.list()[1], before);

	set.update([]);
	await clock.advance(200_000);
	set.update([]);
	t.deepEqual(names(), ['cluster', 'june-gpu-1']);
});

test('one that came back elsewhere is looked from anew under its name', t => {
	const {set, names} = start(t, aConfig('5m'));
	set.update([member('june-gpu-1', '127.0.0.1')]);
	const [, before] = set.list();

	const starts = set.starts();
	set.update([member('june-gpu-1', '127.0.0.2')]);

	t.is(set.starts(), starts + 1, 'whoever plans must give it its checks');
	t.deepEqual(names(), ['cluster', 'june-gpu-1']);
	t.not(set.list()[1], before);
});

test('a reload that changes how a group is reached starts its machines anew and leaves the local vantage alone', t => {
	const {set} = start(t, aConfig('5m'));
	set.update([member('june-gpu-1')]);
	const [local, before] = set.list();

	set.configure(aConfig('5m', 2));
	set.update([member('june-gpu-1')]);

	t.is(set.list()[0], local);
	t.not(set.list()[1], before);
});

test('a group that left the configuration takes its machines along', t => {
	const {set, names} = start(t, aConfig('5m'));
	set.update([member('june-gpu-1')]);
	const config = aConfig('5m');

	set.configure({...config, vantages: config.vantages.filter(({type}) => type === 'local')});

	t.deepEqual(names(), ['cluster']);
});
