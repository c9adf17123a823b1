import {latencySeconds} from '../../engine/latency.ts';
import {longestPhase, mayBeSlow} from '../../server/page/pace.ts';
import {formatLatency} from '../../util/readable.ts';
import {commandOf, probeCommand} from '../commands.ts';
import type {Look} from '../scene.ts';
import type {Cause, RungName} from '../types.ts';
import {evidenceAround, isDialled, machineName, portWords} from './service-words.ts';
import {serviceName} from './subject-words.ts';

export const serviceSlow: Cause = {
	id: 'service-slow',
	rung: 'answer',
	title: 'The service answers, and slowly',
	means:
		'The service works and takes longer than was promised, or much longer than it took within the last hour. The phase that takes the time tells where: waiting for the answer is the program, its GPU or what it depends on; connecting and TLS are the way there, or a machine that is overloaded; reading the answer is the way back.',
	find(scene) {
		const {check} = scene;
		if (check?.verdict !== 'up' || !check.outcome || !isDialled(check) || !mayBeSlow(check.view, check.outcome))
			return undefined;
		const seconds = latencySeconds(check.view.check, check.outcome);
		if (seconds === undefined) return undefined;
		const {objectiveMs} = check.view.check;
		const isBeyond = objectiveMs !== undefined && seconds * 1000 > objectiveMs;
		const usual = usualSeconds(check);
		const isOdd = usual !== undefined && seconds > usual * oddFactor && seconds > usual + oddSeconds;
		if (!isBeyond && !isOdd) return undefined;
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
				isBeyond ? `at most ${formatLatency(objectiveMs / 1000)}` : `about ${formatLatency(usual ?? 0)}`,
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

/** As the page judges it. */
const oddFactor = 5;
const oddSeconds = 0.05;
/** With fewer minutes nobody can say what is usual. */
const leastMinutes = 5;

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

/** The middle of the slowest runs of each minute of the last hour but the last two. */
function usualSeconds({view: {strip}}: Look): number | undefined {
	const worst = strip.slice(0, -2).flatMap(bucket => bucket?.worstSeconds ?? []);
	if (worst.length < leastMinutes) return undefined;
	return worst.toSorted((one, other) => one - other)[worst.length >> 1];
}
