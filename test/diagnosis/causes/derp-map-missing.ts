import test from 'ava';
import {derpMapMissing} from '../../../src/diagnosis/causes/derp-map-missing.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aScene, aSource, aTunnel, isDown} from '../../helpers/scenes.ts';

const around = (derpRegions: number) => ({
	sources: () => [aSource()],
	platform: () => ({tailscaled: [{vantage: 'cluster', derpRegions}]}),
});

test('without any relay a tunnel that found no direct path is down', t => {
	const {cause} = nameCauses(aScene([isDown(aTunnel(), 'timeout')], around(0)));

	t.like(cause, {id: 'derp-map-missing', rung: 'control', confidence: 'likely', about: 'headscale relay list'});
	t.regex(cause?.says ?? '', /knows of no relay at all/);
	t.is(cause?.next[0].run, 'tailscale netcheck');
});

test('one relay is a list', t => {
	t.is(derpMapMissing.find(aScene([isDown(aTunnel(), 'timeout')], around(1))), undefined);
});
