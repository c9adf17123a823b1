import test from 'ava';
import {serviceFiltered} from '../../../src/diagnosis/causes/service-filtered.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {Reading} from '../../../src/engine/types.ts';
import type {CheckView} from '../../../src/server/types.ts';
import {aLink, aScene, aTunnel, isDown, isUp, someTime} from '../../helpers/scenes.ts';

const silence: Partial<Reading> = {phases: {resolve: 0.001, connect: 5}, facts: {phase: 'connect'}};
const answered: Partial<Reading> = {facts: {answered: 'true'}};
const stt = aLink({name: 'stt', target: {address: 'http://june-gpu-1:8001/healthz'}});

test('a connection without an answer behind a tunnel that is up may be filtered, among other things', t => {
	const scene = aScene([isDown(aLink(), 'timeout', undefined, silence), isUp(aTunnel())]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'service-filtered', confidence: 'consistent', about: 'port 8000 on june-gpu-1'});
	t.regex(cause?.says ?? '', /does not answer connections to port 8000, while its tunnel is up/);
	t.true(cause?.next.some(({run}) => /headscale policy get/.test(run)));
});

test('that another port takes connections makes it likely, and says that it is this port', t => {
	const scene = aScene([isDown(aLink(), 'timeout', undefined, silence), isUp(stt, answered), isUp(aTunnel())]);

	const found = serviceFiltered.find(scene);

	t.is(found?.confidence, 'likely');
	t.regex(found?.says ?? '', /Its port 8001 takes connections from here, so it is this port alone/);
});

test('that another vantage gets through points to the policy', t => {
	const elsewhere = aLink({vantage: 'june-gpu-2'});
	const scene = aScene([isDown(aLink(), 'timeout', undefined, silence), isUp(elsewhere, answered), isUp(aTunnel())]);

	const found = serviceFiltered.find(scene);

	t.is(found?.confidence, 'likely');
	t.regex(found?.says ?? '', /From june-gpu-2 it takes them.* a policy or a firewall tells cluster from it/);
});

test('where no port of the machine answers it is about the machine', t => {
	const scene = aScene([
		isDown(aLink(), 'timeout', undefined, silence),
		isDown(stt, 'timeout', undefined, silence),
		isUp(aTunnel()),
	]);

	t.is(serviceFiltered.find(scene)?.about, 'node june-gpu-1');
});

test('behind a tunnel that is down nothing is filtered, and what connects and hangs is not either', t => {
	const hangs: Partial<Reading> = {phases: {connect: 0.01, processing: 5}, facts: {phase: 'processing'}};

	t.is(
		serviceFiltered.find(aScene([isDown(aLink(), 'timeout', undefined, silence), isDown(aTunnel(), 'timeout')])),
		undefined,
	);
	t.is(serviceFiltered.find(aScene([isDown(aLink(), 'timeout', undefined, hangs), isUp(aTunnel())])), undefined);
});

test('what connected before it fell silent tells nothing of that', t => {
	const before = (view: CheckView) => ({...view, last: view.last && {...view.last, startedAt: someTime - 600_000}});
	const scene = aScene([
		isDown(aLink(), 'timeout', undefined, silence),
		before(isUp(aLink({vantage: 'office'}), answered)),
		before(isUp(stt, answered)),
		isUp(aTunnel()),
	]);

	const found = serviceFiltered.find(scene);

	t.is(found?.confidence, 'consistent');
	t.notRegex(found?.says ?? '', /office|8001/);
});
