import {formatSpan} from '../../util/readable.ts';
import {
	backendOf,
	effectOfVantage,
	evidenceOfVantage,
	isFromBefore,
	isNotBelieved,
	rootVantage,
	tailscaleThere,
} from '../seen/vantage-words.ts';
import type {Cause} from '../types.ts';

/** A start that takes longer has another reason. */
const usualMs = 120_000;

export const ownStarting: Cause = {
	id: 'own-starting',
	rung: 'vantage',
	title: 'The vantage has only just joined, or is starting',
	means:
		'The machine that looks was started, or signed in, a moment ago. Until headscale has told its peers of it, failures say nothing about them. Wait a minute; if it stays so, its tailscaled cannot reach its control server.',
	find(scene) {
		const {check, nowMs} = scene;
		const state = rootVantage(scene);
		if (!state) return undefined;
		const backend = backendOf(state) ?? '';
		const isStarting = state.condition === 'starting' || backend === 'Starting' || backend === 'NoState';
		const wasUnsound =
			isFromBefore(scene) ||
			(state.condition === 'sound' && isNotBelieved(scene) && check?.view.check.target.via === 'tailnet');
		if (!isStarting && !wasUnsound) return undefined;
		const ageMs = state.sinceMs === undefined ? undefined : nowMs - state.sinceMs;
		const age = ageMs === undefined ? '' : ` ${formatSpan(ageMs)} ago`;
		const isLong = isStarting && ageMs !== undefined && ageMs > usualMs;
		return {
			effect: effectOfVantage(scene),
			confidence: isLong ? 'likely' : 'certain',
			about: `vantage ${state.name}`,
			says: isStarting
				? `Vantage ${state.name} began to start${age}${backend === '' ? '' : ` (its tailscaled is in state ${backend})`}${isLong ? ', which should take seconds: perhaps it does not reach its control server' : ''}.`
				: `Vantage ${state.name} can look again, and its last run here began before that, or too soon after.`,
			evidence: evidenceOfVantage(scene, state),
			next: [
				tailscaleThere(scene, state, ['status'], 'Whether it is signed in and sees its peers.'),
				...(isLong ? [tailscaleThere(scene, state, ['netcheck'], 'Whether it has a network and a relay.')] : []),
			],
		};
	},
};
