import {createServer, type Socket} from 'node:net';
import test, {type ExecutionContext} from 'ava';
import type {Check, Outcome} from '../../src/engine/types.ts';
import {answersTcp} from '../../src/vantages/answers.ts';
import {createDirectHealth, type DirectHealthOptions} from '../../src/vantages/direct-health.ts';
import type {SelfCheckResult} from '../../src/vantages/self-check.ts';
import {aCheck, anOutcome, aReading} from '../helpers/checks.ts';

const stopping = new AbortController().signal;
/** Addresses of this machine's loopback: each is a host of its own that answers, refuses or is guarded by nobody. */
const [hostA, hostB, target] = ['127.0.0.2', '127.0.0.3', '127.0.0.9'] as const;
/** Documentation addresses that `knock` finds silent. */
const [deadA, deadB] = ['192.0.2.1', '192.0.2.2'] as const;

const open = async () => ({device: 'eth0'});

const knock: typeof answersTcp = (host, port, signal) =>
	host === deadA || host === deadB ? Promise.resolve(false) : answersTcp(host, port, signal);

function health(over: Partial<DirectHealthOptions> = {}) {
	return createDirectHealth({selfCheck: undefined, stopping, wayOut: open, knock, witnessMs: 1000, ...over});
}

/** A self-check that knows this of the network, with the number of looks. */
function knowing(part: Partial<SelfCheckResult>) {
	const seen = {looks: 0};
	const look = async (): Promise<SelfCheckResult> => {
		seen.looks++;
		return {sound: true, facts: {}, addresses: [], ...part};
	};
	return {selfCheck: {look}, seen};
}

function direct(address: string, part: Partial<Check> = {}): Check {
	return aCheck({target: {name: 'x', address: `http://${address}:8000/`, via: 'direct', peer: ''}, ...part});
}
const closed = direct(target, {expect: 'unreachable'});

function silence(address: string, part: Partial<Outcome> = {}): Outcome {
	const reading = aReading({ok: false, reason: 'timeout', facts: {address}, phases: {connect: 1}});
	return anOutcome({verdict: 'down', reason: 'timeout', reading, ...part});
}

function answer(address: string, part: Partial<Outcome> = {}): Outcome {
	return anOutcome({reading: aReading({facts: {address, answered: 'true'}, phases: {connect: 0.001}}), ...part});
}

/** Notes an answer of a listener on that address. */
async function aWitness(t: ExecutionContext, host: string) {
	const sockets = new Set<Socket>();
	let asked = 0;
	const server = createServer(socket => {
		asked++;
		sockets.add(socket);
		socket.on('error', () => {});
	});
	await new Promise<void>(resolve => server.listen(0, host, resolve));
	t.teardown(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	const port = (server.address() as {port: number}).port;
	const check = aCheck({target: {name: 'w', address: `http://${host}:${port}/`, via: 'direct', peer: ''}});
	return {check, outcome: answer(host), asked: () => asked};
}

test('without witnesses and without a tailscaled silence is believed', async t => {
	const {excuse} = health();

	t.is((await excuse(direct(target), silence(target))).verdict, 'down');
	t.is((await excuse(closed, silence(target))).verdict, 'down', 'which turned round is up');
});

test('a machine that has no carrier, or no route there, says nothing about a target', async t => {
	const fault = 'the network interface towards it (eth0) has no carrier';
	const {excuse} = health({wayOut: async () => ({device: 'eth0', fault})});

	for (const check of [direct(target), closed]) {
		const outcome = await excuse(check, silence(target, {reason: 'unreachable'}));

		t.like(outcome, {verdict: 'unknown', reason: 'vantage'});
		t.regex(outcome.detail ?? '', /eth0\) has no carrier: our own network is at fault/);
	}
});

test('a missing route concerns that address, a missing carrier all that leave by that device, a moment longer', async t => {
	let way: {device: string; fault?: string} = {
		device: '',
		fault: 'this machine has no route to 2001:db8::1 (ENETUNREACH)',
	};
	const {excuse} = health({wayOut: async () => way});
	const verdict = async () => (await excuse(direct(target), silence(target))).verdict;

	t.is(await verdict(), 'unknown');
	way = {device: 'eth0'};
	t.is(await verdict(), 'down');
	way = {device: 'eth0', fault: 'the network interface towards it (eth0) has no carrier'};
	t.is(await verdict(), 'unknown');
	way = {device: 'eth1'};
	t.is(await verdict(), 'down');
	way = {device: 'eth0'};
	t.is(await verdict(), 'unknown', 'the run began when there was none');
});

test('a witness that answers proves the network', async t => {
	const witness = await aWitness(t, hostA);
	const {excuse, note} = health(knowing({network: 'silent'}));
	note(witness.check, witness.outcome);

	t.is((await excuse(direct(target), silence(target))).verdict, 'down');
	t.is(witness.asked(), 1);
});

test('two hosts that answered before and are silent together are our own fault', async t => {
	const {excuse, note} = health();
	for (const host of [deadA, deadB]) note(direct(host), answer(host));

	const outcome = await excuse(direct(deadA), silence(deadA));

	t.like(outcome, {verdict: 'unknown', reason: 'vantage'});
	t.regex(outcome.detail ?? '', /nothing that answered from here lately answers any more \(2 hosts\)/);
});

test('one host that fell silent is down, and so is one that never answered beside a single silent witness', async t => {
	const {excuse, note} = health();
	note(direct(deadA), answer(deadA));

	t.is((await excuse(direct(deadA), silence(deadA))).verdict, 'down');
	t.is((await excuse(direct(target), silence(target))).verdict, 'down');
});

test('what must stay closed is in doubt as soon as the only other witness is silent, but not for its own answer of before', async t => {
	const {excuse, note} = health();
	note(closed, answer(target, {verdict: 'down', reason: 'expected_unreachable'}));
	t.is((await excuse(closed, silence(target))).verdict, 'down');

	const other = health();
	other.note(direct(deadA), answer(deadA));
	t.like(await other.excuse(closed, silence(target)), {verdict: 'unknown', reason: 'vantage'});
});

test('tailscaled vouches for the network, or tells that it is gone', async t => {
	const sound = health(knowing({network: 'answers'}));
	for (const host of [deadA, deadB]) sound.note(direct(host), answer(host));
	t.is((await sound.excuse(direct(deadA), silence(deadA))).verdict, 'down');
	t.is((await sound.excuse(closed, silence(target))).verdict, 'down');

	const gone = health(knowing({sound: false, network: 'silent'}));
	for (const check of [direct(target), closed]) {
		const outcome = await gone.excuse(check, silence(target));
		t.like(outcome, {verdict: 'unknown', reason: 'vantage'});
		t.regex(outcome.detail ?? '', /our own network is gone/);
	}

	const mute = health(knowing({sound: false, detail: 'tailscaled hangs'}));
	t.is((await mute.excuse(direct(target), silence(target))).verdict, 'down', 'it knows nothing of the network');
});

test('what answered, however badly, and who refuses are believed without a look', async t => {
	const {selfCheck, seen} = knowing({network: 'silent'});
	const {excuse} = health({selfCheck});

	for (const reason of ['refused', 'reset', 'tls', 'status', 'content', 'forbidden'] as const)
		t.is((await excuse(direct(target), silence(target, {reason}))).verdict, 'down');
	t.is((await excuse(direct(target), {...answer(target), verdict: 'down', reason: 'timeout'})).verdict, 'down');
	t.is((await excuse(direct(target), answer(target))).verdict, 'up');
	t.is(seen.looks, 0);
});

test('an ad hoc run, one over the tailnet, and one that nothing answered make no witness', async t => {
	const {excuse, note} = health();
	for (const host of [deadA, deadB]) {
		note(direct(host), answer(host, {kind: 'adhoc'}));
		note(aCheck(), answer(host));
		note(direct(host), silence(host));
		note(direct(host), anOutcome({reading: aReading({facts: {address: host, answered: 'true'}})}));
	}

	t.is((await excuse(direct(deadA), silence(deadA))).verdict, 'down');
	t.is((await excuse(closed, silence(target))).verdict, 'down');
});

test('many failures at once ask the witnesses once', async t => {
	const witness = await aWitness(t, hostB);
	const {excuse, note} = health();
	note(witness.check, witness.outcome);

	await Promise.all(Array.from({length: 20}, () => excuse(direct(target), silence(target))));

	t.is(witness.asked(), 1);
});
