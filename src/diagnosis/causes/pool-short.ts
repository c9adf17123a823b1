import type {PoolView} from '../../pools/types.ts';
import {verdictOf} from '../../pools/view.ts';
import {asSentence} from '../../util/words.ts';
import {commandOf} from '../commands.ts';
import type {World} from '../scene.ts';
import type {Cause, Finding, NamedCause} from '../types.ts';

/** Asked for all pools at once, not for each link: a pool that is short breaks none. */
export const poolShort: Cause = {
	id: 'pool-short',
	rung: 'gpu',
	title: 'Too few GPU machines can be used',
	means:
		'Fewer machines of the pool can be used than the configuration wants, so there is less capacity than planned, or none. Look at the machines that it lists: each says what it lacks. Where none is listed, no machine was rented or none joined: look at the pods and at what is rented.',
	find({world, check, peer}) {
		if (check || peer !== '') return undefined;
		const [pool] = shortPools(world);
		return pool && findShortPool(world, pool);
	},
};

/** Pools that have fewer usable machines than they must have, for certain. */
export function shortPools({pools}: Pick<World, 'pools'>): PoolView[] {
	return pools.filter(pool => verdictOf(pool).verdict === 'short');
}

/** What there is to say of one of them. */
export function findShortPool(
	{nowMs}: Pick<World, 'nowMs'>,
	pool: PoolView,
	causes: readonly NamedCause[] = [],
): Finding {
	const {name, min, members, unknown} = pool;
	const troubled = members.filter(({state}) => state !== 'usable');
	const [worst] = troubled;
	const missing = troubled.slice(0, membersShown).map(({name: member}) => {
		const because = causes.find(({about}) => about === `node ${member}` || about.endsWith(` on ${member}`));
		return because ? `${member} (because of: ${because.title})` : member;
	});
	const hidden = troubled.length - missing.length;
	const named =
		missing.length === 0 ? '' : ` Missing: ${missing.join(', ')}${hidden > 0 ? ` and ${hidden} more` : ''}.`;
	return {
		effect: 'beside',
		confidence: 'certain',
		about: `pool ${name}`,
		says: `Pool ${name}: ${verdictOf(pool).says ?? ''}${unknown > 0 ? ` Nobody could look at ${unknown} more.` : ''}${named}`,
		evidence: [
			...troubled.slice(0, membersShown).map(member => ({
				says: asSentence(`${member.name}: ${member.why ?? member.state}`),
				wanted: 'a machine that can be used',
				atMs: nowMs,
			})),
			...(troubled.length === 0 ? [{says: 'No machine belongs to it.', wanted: `at least ${min}`, atMs: nowMs}] : []),
		],
		next: [
			worst?.nodeId === undefined
				? commandOf(
						'wherever kubectl is',
						['kubectl', 'get', 'pods', '-A', '-o', 'wide'],
						'Which GPU pods are pending, and why.',
					)
				: commandOf(
						'wherever tailprobe is',
						['tailprobe', 'diagnose', worst.name],
						'What is wrong with the first of them.',
					),
		],
	};
}

const membersShown = 5;
