import test from 'ava';
import {serviceSlow} from '../../../src/diagnosis/causes/service-slow.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {Outcome, Reading} from '../../../src/engine/types.ts';
import type {CheckView} from '../../../src/server/types.ts';
import {aReading} from '../../helpers/checks.ts';
import {aLink, aScene, aTunnel, isUp} from '../../helpers/scenes.ts';

const tts = aLink({objectiveMs: 200});
const slow = (
	part: CheckView,
	seconds: number,
	phases: Reading['phases'] = {connect: 0.01, processing: seconds - 0.01},
): CheckView => ({
	...part,
	last: {...(part.last as Outcome), durationMs: seconds * 1000, reading: {...aReading(), ...(phases ? {phases} : {})}},
});

test('an answer beyond the objective is slow for certain, in the phase that took it', t => {
	const scene = aScene([slow(isUp(tts), 0.9), isUp(aTunnel())]);

	const {cause} = nameCauses(scene);

	t.like(cause, {
		id: 'service-slow',
		effect: 'slows',
		rung: 'answer',
		confidence: 'certain',
		about: 'port 8000 on june-gpu-1',
	});
	t.regex(cause?.says ?? '', /took 900 ms .* beyond the objective of 200 ms, .* 890 ms of it waiting for the answer/);
});

test('so is one on a connection that is kept open', t => {
	const warm = aLink({type: 'http_warm', objectiveMs: 200});

	const {cause} = nameCauses(aScene([slow(isUp(warm), 0.9, {processing: 0.9}), isUp(aTunnel())]));

	t.like(cause, {id: 'service-slow', rung: 'answer', confidence: 'certain', about: 'port 8000 on june-gpu-1'});
});

test('one that took far longer than within the last hour is slow, likely', t => {
	const found = serviceSlow.find(aScene([slow(isUp(aLink()), 0.9)]));

	t.is(found?.confidence, 'likely');
	t.regex(found?.says ?? '', /usually 13\.0 ms at most/);
});

test('where connecting took the time it is not the program', t => {
	const found = serviceSlow.find(aScene([slow(isUp(tts), 0.9, {connect: 0.88, processing: 0.02})]));

	t.is(found?.rung, 'connect');
	t.regex(found?.says ?? '', /880 ms of it connecting/);
});

test('an answer that is as fast as promised is not slow, nor a tunnel', t => {
	t.is(serviceSlow.find(aScene([slow(isUp(tts), 0.1, {processing: 0.05})])), undefined);
	t.is(serviceSlow.find(aScene([slow(isUp(aTunnel({objectiveMs: 10})), 0.9)])), undefined);
});
