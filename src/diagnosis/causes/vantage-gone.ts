import {asSentence} from '../../util/words.ts';
import type {VantageState} from '../../vantages/types.ts';
import {commandOf, kubectlCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import {before} from '../seen/control-words.ts';
import {effectOfVantage, evidenceOfVantage, spanOf} from '../seen/vantage-words.ts';
import type {Cause, Command, Evidence, Finding} from '../types.ts';

export const vantageGone: Cause = {
	id: 'vantage-gone',
	rung: 'vantage',
	title: "tailprobe's agent or shell there cannot be reached",
	means:
		'The agent there, or whatever other way leads to it, does not answer; its machine is not known to be dead. What it looked at may be fine. Start the agent there again, or mend the way that is named.',
	find(scene) {
		const state = lostVantage(scene);
		if (!state || isDead(tunnelsTo(scene, state))) return undefined;
		const alive = tunnelsTo(scene, state).find(({verdict}) => verdict === 'up');
		return {
			...aboutLost(scene, state, alive ? [alive] : []),
			about: `vantage ${state.name}`,
			confidence: 'certain',
			says: `Nobody has been able to look from ${state.name}${spanOf(state, scene.nowMs)}${alive ? ', though its machine answers through its tunnel' : ''}. ${sayWays(state)}`,
			next: before(waysCommands(state), [askCommand(state)]),
		};
	},
};

/** Another machine that cannot look, for no reason that is nearer to us; undefined where the scene's vantage is none. */
export function lostVantage({vantage: state}: Scene): VantageState | undefined {
	if (state?.group === undefined || state.condition !== 'gone') return undefined;
	return state.unsupported || state.behind !== undefined || state.leftSinceMs !== undefined ? undefined : state;
}

/** From other machines to that of the vantage, where that is known: its node has the vantage's name. */
export function tunnelsTo({world}: Scene, {name}: VantageState): Look[] {
	return world
		.ofPeer(name)
		.filter(({check}) => check.type === 'tunnel' && check.vantage !== name)
		.map(world.look);
}

/** No tunnel to it is up, and one is down. */
export function isDead(tunnels: readonly Look[]): boolean {
	return tunnels.some(({verdict}) => verdict === 'down') && !tunnels.some(({verdict}) => verdict === 'up');
}

/** What there is to say of it whether its machine answers or not. */
export function aboutLost(
	scene: Scene,
	state: VantageState,
	tunnels: readonly Look[],
): Pick<Finding, 'effect' | 'evidence' | 'next'> {
	const ways: Evidence[] = (state.ways ?? [])
		.filter(({condition}) => condition !== 'sound')
		.map(({type, condition, detail}) => ({
			says: `Its way by ${type} is ${condition}.${detail === undefined ? '' : ` ${detail}`}`,
			wanted: 'a way that works',
			atMs: scene.nowMs,
		}));
	// What stands in each way is told by the way.
	const {detail, ...bare} = state;
	const standing = ways.length > 0 || detail === undefined ? bare : {...bare, detail};
	return {
		effect: effectOfVantage(scene),
		evidence: [
			...evidenceOfVantage(scene, standing).slice(0, 1),
			...tunnels.map(look => evidenceOf(look)),
			...ways,
			...evidenceOfVantage(scene, state).slice(1),
		],
		next: [askCommand(state), ...waysCommands(state)],
	};
}

/** What stands in each of its ways, as sentences. */
function sayWays({ways = [], detail}: VantageState): string {
	const told = ways.flatMap(way => (way.condition === 'gone' && way.detail !== undefined ? [way] : []));
	const [only, ...others] = told;
	if (!only) return asSentence(detail ?? 'No way works');
	if (others.length === 0) return asSentence(only.detail ?? '');
	return told.map(way => asSentence(`By ${way.type}: ${way.detail}`)).join(' ');
}

function askCommand({name}: VantageState): Command {
	return commandOf('wherever tailprobe is', ['tailprobe', 'diagnose', name], 'Whether its machine answers, and how.');
}

/** The agent first: it is what most often is not there. */
function waysCommands({name, ways = []}: VantageState): Command[] {
	const has = (type: string) => ways.some(way => way.type === type);
	return [
		...(has('agent')
			? [commandOf(name, ['pgrep', '-af', 'tailprobe agent'], 'Whether the agent runs there; start it if not.')]
			: []),
		...(has('ssh') ? [commandOf('where tailprobe runs', ['ssh', '-v', name, 'true'], 'At which step ssh ends.')] : []),
		...(has('pod')
			? [kubectlCommand(['get', 'pods', '-A', '-o', 'wide'], 'Whether its pod runs, and on which node.')]
			: []),
	];
}
