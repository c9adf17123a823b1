import test from 'ava';
import {serviceRefused} from '../../../src/diagnosis/causes/service-refused.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const stt = aLink({name: 'stt', target: {address: 'http://june-gpu-1:8001/healthz'}});

test('a refused connection through a tunnel that is up is a service that does not listen, for certain', t => {
	const scene = aScene([isDown(aLink(), 'refused'), isUp(aTunnel())]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'service-refused', confidence: 'certain', about: 'port 8000 on june-gpu-1'});
	t.regex(cause?.says ?? '', /june-gpu-1 refuses connections to port 8000, while its tunnel is up/);
	t.like(cause?.next[0], {where: 'on june-gpu-1', run: 'ss -ltnp'});
});

test('that another port of the machine takes connections is said', t => {
	const scene = aScene([isDown(aLink(), 'refused'), isUp(stt), isUp(aTunnel())]);

	t.regex(serviceRefused.find(scene)?.says ?? '', /; its port 8001 takes connections\.$/);
});

test('where every service of the machine refuses, it is the machine that has not started them', t => {
	const scene = aScene([isDown(aLink(), 'refused'), isDown(stt, 'refused'), isUp(aTunnel())]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'service-refused', about: 'port 8000 on june-gpu-1'});
	t.regex(cause?.says ?? '', /everything that is looked at \(port 8000, port 8001\)/);
});

test('without a tunnel that vouches for the machine it is only likely', t => {
	const scene = aScene([isDown(aLink({target: {peer: '', via: 'direct'}}), 'refused')]);

	t.is(serviceRefused.find(scene)?.confidence, 'likely');
});

test('a service that answers badly does listen', t => {
	t.is(serviceRefused.find(aScene([isDown(aLink(), 'status'), isUp(aTunnel())])), undefined);
});
