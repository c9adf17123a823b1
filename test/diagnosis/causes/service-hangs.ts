import test from 'ava';
import {serviceHangs} from '../../../src/diagnosis/causes/service-hangs.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {Fresh} from '../../../src/diagnosis/fresh.ts';
import type {Reading} from '../../../src/engine/types.ts';
import {aLink, aScene, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const waits: Partial<Reading> = {
	phases: {resolve: 0.001, connect: 0.01, processing: 4.9},
	facts: {phase: 'processing', answered: 'true'},
};
const stt = aLink({name: 'stt', target: {address: 'http://june-gpu-1:8001/healthz'}});
const fresh = (answered: number): Fresh => ({
	atMs: someTime,
	durationMs: 100,
	outcomes: new Map(),
	bigPing: {bytes: 1252, sent: 3, answered},
	unasked: [],
});

test('a service that takes the connection and keeps silent hangs, likely', t => {
	const scene = aScene([isDown(aLink(), 'timeout', undefined, waits), isUp(stt), isUp(aTunnel())]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'service-hangs', rung: 'answer', confidence: 'likely', about: 'port 8000 on june-gpu-1'});
	t.regex(
		cause?.says ?? '',
		/takes connections to port 8000, while its tunnel is up, and does not answer within 4\.90 s/,
	);
});

test('that large packets come through makes it certain', t => {
	const found = serviceHangs.find(
		aScene([isDown(aLink(), 'timeout', undefined, waits), isUp(aTunnel())], {fresh: fresh(3)}),
	);

	t.is(found?.confidence, 'certain');
	t.regex(found?.says ?? '', /Pings of 1252 bytes come through/);
});

test('that they do not leaves it open', t => {
	const found = serviceHangs.find(
		aScene([isDown(aLink(), 'timeout', undefined, waits), isUp(aTunnel())], {fresh: fresh(0)}),
	);

	t.is(found?.confidence, 'consistent');
});

test('silence in the handshake is at the rung of TLS', t => {
	const auth = aLink({target: {peer: '', via: 'direct', address: 'https://auth.example.com/'}});
	const scene = aScene([isDown(auth, 'timeout', undefined, {phases: {connect: 0.01, tls: 5}, facts: {phase: 'tls'}})]);

	t.like(nameCauses(scene).cause, {id: 'service-hangs', rung: 'tls'});
});

test('where every service of the machine hangs it is about the machine', t => {
	const scene = aScene([
		isDown(aLink(), 'timeout', undefined, waits),
		isDown(stt, 'timeout', undefined, waits),
		isUp(aTunnel()),
	]);

	t.is(serviceHangs.find(scene)?.about, 'node june-gpu-1');
});

test('a connection that never opened does not hang', t => {
	const scene = aScene([
		isDown(aLink(), 'timeout', undefined, {phases: {connect: 5}, facts: {phase: 'connect'}}),
		isUp(aTunnel()),
	]);

	t.is(serviceHangs.find(scene), undefined);
});

test('that another vantage was answered before tells nothing', t => {
	const office = isUp(aLink({vantage: 'office'}));
	const says = (agoMs: number) => {
		const seen = {...office, last: office.last && {...office.last, startedAt: someTime - agoMs}};
		return serviceHangs.find(aScene([isDown(aLink(), 'timeout', undefined, waits), seen, isUp(aTunnel())]))?.says ?? '';
	};

	t.notRegex(says(600_000), /office/);
	t.regex(says(10_000), /from office it answers/i);
});

test('that they reach it, and come back small, leaves the way back open', t => {
	const {bigPing, ...rest} = fresh(4);
	const scene = aScene([isDown(aLink(), 'timeout', undefined, waits), isUp(aTunnel())], {
		fresh: {...rest, ...(bigPing ? {bigPing: {...bigPing, by: 'disco' as const}} : {})},
	});

	t.is(serviceHangs.find(scene)?.confidence, 'likely');
});
