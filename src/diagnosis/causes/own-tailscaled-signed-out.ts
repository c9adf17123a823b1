import {headscaleCommand, preAuthKeysCommand} from '../commands.ts';
import {noteOf} from '../seen/control-words.ts';
import {isKeyExpired} from '../seen/own-key-words.ts';
import {
	backendOf,
	effectOfVantage,
	evidenceOfVantage,
	rootVantage,
	spanOf,
	tailscaleThere,
} from '../seen/vantage-words.ts';
import type {Cause, Evidence} from '../types.ts';

export const ownTailscaledSignedOut: Cause = {
	id: 'own-tailscaled-signed-out',
	rung: 'vantage',
	title: "tailprobe's own tailscaled is signed out of the tailnet",
	means:
		'The machine that looks is itself no member of the tailnet at present, so nothing can be said of the others: they may be fine. It was signed out, its record was deleted, or it was started anew with a pre-auth key that has expired or was used up. Sign it in again, with a pre-auth key that can be used.',
	find(scene) {
		const state = rootVantage(scene);
		const backend = state && backendOf(state);
		if (!state || !backend || !wanting.has(backend) || isKeyExpired(scene, state)) return undefined;
		const keys = noteOf(scene.world, 'pre-auth keys');
		const warning = scene.world.platform.tailscaled
			.find(({vantage}) => vantage === state.name)
			?.warnings?.find(({code}) => code === 'login-state');
		const more: Evidence[] = [
			...(warning?.says === undefined ? [] : [{says: `tailscaled there says: “${warning.says}”`}]),
			...(keys === undefined ? [] : [{says: keys, wanted: 'a key with which it can join again'}]),
		];
		return {
			effect: effectOfVantage(scene, 'tailnet'),
			confidence: 'certain',
			about: `vantage ${state.name}`,
			says: `The tailscaled of vantage ${state.name} has been in state ${backend}${spanOf(state, scene.nowMs)}: ${wanting.get(backend)}.`,
			evidence: [...evidenceOfVantage(scene, state), ...more],
			next: [
				tailscaleThere(scene, state, ['status'], 'What it waits for, and where it wants to sign in.'),
				headscaleCommand(scene, ['nodes', 'list'], 'Whether its node is still on the list, and expired or not.'),
				preAuthKeysCommand(scene, 'Whether there is a key with which it can join again.'),
			],
		};
	},
};

const wanting: ReadonlyMap<string, string> = new Map([
	['NeedsLogin', 'it must sign in again'],
	['NeedsMachineAuth', 'it waits to be approved'],
	['InUseOtherUser', 'another user of that machine is signed in'],
]);
