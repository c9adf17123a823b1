import {subscribe, unsubscribe} from 'node:diagnostics_channel';
import test from 'ava';
import {PhaseClock} from '../../../src/net/phase-clock.ts';
import {dns} from '../../../src/probes/dns.ts';
import {noteDatagrams} from '../../../src/probes/shared/datagram-phase.ts';
import {stun} from '../../../src/probes/stun.ts';
import {serving} from '../../helpers/dns-answers.ts';
import {holdThread} from '../../helpers/hold-thread.ts';
import {isDown, measure} from '../../helpers/probing.ts';
import {closedPort} from '../../helpers/servers.ts';
import {serveStun} from '../../helpers/stun-server.ts';

test('the phase is from the transmission that was answered to its answer', t => {
	const clock = new PhaseClock();

	noteDatagrams({sentAt: [1000, 1500, 3000], endAt: 3010}, {clock, facts: {}}, 1);

	t.deepEqual(clock.seconds(), {processing: 1.51});
	t.is(clock.reached, 'processing');
});

test('without an answer it is from the first', t => {
	const clock = new PhaseClock();

	noteDatagrams({sentAt: [1000, 1500], endAt: 3000}, {clock, facts: {}});

	t.deepEqual(clock.seconds(), {processing: 2});
});

test('where nothing could be sent the phase began and took no time', t => {
	const clock = new PhaseClock();
	clock.enter('resolve', 0);
	clock.leave(1000);

	noteDatagrams({sentAt: [], endAt: 5000}, {clock, facts: {}});

	t.deepEqual(clock.seconds(), {resolve: 1, processing: 0});
	t.is(clock.reached, 'processing');
});

const blockMs = 200;

const block = () => holdThread(blockMs);

test.serial('making the socket is in no phase', async t => {
	const names = await serving(t, [{type: 'A', name: 'a.test', data: '100.64.0.1'}]);
	const addresses = await serveStun(t);
	const refusing = await closedPort();
	subscribe('udp.socket', block);

	try {
		const asked = await measure(dns, `127.0.0.1:${names.port}`, {query_name: 'a.test'});
		const bound = await measure(stun, `127.0.0.1:${addresses.port}`, {count: 2});
		const refused = await measure(dns, `127.0.0.1:${refusing}`, {query_name: 'a.test'});

		t.true(asked.ok && bound.ok);
		isDown(t, refused, {reason: 'refused', phase: 'processing', detail: /nothing listens/});
		for (const {phases} of [asked, bound, refused]) {
			const measured = Object.values(phases ?? {}).reduce((sum, seconds) => sum + seconds, 0);
			t.true(measured < blockMs / 1000, JSON.stringify(phases));
		}
	} finally {
		unsubscribe('udp.socket', block);
	}
});
