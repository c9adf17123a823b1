import test from 'ava';
import {serviceProtocol} from '../../../src/diagnosis/causes/service-protocol.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

test('what answers in another protocol is told, and which one was wanted', t => {
	const scene = aScene([
		isDown(aLink(), 'protocol', 'The answer does not begin with HTTP.', {
			phases: {connect: 0.01, processing: 0.01},
			facts: {phase: 'processing', answered: 'true'},
		}),
		isUp(aTunnel()),
	]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'service-protocol', confidence: 'certain', about: 'port 8000 on june-gpu-1'});
	t.regex(cause?.says ?? '', /does not speak http as it should\. The answer does not begin with HTTP\.$/);
});

test('a service that is cut off speaks no other protocol', t => {
	t.is(serviceProtocol.find(aScene([isDown(aLink(), 'reset')])), undefined);
});
