import test from 'ava';
import type {PingAnswer, PingType} from '../../src/net/localapi.ts';
import {LocalApiError} from '../../src/net/localapi.ts';
import {type PingPlan, pingRound, planRound, SilentError} from '../../src/net/ping-round.ts';

const endless = new AbortController().signal;
const content = async () => {};

const nothing: PingAnswer = {seconds: undefined, error: '', endpoint: '', peerRelay: '', derpRegion: ''};
const direct: PingAnswer = {...nothing, seconds: 0.001, endpoint: '10.77.0.3:41641'};
const byDerp: PingAnswer = {...nothing, seconds: 0.03, derpRegion: 'lab'};
const through: PingAnswer = {...nothing, seconds: 0.0012};

const plan: PingPlan = {count: 3, spacingMs: 10, pathMs: 100, patienceMs: 100, totalMs: 500};

/** A LocalAPI that answers each ping as `answer` says; 'silent' never, until its signal aborts. */
function fakeApi(answer: (type: PingType, nth: number) => PingAnswer | Promise<PingAnswer> | 'silent' | Error) {
	const calls: PingType[] = [];
	const ended: PingType[] = [];
	const ping = (_address: string, type: PingType, signal: AbortSignal): Promise<PingAnswer> => {
		calls.push(type);
		const what = answer(type, calls.filter(call => call === type).length);
		if (what instanceof Error) return Promise.reject(what);
		if (what !== 'silent') return Promise.resolve(what);
		return new Promise((_, reject) =>
			signal.addEventListener('abort', () => {
				ended.push(type);
				reject(signal.reason);
			}),
		);
	};
	return {ping, calls, ended};
}

const healthy = (type: PingType) => (type === 'disco' ? direct : through);

test('whatever the options, the parts of a round fit into its time and every ping has its patience', t => {
	for (const availableMs of [0, 100, 900, 1000, 5000, 30_000])
		for (const count of [1, 3, 100])
			for (const intervalMs of [10, 200, 10_000]) {
				const {spacingMs, pathMs, patienceMs, totalMs} = planRound(availableMs, count, intervalMs);

				t.true(totalMs <= availableMs);
				t.true(pathMs + count * spacingMs + patienceMs <= totalMs + 1e-6);
				t.true(spacingMs >= 0 && spacingMs <= intervalMs);
				t.true(patienceMs >= Math.min(1000, availableMs * 0.3));
			}
});

test('with the usual timeout the pause is as asked for, and patience a second', t => {
	t.like(planRound(5000, 3, 200), {spacingMs: 200, patienceMs: 1000});
});

test('on a direct path the first disco ping finds it, and the others go between the TSMP pings', async t => {
	const api = fakeApi(healthy);

	const round = await pingRound(api, '100.64.0.1', plan, content, endless);

	t.deepEqual(api.calls, ['disco', 'TSMP', 'disco', 'TSMP', 'disco', 'TSMP', 'ICMP']);
	t.true([...round.disco, ...round.tsmp, ...round.icmp].every(ping => ping.answer?.seconds !== undefined));
});

test('a path that starts by DERP is asked again until it is direct', async t => {
	const api = fakeApi((type, nth) => (type !== 'disco' ? through : nth < 3 ? byDerp : direct));

	await pingRound(api, '100.64.0.1', plan, content, endless);

	t.deepEqual(api.calls.slice(0, 4), ['disco', 'disco', 'disco', 'TSMP']);
	t.is(api.calls.filter(type => type === 'disco').length, 3);
});

test('a refusal ends the round at once', async t => {
	const api = fakeApi(() => ({...nothing, error: 'no matching peer'}));

	const round = await pingRound(api, '100.64.0.99', plan, content, endless);

	t.is(round.refusal, 'no matching peer');
	t.deepEqual(api.calls, ['disco']);
});

test('a lost ping costs the round its patience and not all of its time', async t => {
	const api = fakeApi((type, nth) => (type === 'TSMP' && nth === 1 ? 'silent' : healthy(type)));
	const startedAt = performance.now();

	const round = await pingRound(api, '100.64.0.1', {...plan, totalMs: 10_000}, content, endless);

	t.is(round.tsmp.filter(ping => ping.answer).length, 2);
	t.true(performance.now() - startedAt >= plan.patienceMs);
	t.true(performance.now() - startedAt < 5000);
	t.deepEqual(api.ended, ['TSMP'], 'the lost ping is given up with the round');
});

test('while no TSMP ping was answered, the round waits to its end: a handshake may take seconds', async t => {
	const late = Promise.withResolvers<PingAnswer>();
	const api = fakeApi(type => (type === 'TSMP' ? late.promise : type === 'ICMP' ? 'silent' : direct));
	setTimeout(late.resolve, plan.patienceMs * 3, through);

	const round = await pingRound(api, '100.64.0.1', {...plan, totalMs: 10_000}, content, endless);

	t.true(round.tsmp.every(ping => ping.answer !== undefined));
});

test('a round without any answer ends with its time', async t => {
	const api = fakeApi(() => 'silent');
	const startedAt = performance.now();

	const round = await pingRound(api, '100.64.0.1', plan, content, endless);

	t.true(performance.now() - startedAt >= plan.totalMs);
	t.deepEqual([round.disco.length, round.tsmp.length, round.icmp.length], [3, 3, 1]);
	t.is(api.ended.length, 7);
});

test('silence raises doubt about tailscaled itself, an answer does not', async t => {
	let doubts = 0;
	const doubt = async () => {
		doubts++;
	};

	await pingRound(
		fakeApi(type => (type === 'disco' ? byDerp : 'silent')),
		'100.64.0.1',
		plan,
		doubt,
		endless,
	);
	t.is(doubts, 0);

	await pingRound(
		fakeApi(() => 'silent'),
		'100.64.0.1',
		plan,
		doubt,
		endless,
	);
	t.is(doubts, 1);
});

test('a doubt that turns out true ends the round', async t => {
	const doubt = () => Promise.reject(new LocalApiError('it hangs'));
	const api = fakeApi(() => 'silent');

	await t.throwsAsync(pingRound(api, '100.64.0.1', {...plan, totalMs: 60_000}, doubt, endless), {
		message: 'it hangs',
	});
});

test('a doubt that is never answered either is as good as true', async t => {
	const api = fakeApi(() => 'silent');

	await t.throwsAsync(
		pingRound(api, '100.64.0.1', plan, () => new Promise(() => {}), endless),
		{instanceOf: SilentError},
	);
});

test('when LocalAPI fails in the middle, so does the round', async t => {
	const api = fakeApi((type, nth) => (type === 'TSMP' && nth === 2 ? new LocalApiError('gone') : healthy(type)));

	await t.throwsAsync(pingRound(api, '100.64.0.1', plan, content, endless), {message: 'gone'});
});

test('an abort ends the round and every ping of it', async t => {
	const api = fakeApi(() => 'silent');
	const controller = new AbortController();
	const round = pingRound(api, '100.64.0.1', {...plan, totalMs: 60_000}, content, controller.signal);

	const reason = new Error('over');
	controller.abort(reason);

	t.is(await t.throwsAsync(round), reason);
	t.deepEqual(api.ended, api.calls);
});
