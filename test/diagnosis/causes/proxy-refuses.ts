import test from 'ava';
import {proxyRefuses} from '../../../src/diagnosis/causes/proxy-refuses.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {Reading} from '../../../src/engine/types.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const stopped = (seconds: number): Partial<Reading> => ({
	phases: {resolve: 0.001, connect_proxy: seconds},
	facts: {phase: 'connect_proxy', dial: 'proxy'},
});
const other = aLink({name: 'livekit', target: {name: 'livekit', peer: 'livekit', address: 'http://livekit:7880/'}});

test('a proxy that gives up at once, while the tunnel is up, is likely a service that does not listen', t => {
	const scene = aScene([isDown(aLink(), 'proxy', undefined, stopped(0.02)), isUp(aTunnel())]);

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'proxy-refuses', confidence: 'likely', about: 'port 8000 on june-gpu-1'});
	t.regex(cause?.says ?? '', /gave up after 21.0 ms, as where a service does not listen/);
});

test('one that gives up late only fits', t => {
	const scene = aScene([isDown(aLink(), 'proxy', undefined, stopped(4)), isUp(aTunnel())]);

	t.is(proxyRefuses.find(scene)?.confidence, 'consistent');
});

test('one that opens no connection to any machine is at fault itself', t => {
	const scene = aScene([
		isDown(aLink(), 'proxy', undefined, stopped(0.02)),
		isDown(other, 'proxy', undefined, stopped(0.02)),
	]);

	const found = proxyRefuses.find(scene);

	t.is(found?.about, 'vantage cluster');
	t.regex(found?.says ?? '', /to any of 2 machines/);
});

test('while it reaches another machine it is not at fault itself, and what is refused by name is no matter of it', t => {
	const third = aLink({name: 'auth', target: {name: 'auth', peer: 'auth', address: 'http://auth:80/'}});
	const fails = [
		isDown(aLink(), 'proxy', undefined, stopped(0.02)),
		isDown(third, 'proxy', undefined, stopped(0.02)),
	] as const;
	const works = isUp(other, {facts: {dial: 'proxy', answered: 'true'}});

	t.is(proxyRefuses.find(aScene([...fails, works]))?.about, 'port 8000 on june-gpu-1');
	t.is(proxyRefuses.find(aScene([isDown(aLink(), 'refused')])), undefined);
});
