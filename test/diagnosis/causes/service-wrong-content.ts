import test from 'ava';
import {serviceWrongContent} from '../../../src/diagnosis/causes/service-wrong-content.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

test('an answer that is not as wanted is told with its beginning', t => {
	const detail = 'GET http://june-gpu-1:8000/healthz answered 200 OK after 12 ms with a body that does not match "ok"';
	const facts = {phase: 'transfer', answered: 'true', body_start: 'degraded'};
	const scene = aScene([
		isDown(aLink(), 'content', detail, {phases: {connect: 0.01, transfer: 0.01}, facts}),
		isUp(aTunnel()),
	]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'service-wrong-content', confidence: 'certain', about: 'port 8000 on june-gpu-1'});
	t.regex(cause?.says ?? '', /does not match "ok"\. Its answer begins: degraded\.$/);
});

test('a status that is not wanted is another cause', t => {
	t.is(serviceWrongContent.find(aScene([isDown(aLink(), 'status')])), undefined);
});
