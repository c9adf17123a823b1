import test from 'ava';
import {unexplained} from '../../../src/diagnosis/causes/unexplained.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, aTunnel, isDown, isUnknown, isUp} from '../../helpers/scenes.ts';

const odd = aLink({name: 'odd', type: 'icmp', target: {address: 'june-gpu-1'}});

test('what no other cause explains is told in its own words, with another link to look at', t => {
	const scene = aScene([isDown(odd, 'content', 'Something that nobody foresaw.'), isUp(aTunnel())]);

	const found = unexplained.find(scene);

	t.like(found, {effect: 'breaks', confidence: 'consistent', says: 'Something that nobody foresaw.'});
	t.is(found?.next[1]?.run, 'tailprobe diagnose tunnel/cluster/june-gpu-1');
});

test('it is named only where nothing else is', t => {
	t.is(nameCauses(aScene([isDown(aLink(), 'refused'), isUp(aTunnel())])).cause?.id, 'service-refused');
	t.false(nameCauses(aScene([isDown(aLink(), 'refused'), isUp(aTunnel())])).also.some(({id}) => id === 'unexplained'));
});

test('its rung is that of the first phase that failed', t => {
	const rung = (phase: string) =>
		unexplained.find(aScene([isDown(aLink(), 'content', undefined, {facts: {phase}}), isUp(aTunnel())]))?.rung;

	t.deepEqual(['resolve', 'connect_proxy', 'tls', 'transfer'].map(rung), ['name', 'connect', 'tls', 'answer']);
});

test('what runs through a tunnel that is down is about the machine, as its tunnel', t => {
	const scene = aScene([isDown(aLink(), 'timeout'), isDown(aTunnel(), 'timeout', 'It does not answer.')]);

	t.like(unexplained.find(scene), {rung: 'tunnel', about: 'node june-gpu-1', says: 'It does not answer.'});
});

test('where nobody could look it is about the checks of that kind from there', t => {
	const scene = aScene([isUnknown(odd, 'internal', 'fping is missing.')]);

	t.like(unexplained.find(scene), {rung: 'vantage', about: 'icmp checks from cluster'});
});

test('what is up needs no explanation', t => {
	t.is(unexplained.find(aScene([isUp(aLink())])), undefined);
});
