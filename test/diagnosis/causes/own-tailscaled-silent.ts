import test from 'ava';
import {ownTailscaledSilent} from '../../../src/diagnosis/causes/own-tailscaled-silent.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, aSickVantage, isDown, isUnknown} from '../../helpers/scenes.ts';

test('a tailscaled that does not answer is asked by the socket that is configured', t => {
	const scene = aScene([isUnknown(aLink(), 'vantage')], {
		vantages: () => [aSickVantage({facts: {trouble: 'tailscaled-silent'}, detail: 'tailscaled hangs'})],
		landmarks: () => ({headscale: [], dnsServer: '', tailscaledSockets: {cluster: '/run/my ts.sock'}}),
	});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'own-tailscaled-silent', confidence: 'certain', about: 'vantage cluster'});
	t.is(cause?.next[0].run, "tailscale '--socket=/run/my ts.sock' status");
	t.is(cause?.next[2]?.run, "ls -l '/run/my ts.sock'");
});

test('what goes past the tailnet does not fail for it', t => {
	const scene = aScene([isDown(aLink({target: {via: 'direct', peer: ''}}), 'timeout')], {
		vantages: () => [aSickVantage({facts: {trouble: 'tailscaled-silent'}})],
	});

	t.is(ownTailscaledSilent.find(scene)?.effect, 'beside');
});

test('one that tells a state does answer', t => {
	const scene = aScene([isUnknown(aLink(), 'vantage')], {
		vantages: () => [aSickVantage({facts: {backendState: 'Stopped'}})],
	});

	t.is(ownTailscaledSilent.find(scene), undefined);
});
