import test from 'ava';
import {createAdhoc} from '../src/adhoc.ts';
import {parseConfig} from '../src/config/load.ts';
import type {Check} from '../src/engine/types.ts';
import {createExposition} from '../src/metrics/exposition.ts';
import type {AdhocRequest} from '../src/server/types.ts';
import {createLog} from '../src/util/log.ts';
import type {Vantage} from '../src/vantages/types.ts';
import {aCheck, anOutcome} from './helpers/checks.ts';

const text = `
modules:
  slow: {prober: http, timeout: 20s}
  warm: {prober: http_warm}
  outside: {prober: http, via: direct, http: {headers: {Authorization: "Bearer made-up", Host: a.example}}}
  trusted: {prober: http, via: direct, trust_adhoc: true, http: {headers: {Authorization: "Bearer made-up"}}}
adhoc: {allow: [10.1.0.0/16], concurrency: 3, concurrency_per_caller: 1}
`;

/** The target of a check that uses the module `outside`. */
const members = {name: 'members', address: 'http://10.1.9.9/', via: 'direct', peer: ''} as const;

function setUp() {
	const loaded = parseConfig(text, 'c.yaml');
	if (!loaded.ok) throw new Error(loaded.mistakes.join());
	const ran: {check: Check; deadlineMs: number; signal: AbortSignal | undefined}[] = [];
	const lines: Record<string, unknown>[] = [];
	let hold: Promise<void> | undefined;
	const vantage = {
		name: 'local',
		state: () => ({name: 'local'}),
		async run(check: Check, deadlineMs: number, signal?: AbortSignal) {
			ran.push({check, deadlineMs, signal});
			await hold;
			return anOutcome({kind: 'adhoc'});
		},
	} as unknown as Vantage;
	const {probe} = createAdhoc({
		exposition: createExposition(),
		log: createLog({level: 'info', format: 'json'}, {
			write: (line: string) => lines.push(JSON.parse(line)),
			isTTY: false,
		} as never),
		config: () => loaded.config,
		checks: () => [
			aCheck(),
			aCheck({
				key: 'members',
				name: 'members',
				vantage: 'local',
				expect: 'unreachable',
				target: members,
				options: loaded.config.modules.get('outside')?.options,
			}),
		],
		vantages: () => [vantage],
	});
	const ask = (over: Partial<AdhocRequest>) =>
		probe({target: 'http://livekit:7880/', module: 'http_2xx', caller: 'test', ...over});
	return {ask, ran, lines, holdRuns: (until: Promise<void>) => (hold = until)};
}

test('an ad hoc target may only have addresses of the tailnet', async t => {
	const {ask, ran} = setUp();

	await ask({});

	t.like(ran[0]?.check.target, {via: 'tailnet', only: ['100.64.0.0/10', 'fd7a:115c:a1e0::/48']});
});

test('by a module that goes directly it may only have addresses of adhoc.allow', async t => {
	const {ask, ran} = setUp();

	await ask({module: 'outside', target: 'http://10.1.2.3/'});

	t.like(ran[0]?.check.target, {via: 'direct', only: ['10.1.0.0/16']});
});

test('a configured target is reached as configured', async t => {
	const {ask, ran} = setUp();

	await ask({target: aCheck().target.address});

	t.deepEqual(ran[0]?.check.target, aCheck().target);
});

test('the target of a check of another type is not configured for this one', async t => {
	const {ask, ran} = setUp();

	await ask({target: aCheck().target.address, module: 'warm'});

	t.like(ran[0]?.check, {type: 'http_warm', target: {name: 'adhoc', via: 'tailnet'}});
	t.truthy(ran[0]?.check.target.only);
});

test("the deadline is the module's, cut by the caller's; without either five seconds", async t => {
	const {ask, ran} = setUp();

	await ask({});
	await ask({timeoutMs: 9500});
	await ask({module: 'slow'});
	await ask({module: 'slow', timeoutMs: 1000});

	t.deepEqual(
		ran.map(run => run.deadlineMs),
		[5000, 9500, 20_000, 1000],
	);
});

test('what cannot be asked is refused with what there is', async t => {
	const {ask} = setUp();

	t.like(await ask({module: 'nothing'}), {kind: 'bad_request', field: 'module'});
	t.like(await ask({from: 'moon'}), {kind: 'bad_request', field: 'from'});
	t.like(await ask({target: 'file:///etc/passwd'}), {kind: 'bad_request', field: 'target'});
	t.like(await ask({target: '-oProxyCommand=x', module: 'icmp'}), {kind: 'bad_request', field: 'target'});
	t.like(await ask({module: 'outside', hostname: 'b.example'}), {kind: 'bad_request', field: 'hostname'});
	t.like(await ask({hostname: 'a\r\nX: y'}), {kind: 'bad_request', field: 'hostname'});
});

test('more at a time than allowed, in all or to one caller, are told to wait', async t => {
	const {ask, holdRuns} = setUp();
	const end = Promise.withResolvers<void>();
	holdRuns(end.promise);
	const held = [ask({callerKey: 'a'}), ask({callerKey: 'b'})];

	const second = await ask({callerKey: 'a'});
	held.push(ask({callerKey: 'c'}));
	const fourth = await ask({callerKey: 'd'});
	end.resolve();

	t.is(second.kind, 'busy');
	t.regex(second.kind === 'busy' ? second.detail : '', /adhoc\.concurrency_per_caller/);
	t.regex(fourth.kind === 'busy' ? fourth.detail : '', /adhoc\.concurrency\)/);
	for (const answer of await Promise.all(held)) t.is(answer.kind, 'ran');
	t.is((await ask({callerKey: 'a'})).kind, 'ran');
});

test('each run leaves one line: who, from where, what, what came of it, and nothing that may be secret', async t => {
	const {ask, lines} = setUp();

	await ask({
		target: 'http://livekit:7880/a?token=made-up#made-up',
		caller: 'alice',
		callerAddress: '100.64.0.7',
		hostname: 'other.example',
	});

	t.is(lines.length, 1);
	t.like(lines[0], {
		msg: 'ad hoc probe',
		caller: 'alice',
		address: '100.64.0.7',
		target: 'http://livekit:7880/a?…',
		hostname: 'other.example',
		module: 'http_2xx',
		vantage: 'local',
		verdict: 'up',
	});
	t.is(typeof lines[0]?.duration_ms, 'number');
	t.notRegex(JSON.stringify(lines), /made-up/);
});

test('the vantage hears when the caller goes away', async t => {
	const {ask, ran} = setUp();
	const gone = new AbortController();

	await ask({signal: gone.signal});

	t.is(ran[0]?.signal, gone.signal);
});

test('the module is shown without what might be secret', async t => {
	const {ask} = setUp();

	const answer = await ask({module: 'outside', target: 'http://10.1.2.3/'});

	t.is(answer.kind, 'ran');
	if (answer.kind !== 'ran') return;
	t.regex(answer.module?.text ?? '', /Authorization: <redacted>/);
	t.notRegex(answer.module?.text ?? '', /made-up/);
});

test('secret headers of a module go only to targets of checks that use it, not to those of its neighbours', async t => {
	const {ask, ran} = setUp();

	await ask({module: 'outside', target: 'http://10.1.2.3/'});
	await ask({module: 'outside', target: aCheck().target.address});
	await ask({module: 'outside', target: members.address});

	const headersOf = (at: number) => (ran[at]?.check.options as {headers?: object} | undefined)?.headers;
	t.deepEqual(headersOf(0), {Host: 'a.example'});
	t.deepEqual(headersOf(1), {Host: 'a.example'});
	t.deepEqual(headersOf(2), {Authorization: 'Bearer made-up', Host: 'a.example'});
});

test('those of a trusted module go to whom ad hoc probes may reach, and no further', async t => {
	const {ask, ran} = setUp();

	const answer = await ask({module: 'trusted', target: 'http://10.1.2.3/'});

	t.like(ran[0]?.check, {
		options: {headers: {Authorization: 'Bearer made-up'}},
		target: {via: 'direct', only: ['10.1.0.0/16']},
	});
	t.is(answer.kind === 'ran' ? answer.outcome.withheld : answer, undefined);
});

test('what was withheld is in the outcome and in the line of the log, by name', async t => {
	const {ask, lines} = setUp();

	const answer = await ask({module: 'outside', target: 'http://10.1.2.3/'});

	t.deepEqual(answer.kind === 'ran' ? answer.outcome.withheld : answer, ['headers.Authorization']);
	t.deepEqual(lines[0]?.withheld, ['headers.Authorization']);
	t.notRegex(JSON.stringify(lines), /made-up/);
});

test('the host name is asked for by TLS too, where the module does not say another', async t => {
	const {ask, ran} = setUp();

	await ask({module: 'tcp_connect', target: 'livekit:7880', hostname: 'b.example:443'});
	await ask({module: 'http_2xx', hostname: 'b.example'});

	t.like(ran[0]?.check.options, {tls_config: {server_name: 'b.example'}});
	t.like(ran[1]?.check.options, {headers: {Host: 'b.example'}, tls_config: {server_name: 'b.example'}});
	t.like(await ask({module: 'icmp', target: 'livekit', hostname: 'b.example'}), {
		kind: 'bad_request',
		field: 'hostname',
	});
});

test('a check runs with its own options, way, timeout and expectation, whatever its module sends', async t => {
	const {ask, ran, lines} = setUp();

	const answer = await ask({check: 'members', target: '', timeoutMs: 60_000});

	t.like(ran[0], {
		deadlineMs: 5000,
		check: {name: 'members', target: members, expect: 'unreachable', key: 'adhoc/local/members/members'},
	});
	t.like(ran[0]?.check.options, {headers: {Authorization: 'Bearer made-up'}});
	t.like(answer, {kind: 'ran', module: undefined});
	t.like(lines[0], {check: 'members', target: 'members', vantage: 'local'});
});

test('a check that nobody configured is refused with those that there are', async t => {
	const {ask, ran} = setUp();

	const answer = await ask({check: 'moon', target: ''});

	t.like(answer, {kind: 'bad_request', field: 'check'});
	t.is(ran.length, 0);
});

test('a check that several machines have is run from one that can look', async t => {
	const loaded = parseConfig('checks: [{name: webhook, prober: tcp, via: tailnet, targets: ["a:1"]}]', 'c.yaml');
	if (!loaded.ok) throw new Error(loaded.mistakes.join());
	const target = {name: 'a:1', address: 'a:1', via: 'tailnet', peer: ''} as const;
	const machines = ['june-gpu-1', 'june-gpu-2'].map(
		(name, at) =>
			({
				name,
				state: () => ({name, group: 'gpu', condition: at === 0 ? 'gone' : 'sound'}),
				run: async ({key}: Check) => anOutcome({kind: 'adhoc', key}),
			}) as unknown as Vantage,
	);
	const {probe} = createAdhoc({
		exposition: createExposition(),
		log: createLog({level: 'error', format: 'json'}, {write() {}, isTTY: false} as never),
		config: () => loaded.config,
		checks: () =>
			machines.map(({name}) => aCheck({key: `webhook/${name}/a:1`, name: 'webhook', vantage: name, target})),
		vantages: () => machines,
	});

	const answer = await probe({check: 'webhook', target: '', module: '', caller: 'test'});
	const asked = await probe({check: 'webhook', target: '', module: '', caller: 'test', from: 'june-gpu-1'});

	t.like(answer, {kind: 'ran', check: {vantage: 'june-gpu-2'}});
	t.like(asked, {kind: 'ran', check: {vantage: 'june-gpu-1'}});
});
