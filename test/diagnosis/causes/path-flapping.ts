import test from 'ava';
import {pathFlapping} from '../../../src/diagnosis/causes/path-flapping.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aScene} from '../../helpers/scenes.ts';
import {pastRuns, tunnelUp} from '../../helpers/tunnels.ts';

const ways = (...paths: string[]) => pastRuns(paths.map(path => ({facts: {path}})));

test('a path that changed four times lately goes to and fro', t => {
	const history = ways('direct', 'derp', 'direct', 'derp', 'direct', 'direct');

	const {cause} = nameCauses(aScene([tunnelUp('june-gpu-1'), tunnelUp('livekit')], {history}));

	t.like(cause, {id: 'path-flapping', effect: 'slows', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /changed 4 times in the last 6 looks \(1 min\), between direct and relay/);
});

test('a path that has stayed for a while goes to and fro no more', t => {
	const stays = Array.from({length: 6}, () => 'direct');
	const history = ways(...stays, 'derp', 'direct', 'derp', 'direct');

	t.is(pathFlapping.find(aScene([tunnelUp('june-gpu-1')], {history})), undefined);
});

test('once to the relay and back is a short trouble that is over', t => {
	const history = ways('direct', 'derp', 'direct', 'direct');

	t.is(pathFlapping.find(aScene([tunnelUp('june-gpu-1')], {history})), undefined);
});
