import test from 'ava';
import {KubernetesError} from '../../src/kubernetes/errors.ts';
import {startLease} from '../../src/kubernetes/lease.ts';
import {fakeClock} from '../helpers/fake-clock.ts';
import {aReplica, type LeaseServer, leaseServer, type Replica, type Trouble} from '../helpers/lease-server.ts';

const specOf = ({lease}: LeaseServer) => lease?.spec as Record<string, unknown>;
const kindOf = ({keeper}: Replica) => keeper.standing().kind;

function two() {
	const clock = fakeClock();
	const server = leaseServer(clock);
	return {clock, server, a: aReplica(server, clock, 'a'), b: aReplica(server, clock, 'b')};
}

/** The first of them has the lease. */
async function aHolds() {
	const clock = fakeClock();
	const server = leaseServer(clock);
	const a = aReplica(server, clock, 'a');
	await clock.advance(1000);
	const b = aReplica(server, clock, 'b');
	await clock.advance(1000);
	return {clock, server, a, b};
}

test('a lease that is not there is made, and held by who made it', async t => {
	const {clock, server, a} = await aHolds();
	await clock.advance(60_000);

	t.is(kindOf(a), 'holds');
	const {renewTime, acquireTime, ...spec} = specOf(server);
	t.deepEqual(spec, {holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0});
	t.regex(String(renewTime), /^2023-11-14T22:14:\d\d\.\d{6}Z$/);
	t.regex(String(acquireTime), /^2023-11-14T22:13:2/);
});

test('before anything is known nothing is exported', async t => {
	const clock = fakeClock();
	const server = leaseServer(clock);
	const a = aReplica(server, clock, 'a');

	t.is(kindOf(a), 'starting');
	t.is(a.keeper.read().triedAt, undefined);
	await clock.advance(10);
	t.is(kindOf(a), 'holds');
});

test('two that start together do not both have it', async t => {
	const {clock, server, a, b} = two();
	await clock.advance(100);

	t.deepEqual([a.exports(), b.exports()].filter(Boolean), [true]);
	t.true(server.calls.filter(method => method === 'POST').length <= 2);
});

test('it is renewed every five seconds, by one call', async t => {
	const {clock, server, b} = await aHolds();
	await b.keeper.stop();
	server.calls.length = 0;

	await clock.advance(50_000);

	t.deepEqual(server.calls, Array(10).fill('PUT'));
});

test('of a holder that ends in order the other takes over within two seconds', async t => {
	const {clock, server, a, b} = await aHolds();

	await a.keeper.stop();

	t.false(a.exports());
	t.deepEqual([specOf(server).holderIdentity, specOf(server).leaseDurationSeconds], [undefined, 1]);
	await clock.advance(2000);
	t.is(kindOf(b), 'holds');
	t.deepEqual([specOf(server).holderIdentity, specOf(server).leaseTransitions], ['b', 1]);
});

test('one that ends without holding it leaves it alone', async t => {
	const {clock, server, a, b} = await aHolds();
	const before = server.calls.length;

	await b.keeper.stop();

	t.false(server.calls.slice(before).includes('PUT'));
	await clock.advance(1000);
	t.is(kindOf(a), 'holds');
});

test('of a holder that is killed the other takes over after the duration and a retry, and not before the duration', async t => {
	const {clock, server, a, b} = await aHolds();
	const before = server.calls.length;
	await clock.advance(5000);
	t.true(server.calls.length > before);

	// From here on nothing of it happens any more.
	a.trouble = 'hangs';
	await clock.advance(7000);
	t.is(kindOf(b), 'waits');
	await clock.advance(10_000);

	t.is(kindOf(b), 'holds');
});

test('a holder that the API server leaves without an answer is never certain for longer than its duration', async t => {
	const {clock, a, b} = await aHolds();
	a.trouble = 'hangs';
	const overlaps: number[] = [];

	for (let at = 0; at < 200; at++) {
		await clock.advance(250);
		if (kindOf(a) === 'holds' && kindOf(b) === 'holds') overlaps.push(at);
	}

	t.deepEqual(overlaps, []);
	t.is(kindOf(b), 'holds');
	t.is(kindOf(a), 'without');
});

test('a holder that is answered late reckons from when it asked', async t => {
	const {clock, a, b} = await aHolds();
	a.trouble = 'late';
	await clock.advance(10_000);
	t.is(kindOf(a), 'holds');
	a.trouble = 'hangs';
	const overlaps: number[] = [];

	for (let at = 0; at < 100; at++) {
		await clock.advance(250);
		if (kindOf(a) === 'holds' && kindOf(b) === 'holds') overlaps.push(at);
	}

	t.deepEqual(overlaps, []);
	t.is(kindOf(b), 'holds');
});

test('a holder whose renewals are swallowed knows what it holds as soon as it hears again', async t => {
	const {clock, server, a, b} = await aHolds();
	a.trouble = 'swallows';
	await clock.advance(8000);
	t.is(specOf(server).holderIdentity, 'a');

	a.trouble = 'none';
	await clock.advance(10_000);

	t.is(kindOf(a), 'holds');
	t.is(kindOf(b), 'waits');
});

test('without the API server each exports after the duration, and says why; one has it again as soon as it answers', async t => {
	const {clock, a, b} = await aHolds();
	const gaps: number[] = [];
	a.trouble = 'hangs';
	b.trouble = 'hangs';
	for (let at = 0; at < 100; at++) {
		await clock.advance(250);
		if (!a.exports() && !b.exports()) gaps.push(at);
	}
	t.deepEqual([kindOf(a), kindOf(b)], ['without', 'without']);
	t.deepEqual(gaps, [], 'nobody takes over meanwhile, so there is no moment without');
	const standing = a.keeper.standing();
	t.regex(standing.kind === 'without' ? standing.why : '', /could not be read and renewed within 5000 ms/);

	a.trouble = 'none';
	b.trouble = 'none';
	await clock.advance(7100);

	t.deepEqual([a.exports(), b.exports()].toSorted(), [false, true]);
});

for (const status of [403, 404, 500])
	test(`a lease that is answered ${status} is done without, after its duration`, async t => {
		const clock = fakeClock();
		const server = leaseServer(clock);
		const a = aReplica(server, clock, 'a');
		a.trouble = status;
		await clock.advance(0);

		await clock.advance(14_900);
		t.is(kindOf(a), 'waits');
		t.not(a.keeper.read().error, undefined);
		await clock.advance(200);

		t.is(kindOf(a), 'without');
		t.true(a.exports());
	});

test('a namespace that is not there is told as that', async t => {
	const clock = fakeClock();
	const server = leaseServer(clock);
	const a = aReplica(server, clock, 'a');
	a.trouble = 404;

	await clock.advance(100);

	t.regex(
		a.keeper.read().error ?? '',
		/^There is no namespace monitoring to make the lease tailprobe in: name one that is there/,
	);
});

test('where the namespace is not known that is the failure', async t => {
	const clock = fakeClock();
	const server = leaseServer(clock);
	const keeper = startLease({
		ask: call => server.ask(call, 'none'),
		namespace() {
			throw new KubernetesError('It is not known.');
		},
		name: 'tailprobe',
		identity: 'a',
		timeoutMs: 5000,
		onTried() {},
		clock,
	});
	await clock.advance(100);

	t.is(keeper.read().error, 'It is not known.');
	t.deepEqual(server.calls, []);
});

test('who loses the race for an expired lease does not export', async t => {
	const {clock, server, a, b} = await aHolds();
	await a.keeper.stop();
	server.put({holderIdentity: 'gone', leaseDurationSeconds: 15});
	await clock.advance(18_000);
	t.is(kindOf(b), 'holds');
	// Somebody else writes between its look and its renewal.
	server.put({holderIdentity: 'c', leaseDurationSeconds: 15, renewTime: '2026-11-23T01:00:00.000000Z'});

	await clock.advance(5000);

	t.deepEqual(b.keeper.standing(), {kind: 'waits', holder: 'c'});
});

test('a holder whose object somebody else touched goes on holding it, and keeps what is not its own', async t => {
	const {clock, server, a} = await aHolds();
	server.put(specOf(server), {labels: {team: 'x'}, managedFields: [{manager: 'kubectl'}]});

	await clock.advance(6000);

	t.is(kindOf(a), 'holds');
	t.deepEqual(server.lease?.metadata.labels, {team: 'x'});
	t.is(server.lease?.metadata.managedFields, undefined);
});

test('a lease that was deleted is made anew by its holder', async t => {
	const {clock, server, a, b} = await aHolds();
	server.lease = undefined;

	await clock.advance(6000);

	t.deepEqual([a.exports(), b.exports()].filter(Boolean), [true]);
	t.not(server.lease, undefined);
});

for (const [what, spec] of [
	['no spec', undefined],
	['a list', [1, 2]],
	['a holder that is a number', {holderIdentity: 7, renewTime: 9}],
	['nobody as its holder', {holderIdentity: '', leaseDurationSeconds: 15}],
	['times and counts that cannot be', {acquireTime: 'soon', leaseTransitions: 2 ** 40, renewTime: {}}],
] as const)
	test(`a lease with ${what} is taken at once, and written as it should be`, async t => {
		const clock = fakeClock();
		const server = leaseServer(clock);
		server.put(spec);
		const a = aReplica(server, clock, 'a');

		await clock.advance(100);

		t.is(kindOf(a), 'holds');
		t.is(specOf(server).holderIdentity, 'a');
		t.true(Number(specOf(server).leaseTransitions) < 2 ** 31);
		t.regex(String(specOf(server).acquireTime), /^20\d\d-/);
	});

for (const seconds of [0, -1, 86_400, 1.5, 'long'])
	test(`a holder that claims it for ${seconds} seconds has it for the usual ones`, async t => {
		const clock = fakeClock();
		const server = leaseServer(clock);
		server.put({holderIdentity: 'x\u0007\u202e'.repeat(300), leaseDurationSeconds: seconds});
		const a = aReplica(server, clock, 'a');
		await clock.advance(0);

		await clock.advance(14_900);
		const standing = a.keeper.standing();
		t.is(standing.kind, 'waits');
		t.regex(standing.kind === 'waits' ? (standing.holder ?? '') : '', /^(x )+x?…?$/);
		t.true(standing.kind === 'waits' && (standing.holder?.length ?? 0) <= 200);
		await clock.advance(200);

		t.is(kindOf(a), 'holds');
	});

test('an answer that is no lease is a failure, not a lease', async t => {
	const clock = fakeClock();
	const server = leaseServer(clock);
	const a = aReplica(server, clock, 'a');
	server.lease = {metadata: {name: 'tailprobe', resourceVersion: ''}};

	await clock.advance(100);

	t.regex(a.keeper.read().error ?? '', /answered with something that is none/);
});

test('a wall clock that jumps changes nothing, not even where it says the same time twice', async t => {
	const clock = fakeClock();
	const server = leaseServer(clock);
	let wallMs = 1_700_000_000_000;
	const jumping = {...clock, wall: () => wallMs};
	const a = aReplica(server, jumping, 'a');
	await clock.advance(1000);
	const b = aReplica(server, jumping, 'b');
	const seen = new Set<unknown>();

	for (const next of [wallMs + 86_400_000, 0, 0, 0, 0, 0, wallMs]) {
		wallMs = next;
		await clock.advance(5000);
		seen.add(specOf(server).renewTime);
		t.deepEqual([kindOf(a), kindOf(b)], ['holds', 'waits']);
	}

	t.is(seen.size, 7);
});

test('a replica that stood still is certain of nothing when it wakes', async t => {
	const clock = fakeClock();
	const server = leaseServer(clock);
	let sleptMs = 0;
	const a = aReplica(server, {...clock, now: () => clock.now() + sleptMs}, 'a');
	await clock.advance(1000);
	t.is(kindOf(a), 'holds');

	sleptMs += 60_000;
	t.is(kindOf(a), 'waits', 'it held it, and somebody else may have taken it since');

	a.trouble = 'hangs';
	await clock.advance(12_000);
	t.is(kindOf(a), 'waits', 'what failed before it stood still does not count');
	await clock.advance(15_000);
	t.is(kindOf(a), 'without');
	sleptMs += 60_000;
	t.is(kindOf(a), 'waits');
});

test('whatever fails when, never two hold it, and once all is well one does within the duration and a retry', async t => {
	const troubles: Trouble[] = ['none', 'none', 'none', 'late', 'hangs', 'swallows', 403, 404, 409, 500];
	const {clock, a, b} = two();
	let seed = 7;
	const random = () => {
		seed = (seed * 48_271) % 2_147_483_647;
		return seed / 2_147_483_647;
	};
	const pick = () => troubles[Math.floor(random() * troubles.length)] ?? 'none';
	let wellMs = 0;
	let holders = 0;

	for (let at = 0; at < 20_000; at++) {
		if (random() < 0.01) [a.trouble, b.trouble] = random() < 0.3 ? ['none', 'none'] : [pick(), pick()];
		await clock.advance(250);
		const holding = [a, b].filter(one => kindOf(one) === 'holds').length;
		wellMs = a.trouble === 'none' && b.trouble === 'none' ? wellMs + 250 : 0;
		holders += holding;
		if (holding > 1) return t.fail(`both hold it at ${clock.now()}`);
		// A try that is under way may last its five seconds still.
		if (wellMs > 15_000 + 2000 + 7000 && [a, b].filter(one => one.exports()).length !== 1)
			return t.fail(`it is not exactly one at ${clock.now()}`);
	}

	t.true(holders > 5000);
});

test('of two that cannot ask any more the one that had it leads, and the other does not', async t => {
	const {clock, a, b} = await aHolds();
	a.trouble = 'hangs';
	b.trouble = 'hangs';
	const seen = new Set<string>();

	for (let at = 0; at < 400; at++) {
		await clock.advance(250);
		seen.add(`${a.keeper.leads()} ${b.keeper.leads()}`);
	}

	t.deepEqual([...seen], ['true false']);
	t.deepEqual([kindOf(a), kindOf(b)], ['without', 'without']);
});

test('one that never knew the lease leads after its duration, and one that has it at once', async t => {
	const clock = fakeClock();
	const server = leaseServer(clock);
	const a = aReplica(server, clock, 'a');
	a.trouble = 403;
	t.false(a.keeper.leads());
	await clock.advance(14_000);
	t.false(a.keeper.leads());
	await clock.advance(2000);
	t.true(a.keeper.leads());

	a.trouble = 'none';
	await clock.advance(2100);

	t.is(kindOf(a), 'holds');
	t.true(a.keeper.leads());
});

test('whoever is cut off leads until it is told that somebody else does; whoever holds it is not talked out of it', async t => {
	const {clock, a, b} = await aHolds();
	a.trouble = 'hangs';
	await clock.advance(20_000);
	t.deepEqual([a.keeper.leads(), b.keeper.leads()], [true, true]);

	a.keeper.yield();
	b.keeper.yield();
	await clock.advance(20_000);

	t.deepEqual([a.keeper.leads(), b.keeper.leads()], [false, true]);
	a.trouble = 'none';
	await b.keeper.stop();
	t.false(b.keeper.leads());
	await clock.advance(7100);
	t.true(a.keeper.leads());
});

test('whoever stood still leads no more once it hears that another does', async t => {
	const {clock, a, b} = await aHolds();
	a.trouble = 'hangs';
	await clock.advance(20_000);
	t.is(kindOf(b), 'holds');

	a.trouble = 'none';
	await clock.advance(7100);

	t.deepEqual([a.keeper.leads(), b.keeper.leads()], [false, true]);
});

test('a holder that turns unfit and stays so gives the lease to one that is fit, and does not take it back', async t => {
	const {clock, server, a, b} = await aHolds();
	await clock.advance(6000);
	a.fit = false;
	await clock.advance(4000);
	t.is(kindOf(a), 'holds', 'one renewal is not enough');

	await clock.advance(9000);

	t.deepEqual([kindOf(a), kindOf(b)], ['waits', 'holds']);
	t.deepEqual([a.keeper.leads(), b.keeper.leads()], [false, true]);
	a.fit = true;
	await clock.advance(60_000);
	t.is(kindOf(b), 'holds');
	t.is(specOf(server).leaseTransitions, 1);
});

test('a holder that is unfit for a moment keeps it', async t => {
	const {clock, server, a} = await aHolds();
	for (let at = 0; at < 10; at++) {
		a.fit = false;
		await clock.advance(5000);
		a.fit = true;
		await clock.advance(5000);
	}

	t.is(kindOf(a), 'holds');
	t.is(specOf(server).leaseTransitions, 0);
});

test('where all are unfit one takes it after one more duration, and keeps it', async t => {
	const {clock, server, a, b} = await aHolds();
	await clock.advance(6000);
	a.fit = false;
	b.fit = false;
	await clock.advance(10_000);
	t.is(specOf(server).holderIdentity, undefined);
	await clock.advance(10_000);
	t.is(specOf(server).holderIdentity, undefined);

	await clock.advance(10_000);

	t.is([a, b].filter(one => kindOf(one) === 'holds').length, 1);
	const {holderIdentity, leaseTransitions} = specOf(server);
	await clock.advance(300_000);
	t.deepEqual([specOf(server).holderIdentity, specOf(server).leaseTransitions], [holderIdentity, leaseTransitions]);
});

for (const isThere of [false, true])
	test(`an unfit replica leaves a lease that is ${isThere ? 'free' : 'not there'} to a fit one that comes within a duration`, async t => {
		const clock = fakeClock();
		const server = leaseServer(clock);
		if (isThere) server.put({leaseDurationSeconds: 1});
		const a = aReplica(server, clock, 'a', false);
		await clock.advance(13_000);
		t.is(kindOf(a), 'waits');
		const b = aReplica(server, clock, 'b');
		await clock.advance(10_000);

		t.deepEqual([kindOf(a), kindOf(b)], ['waits', 'holds']);
	});

test('of a holder that is killed an unfit one takes over one duration later than a fit one', async t => {
	const {clock, a, b} = await aHolds();
	a.trouble = 'hangs';
	b.fit = false;
	await clock.advance(25_000);
	t.is(kindOf(b), 'waits');

	await clock.advance(10_000);

	t.is(kindOf(b), 'holds');
});

test('giving it back is tried until it is done, and nobody else leads before', async t => {
	const {clock, server, a, b} = await aHolds();
	await clock.advance(6000);
	a.fit = false;
	a.trouble = 'hangs';
	await clock.advance(8000);
	t.deepEqual([a.keeper.leads(), b.keeper.leads()], [true, false]);

	a.trouble = 'swallows';
	await clock.advance(10_000);

	t.is(specOf(server).holderIdentity, 'b');
	t.is(kindOf(b), 'holds');
	a.trouble = 'none';
	await clock.advance(7100);
	t.deepEqual([a.keeper.leads(), b.keeper.leads()], [false, true]);
});
