import test from 'ava';
import {podFailing} from '../../../src/diagnosis/causes/pod-failing.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';

import {aMachines, anotherIsUp, aPodFacts, listed} from '../../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown, isUp} from '../../helpers/scenes.ts';

const pod = aPodFacts({reason: 'CrashLoopBackOff', ready: false, restarts: 9});

test('a pod that crashes over and over is why its node is silent', t => {
	const around = {...listed(), machines: () => aMachines({pod})};

	const {cause} = nameCauses(aScene([isDown(aTunnel(), 'timeout'), anotherIsUp], around));

	t.like(cause, {id: 'pod-failing', confidence: 'certain', about: 'pod gpu/tts-0'});
	t.regex(cause?.says ?? '', /crashes over and over, 9 restarts so far/);
	t.is(cause?.next[1]?.run, 'kubectl -n gpu logs tts-0 --all-containers --previous --tail=100');
});

test('behind a tunnel that is up it is told beside the service that does not listen', t => {
	const around = {...listed(), machines: () => aMachines({pod})};

	const {cause, also} = nameCauses(aScene([isDown(aLink(), 'refused'), isUp(aTunnel())], around));

	t.is(cause?.id, 'service-refused');
	t.true(also.some(({id, effect}) => id === 'pod-failing' && effect === 'beside'));
});

test('a pod that is ready does not fail', t => {
	const machines = () => aMachines({pod: aPodFacts()});

	t.is(podFailing.find(aScene([isDown(aTunnel(), 'timeout')], {...listed(), machines})), undefined);
});
