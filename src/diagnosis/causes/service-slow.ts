import {latencySeconds} from '../../engine/latency.ts';
import {isOdd, longestPhase, mayBeSlow, usualOfMinutes} from '../../notes/pace.ts';
import {formatLatency} from '../../util/readable.ts';
import {commandOf, probeCommand} from '../commands.ts';
import type {Look, World} from '../scene.ts';
import {evidenceAround, isDialled, machineName, portWords} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import type {Cause, RungName} from '../types.ts';

export const serviceSlow: Cause = {
	id: 'service-slow',
	rung: 'answer',
	title: 'The service answers, and slowly',
	means:
		'The service works and takes longer than was promised, or much longer than it took within the last hour. The phase that takes the time tells where: waiting for the answer is the program, its GPU or what it depends on; connecting and TLS are the way there, or a machine that is overloaded; reading the answer is the way back.',
	find(scene) {
		const {check, world} = scene;
		const slow = check && slownessOf(world, check);
		if (!check?.outcome || !slow) return undefined;
		const {seconds, isBeyond, isOdd, usual = 0} = slow;
		const {objectiveMs = 0} = check.view.check;
		const phase = longestPhase(check.outcome);
		const rung = rungOfPhase[phase?.[0] ?? ''] ?? 'answer';
		return {
			effect: 'slows',
			rung,
			confidence: isBeyond ? 'certain' : 'likely',
			about: serviceName(check),
			says: `${[
				`${machineName(scene)} took ${formatLatency(seconds)} to answer at ${portWords(check)}`,
				...(isBeyond ? [`beyond the objective of ${formatLatency(objectiveMs / 1000)}`] : []),
				...(isOdd ? [`usually ${formatLatency(usual)} at most`] : []),
				...(phase ? [`${formatLatency(Math.min(phase[1], seconds))} of it ${doings[phase[0]] ?? phase[0]}`] : []),
			].join(', ')}.`,
			evidence: evidenceAround(
				scene,
				isBeyond ? `at most ${formatLatency(objectiveMs / 1000)}` : `about ${formatLatency(usual)}`,
			),
			next: [
				probeCommand(scene, 'Whether it is still slow, and in which phase.'),
				rung === 'answer'
					? commandOf(machineName(scene), ['uptime'], 'Whether the machine is overloaded.')
					: commandOf(
							'wherever tailprobe is',
							['tailprobe', 'diagnose', machineName(scene)],
							'Whether the tunnel is slow too.',
						),
			],
		};
	},
};

/** How long it took and by what that is slow, in the last run and the one before; undefined where it is not. */
export function slownessOf(
	world: World,
	look: Look,
): {seconds: number; isBeyond: boolean; isOdd: boolean; usual: number | undefined} | undefined {
	const {verdict, outcome, view} = look;
	if (verdict !== 'up' || !outcome || !isDialled(look) || !mayBeSlow(view, outcome)) return undefined;
	const seconds = latencySeconds(view.check, outcome);
	if (seconds === undefined) return undefined;
	const usual = usualOfMinutes(view);
	const isSlow = (some: number) => {
		const {objectiveMs} = view.check;
		const isBeyond = objectiveMs !== undefined && some * 1000 > objectiveMs;
		const isUnusual = usual !== undefined && isOdd(view, some, usual);
		return isBeyond || isUnusual ? {seconds, isBeyond, isOdd: isUnusual, usual} : undefined;
	};
	const slow = isSlow(seconds);
	if (!slow) return undefined;
	// One that was slow by itself is no state.
	const before = world
		.recent(view)
		.filter(({startedAt, verdict: was}) => was === 'up' && startedAt < outcome.startedAt)
		.map(run => latencySeconds(view.check, run))
		.find(took => took !== undefined);
	return before === undefined || isSlow(Math.min(seconds, before)) ? slow : undefined;
}

const rungOfPhase: Readonly<Record<string, RungName>> = {
	resolve: 'name',
	connect: 'connect',
	connect_proxy: 'connect',
	tls: 'tls',
};

const doings: Readonly<Record<string, string>> = {
	resolve: 'resolving the name',
	connect: 'connecting',
	connect_proxy: 'connecting through the SOCKS5 proxy',
	tls: 'in the TLS handshake',
	processing: 'waiting for the answer',
	transfer: 'reading the answer',
};
