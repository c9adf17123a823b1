import test from 'ava';
import {z} from 'zod';
import {defaultRules} from '../../src/agent/allow.ts';
import {optionsSchemaOf, readCheck} from '../../src/agent/read-check.ts';
import type {Check} from '../../src/engine/types.ts';
import {probes} from '../../src/probes/registry.ts';
import {aCheck} from '../helpers/checks.ts';

const allow = {
	rules: [...defaultRules, {via: 'direct' as const, hosts: ['*']}],
	files: ['/etc/ours.pem'],
	env: ['OURS'],
};

for (const probe of probes)
	test(`options of a ${probe.type} check pass the wire as they are`, t => {
		const options = probe.options(z).safeParse({});
		const settled = options.success ? options.data : {};

		const again = optionsSchemaOf(probe).safeParse(JSON.parse(JSON.stringify(settled)));

		t.true(again.success, JSON.stringify(again.error?.issues));
		t.deepEqual(again.data, settled);
	});

test('options with durations pass the wire as they are', t => {
	const tunnel = probes.find(({type}) => type === 'tunnel');
	const icmp = probes.find(({type}) => type === 'icmp');
	const written = {count: 2, ping_interval: '50ms', max_loss: 0.5};

	const settled = [tunnel, icmp].map(probe => probe?.options(z).parse(written));

	t.deepEqual(
		[tunnel, icmp].map((probe, at) => probe && optionsSchemaOf(probe).parse(JSON.parse(JSON.stringify(settled[at])))),
		settled,
	);
});

test('a whole check passes the wire as it is', t => {
	const check = aCheck({
		recheckMs: 1000,
		objectiveMs: 100,
		expect: 'unreachable',
		options: probes
			.find(({type}) => type === 'http')
			?.options(z)
			.parse({tls_config: {ca_file: '/etc/ours.pem'}}),
		target: {name: 'a', address: 'http://a:8080/', via: 'tailnet', peer: 'a', only: ['100.64.0.0/10']},
	});

	const read = readCheck(JSON.parse(JSON.stringify(check)), allow);

	t.deepEqual(read, {kind: 'runs', check: JSON.parse(JSON.stringify(check)) as Check});
});

test('a type or an option that this version does not know is unsupported, and no value is repeated', t => {
	const type = readCheck(aCheck({type: 'telepathy'}), allow);
	const option = readCheck(aCheck({options: {pasword: 'hunter2', method: 7}}), allow);

	t.like(type, {kind: 'denied', reason: 'unsupported'});
	t.like(option, {kind: 'denied', reason: 'unsupported'});
	t.regex(JSON.stringify(type), /knows no telepathy probe: update it/);
	t.false(JSON.stringify(option).includes('hunter2", "detail'));
	t.regex(
		String(option.kind === 'denied' && option.detail),
		/does not understand the options of this check \(.*method/,
	);
});

test('a file that the agent does not list is denied, one that it lists is not', t => {
	const http = (options: object) => readCheck(aCheck({options}), allow);

	const foreign = http({tls_config: {ca_file: '/root/.ssh/id_ed25519'}});
	const secret = http({basic_auth: {username: 'x', password_file: '/etc/shadow'}});
	const ours = http({tls_config: {ca_file: '/etc/ours.pem'}});

	t.like(foreign, {kind: 'denied', reason: 'denied'});
	t.regex(JSON.stringify(foreign), /may not read \/root\/\.ssh\/id_ed25519 \(ca_file\)/);
	t.like(secret, {kind: 'denied', reason: 'denied'});
	t.is(ours.kind, 'runs');
});

for (const [at, nonsense] of [
	null,
	7,
	[],
	{},
	{...aCheck(), key: 'a b'},
	{...aCheck(), key: '$(id)'},
	{...aCheck(), intervalMs: 1},
	{...aCheck(), intervalMs: Number.MAX_VALUE},
	{...aCheck(), target: {...aCheck().target, name: '"><script>'}},
	{...aCheck(), target: {...aCheck().target, via: 'carrier pigeon'}},
].entries())
	test(`what is no check is nonsense (${at + 1})`, t => {
		t.is(readCheck(nonsense, allow).kind, 'nonsense');
	});
