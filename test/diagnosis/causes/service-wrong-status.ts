import test from 'ava';
import {serviceWrongStatus} from '../../../src/diagnosis/causes/service-wrong-status.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {Reading} from '../../../src/engine/types.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const answered = (status: number, facts: Record<string, string> = {}): Partial<Reading> => ({
	phases: {connect: 0.01, processing: 0.02, transfer: 0.001},
	facts: {phase: 'transfer', answered: 'true', ...facts},
	values: {status_code: status},
});

test('an answer with a status that is not wanted is the service, for certain, with what was wanted', t => {
	const detail = 'GET http://june-gpu-1:8000/healthz answered 503 after 12 ms; wanted 2xx';
	const scene = aScene([
		isDown(aLink(), 'status', detail, answered(503, {body_start: 'model is not loaded'})),
		isUp(aTunnel()),
	]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'service-wrong-status', rung: 'answer', confidence: 'certain', about: 'port 8000 on june-gpu-1'});
	t.regex(
		cause?.says ?? '',
		/answers 503 at port 8000, while its tunnel is up.*Its answer begins: model is not loaded\.$/,
	);
	t.is(cause?.evidence[0]?.wanted, '2xx');
});

test('what the status means is said: something behind a proxy, not ready, not allowed', t => {
	const says = (status: number) =>
		serviceWrongStatus.find(aScene([isDown(aLink(), 'status', undefined, answered(status))]))?.says;

	t.regex(says(502) ?? '', /what is behind it answers nothing usable/);
	t.regex(says(406) ?? '', /not ready to serve/);
	t.regex(says(403) ?? '', /does not allow this/);
	t.regex(says(599) ?? '', /failed inside/);
});

test('a status that is fine with words that are not is another cause', t => {
	t.is(serviceWrongStatus.find(aScene([isDown(aLink(), 'content', undefined, answered(200))])), undefined);
});
