import test from 'ava';
import {connectRung} from '../../../src/diagnosis/rungs/connect.ts';
import {aLink, aScene, aTunnel, isDown, isUnknown, isUp} from '../../helpers/scenes.ts';

const look = (...views: Parameters<typeof aScene>[0]) => connectRung.look(aScene(views));
const connected = {
	phases: {resolve: 0.001, connect: 0.012, processing: 0.1},
	facts: {phase: 'processing', answered: 'true'},
};

test('a service that answers takes connections, and in what time', t => {
	t.like(look(isUp(aLink(), connected), isUp(aTunnel())), {
		state: 'holds',
		says: 'june-gpu-1 takes connections to port 8000 in 12.0 ms.',
	});
});

test('a connection through the proxy is told as such', t => {
	const reading = {
		phases: {connect_proxy: 0.02, processing: 0.1},
		facts: {dial: 'proxy', answered: 'true', phase: 'transfer'},
	};

	t.regex(look(isUp(aLink(), reading))?.says ?? '', /in 20\.0 ms through tailscaled's SOCKS5 proxy\.$/);
});

test('it holds too where the answer is wrong, and shows the neighbours', t => {
	const stt = aLink({name: 'stt', target: {address: 'http://june-gpu-1:8001/'}});

	const rung = look(isDown(aLink(), 'status', undefined, connected), isUp(stt), isUp(aTunnel()));

	t.is(rung?.state, 'holds');
	t.true(rung?.evidence.some(({says}) => /^stt .* is up/.test(says)));
	t.is(rung?.evidence[0]?.wanted, 'a connection within 5 s');
});

test('a refused connection breaks it', t => {
	t.like(look(isDown(aLink(), 'refused', 'The connection was refused')), {
		state: 'broken',
		says: 'The connection was refused.',
	});
});

test('a run that got no address, or could not look, does not tell', t => {
	t.is(look(isDown(aLink(), 'resolve'))?.state, 'unseen');
	t.like(look(isUnknown(aLink(), 'vantage', 'The vantage is gone.')), {state: 'unseen', says: 'The vantage is gone.'});
});

test('of a place that must be closed an open port breaks it', t => {
	const closed = aLink({expect: 'unreachable'});

	t.is(look(isDown(closed, 'expected_unreachable', undefined, connected))?.state, 'broken');
	t.regex(
		look(isUp(closed, {facts: {unreachable: 'refused'}}))?.says ?? '',
		/takes no connection to port 8000, as it must be/,
	);
});

test('tunnels, pings and names have no such rung', t => {
	t.is(look(isUp(aTunnel())), undefined);
	t.is(look(isUp(aLink({type: 'icmp'}))), undefined);
	t.is(look(isUp(aLink({type: 'dns'}))), undefined);
});
