import test from 'ava';
import {ownTailscaledSignedOut} from '../../../src/diagnosis/causes/own-tailscaled-signed-out.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aRemoteVantage, aScene, aSickVantage, isUnknown, someTime} from '../../helpers/scenes.ts';

const signedOut = aSickVantage({facts: {backendState: 'NeedsLogin'}});

test('a tailscaled that must sign in again explains what cannot be looked at, and tells that no key is left', t => {
	const keys = {
		usable: 0,
		expired: 2,
		usedUp: 1,
		areInUse: true,
		ending: {count: 0},
		unreplaced: {count: 0},
		lasting: 0,
	};
	const scene = aScene([isUnknown(aLink(), 'vantage')], {
		vantages: () => [signedOut],
		platform: () => ({headscale: {preAuthKeys: keys}, tailscaled: []}),
	});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'own-tailscaled-signed-out', rung: 'vantage', confidence: 'certain', about: 'vantage cluster'});
	t.regex(cause?.says ?? '', /in state NeedsLogin for 2 min: it must sign in again/);
	t.true(
		cause?.evidence.some(({says}) => says.includes('Of the pre-auth keys none can be used (2 expired, 1 used up)')),
	);
	t.is(cause?.next[0].run, 'tailscale status');
});

test('machines that are reached through it share its fault', t => {
	const remote = aRemoteVantage({condition: 'gone', behind: 'cluster'});
	const link = aLink({vantage: 'june-gpu-1', target: {peer: 'livekit'}});

	const {cause} = nameCauses(aScene([isUnknown(link, 'vantage')], {vantages: () => [signedOut, remote]}));

	t.like(cause, {id: 'own-tailscaled-signed-out', about: 'vantage cluster'});
});

test('one whose key expired is told by that', t => {
	const scene = aScene([isUnknown(aLink(), 'vantage')], {
		vantages: () => [signedOut],
		platform: () => ({tailscaled: [{vantage: 'cluster', keyExpiryMs: someTime - 1000}]}),
	});

	t.is(ownTailscaledSignedOut.find(scene), undefined);
});
