import test from 'ava';
import {parsePage, wantedColumns} from '../../src/vast/parse.ts';
import {isPaid} from '../../src/vast/types.ts';
import {aRawInstance, vastSecrets} from '../helpers/vast-server.ts';

const parse = (...instances: unknown[]) => parsePage({instances});
const parseOne = (over: Record<string, unknown>) => parse(aRawInstance(over))?.instances[0];

test('an instance is read with base units, cleaned, and without its secrets', t => {
	const page = parse(aRawInstance({label: ' june-gpu\u0007-a ', public_ipaddr: '203.0.113.7\n'}));

	t.deepEqual(page, {
		bad: 0,
		instances: [
			{
				id: '27711234',
				label: 'june-gpu -a',
				status: 'running',
				intended: 'running',
				allotted: 'running',
				machineId: '12345',
				hostId: '678',
				gpuModel: 'RTX 4090',
				gpus: 1,
				pricePerHour: 0.42,
				startMs: 1_700_000_000_250,
				endMs: 1_700_604_800_000,
				reliabilityRatio: 0.9971,
				gpuUtilizationRatio: 0.375,
				gpuTemperatureCelsius: 61,
				message: 'success, running ozzuworld/june-gpu-multi_latest/ssh',
				sshHost: 'ssh5.vast.ai',
				sshPort: 11_234,
				publicAddress: '203.0.113.7',
			},
		],
	});
	t.false(JSON.stringify(page).includes('SECRET'));
	for (const secret of Object.keys(vastSecrets)) t.false((wantedColumns as readonly string[]).includes(secret));
});

test('an instance of which everything is null is being provisioned, and nothing else is known', t => {
	const nothing = Object.fromEntries(wantedColumns.map(column => [column, null]));

	t.deepEqual(parse({...nothing, id: 7})?.instances, [{id: '7', label: '', status: 'provisioning'}]);
	t.deepEqual(parse({id: 7})?.instances, [{id: '7', label: '', status: 'other'}]);
});

test('values of wrong types and beyond all reason are absent, never zero', t => {
	const wrong = parseOne({
		label: 17,
		gpu_name: {},
		num_gpus: 'two',
		gpu_util: 412,
		gpu_temp: '61',
		actual_status: 'dancing',
		intended_status: 'flying',
		cur_state: [],
		dph_total: -1,
		start_date: 'yesterday',
		end_date: 1e20,
		reliability2: 99,
		status_msg: null,
		ssh_host: 'a b; rm -rf /',
		ssh_port: 0,
		public_ipaddr: 'example.com',
		machine_id: 1.5,
		host_id: '-3',
	});

	t.deepEqual(wrong, {id: '27711234', label: '', status: 'other', intended: 'other'});
});

test('texts are bounded and hold no control characters', t => {
	const instance = parseOne({
		status_msg: `\u001b[31m${'x'.repeat(100_000)}`,
		gpu_name: `RTX"}\n${'y'.repeat(500)}`,
		label: `\u202e${'z'.repeat(500)}`,
	});

	t.true((instance?.message?.length ?? 0) <= 200);
	t.regex(instance?.message ?? '', /^\[31mx+…$/);
	t.regex(instance?.gpuModel ?? '', /^RTX__ y+_$/);
	t.regex(instance?.label ?? '', /^z{99}…$/);
});

test('what has no id cannot be used and is counted', t => {
	const page = parse(null, 'x', {id: -1}, {id: 'x'}, {}, aRawInstance({id: '0042'}));

	t.is(page?.bad, 5);
	t.deepEqual(
		page?.instances.map(({id}) => id),
		['0042'],
	);
});

test('the next page is named by a text; anything else means that there is none', t => {
	t.is(parsePage({instances: [], next_token: 'abc'})?.nextToken, 'abc');
	for (const next_token of [null, undefined, '', 7, {}])
		t.is(parsePage({instances: [], next_token})?.nextToken, undefined);
});

test('what is no list is undefined', t => {
	for (const json of [undefined, null, [], 'x', {}, {instances: null}, {instances: {0: {}}}])
		t.is(parsePage(json), undefined);
});

test('what is paid for follows from the status, and in doubt from the allotted machine', t => {
	const paid = (status: unknown, cur_state: unknown = 'running') => {
		const instance = parseOne({actual_status: status, cur_state});
		return instance && isPaid(instance);
	};

	for (const status of ['running', 'frozen']) t.true(paid(status, 'stopped'), status);
	for (const status of ['exited', 'rebooting', 'unknown', 'brand-new']) {
		t.true(paid(status), status);
		t.false(paid(status, 'unloaded'), status);
	}
	for (const status of [null, 'created', 'scheduling', 'loading', 'stopped', 'offline'])
		t.false(paid(status), String(status));
});
