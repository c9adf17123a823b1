import test from 'ava';
import {answerRung} from '../../../src/diagnosis/rungs/answer.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const look = (...views: Parameters<typeof aScene>[0]) => answerRung.look(aScene(views));
const answered = {
	phases: {connect: 0.01, processing: 0.1, transfer: 0.002},
	values: {status_code: 200},
	facts: {phase: 'transfer', answered: 'true'},
};

test('an answer holds, with its status and how long it took', t => {
	t.like(look(isUp(aLink(), answered)), {
		state: 'holds',
		says: 'It answers 200; the whole run took 112 ms, 100 ms of them waiting for its first word.',
	});
});

test('what was wanted is said, with the objective where there is one', t => {
	t.is(
		look(isUp(aLink({objectiveMs: 200}), answered))?.evidence[0]?.wanted,
		'an answer as configured within 5 s, better within the objective of 200 ms',
	);
});

test('a status that is not wanted breaks it, and silence after the connection too', t => {
	const silent = {phases: {connect: 0.01, processing: 5}, facts: {phase: 'processing'}};

	t.like(look(isDown(aLink(), 'status', 'It answered 503; wanted 2xx')), {
		state: 'broken',
		says: 'It answered 503; wanted 2xx.',
	});
	t.is(look(isDown(aLink(), 'timeout', undefined, silent))?.state, 'broken');
});

test('without a connection nobody saw an answer', t => {
	t.is(look(isDown(aLink(), 'refused'))?.state, 'unseen');
});

test('where a connection or a handshake is all that is wanted there is no such rung', t => {
	t.is(look(isUp(aTunnel())), undefined);
	t.is(look(isUp(aLink({type: 'tls'}))), undefined);
	t.is(look(isUp(aLink({type: 'tcp'}), {phases: {connect: 0.01}})), undefined);
	t.is(look(isUp(aLink({expect: 'unreachable'}))), undefined);
});
