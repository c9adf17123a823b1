import {commandOf} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import {effectOfVantage, evidenceOfVantage, isLocal, rootVantage, troubleOf} from '../seen/vantage-words.ts';
import type {Cause} from '../types.ts';

/** A run that was late by less stays out of the latency series all the same. */
const worthSayingMs = 200;

export const ownStarved: Cause = {
	id: 'own-starved',
	rung: 'vantage',
	title: 'tailprobe itself gets too little CPU',
	means:
		'The thread that measures was late, or ended: it may have missed answers that came, and the times that it took are too long. Nothing can be said of the targets. Give tailprobe more CPU, or fewer checks, or find what else is busy on that machine.',
	find(scene) {
		const {check, nowMs} = scene;
		const state = rootVantage(scene);
		if (!state) return undefined;
		const isLate = troubleOf(state) === 'late';
		const hasEnded = state.condition === 'gone' && isLocal(state);
		const wasLate = check?.verdict === 'unknown' && check.outcome?.reason === 'late';
		const isSpoiled =
			check?.verdict === 'up' && check.outcome?.late === true && check.outcome.latenessMs >= worthSayingMs;
		if (!isLate && !hasEnded && !wasLate && !isSpoiled) return undefined;
		const latenessMs = Math.round(Math.max(state.latenessMs, check?.outcome?.latenessMs ?? 0));
		return {
			effect: isSpoiled ? 'slows' : effectOfVantage(scene),
			confidence: isSpoiled ? 'consistent' : 'certain',
			about: `vantage ${state.name}`,
			says: hasEnded
				? `The measuring thread of vantage ${state.name} is not running: ${state.detail ?? 'it ended.'}`
				: `The measuring thread of vantage ${state.name} was ${latenessMs} ms late${isSpoiled ? ', so the times of this run are not those of the target' : ' lately'}.`,
			evidence: [
				{says: `Its thread was ${latenessMs} ms late at worst.`, wanted: 'a few milliseconds', atMs: nowMs},
				...evidenceOfVantage(scene, state),
				...(isSpoiled ? [evidenceOf(check)] : []),
			],
			next: [
				commandOf(state.name, ['top', '-b', '-n', '1', '-H'], 'What uses the CPU there, and whether tailprobe waits.'),
				commandOf(state.name, ['cat', '/sys/fs/cgroup/cpu.stat'], 'Whether a limit holds it back (nr_throttled).'),
			],
		};
	},
};
