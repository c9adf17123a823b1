import test from 'ava';
import {headscaleRestarted} from '../../../src/diagnosis/causes/headscale-restarted.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aFailingSource, aScene, aSource, aTunnel, isDown, someTime} from '../../helpers/scenes.ts';

const restarted = {
	sources: () => [aSource()],
	platform: () => ({headscale: {graceUntilMs: someTime + 45_000}, tailscaled: []}),
};

test('a restart is told while offline means nothing, and breaks no link', t => {
	const {also} = nameCauses(aScene([isDown(aTunnel(), 'timeout')], restarted));

	const told = also.find(({id}) => id === 'headscale-restarted');
	t.like(told, {effect: 'beside', about: 'headscale', confidence: 'likely'});
	t.regex(told?.says ?? '', /for another 45 s/);
	t.true(told?.next.some(({run}) => run === 'journalctl -u headscale -n 50'));
});

test('a headscale that is down was not only restarted', t => {
	const down = {...restarted, sources: () => [aFailingSource('headscale-health', {obstacle: 'refused'})]};

	t.is(headscaleRestarted.find(aScene([isDown(aTunnel(), 'timeout')], down)), undefined);
});
