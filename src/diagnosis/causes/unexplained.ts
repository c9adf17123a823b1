import {commandOf, probeCommand} from '../commands.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import {serviceName} from '../seen/subject-words.ts';
import {tunnelOf} from '../seen/tunnels.ts';
import type {Cause, Command, RungName} from '../types.ts';

export const unexplained: Cause = {
	id: 'unexplained',
	rung: 'answer',
	isLast: true,
	title: 'Nothing on the list explains it',
	means:
		'The check failed, and no cause that tailprobe knows fits what was seen. What it says itself is all there is. Probe it once more to see in which phase it ends, then diagnose another link to the same machine: one that works tells what still holds.',
	find(scene) {
		const {check, peer, vantageName} = scene;
		const tunnel = tunnelOf(scene);
		const next: [Command, ...Command[]] = [
			probeCommand(scene, 'In which phase it ends.'),
			...nextLink(scene).map(other =>
				commandOf(
					'wherever tailprobe is',
					['tailprobe', 'diagnose', other.view.check.key],
					'How far another link to the same machine comes.',
				),
			),
		];
		if (!check || check.verdict === 'up') return undefined;
		if (check.verdict === 'unknown')
			return {
				effect: 'breaks',
				rung: 'vantage',
				confidence: 'consistent',
				about: `${check.view.check.type} checks from ${vantageName}`,
				says: `Nobody could look from ${vantageName}: ${check.outcome?.detail ?? 'the run gave no reason.'}`,
				evidence: [evidenceOf(check, 'a run that can look')],
				next,
			};
		// What runs through a tunnel that is down has no trouble of its own to tell of.
		const isBehind = tunnel?.verdict === 'down';
		return {
			effect: 'breaks',
			rung: isBehind ? 'tunnel' : rungOf(check),
			confidence: 'consistent',
			about: isBehind ? `node ${peer}` : serviceName(check),
			says: (isBehind ? tunnel : check).outcome?.detail ?? 'The run gave no reason.',
			evidence: [evidenceOf(check), ...(tunnel && tunnel !== check ? [evidenceOf(tunnel)] : [])],
			next,
		};
	},
};

/** Another look at the same machine, one that works before one that does not. */
function nextLink({neighbours, otherTunnels, tunnel, check, elsewhere}: Scene): Look[] {
	const others = [...(tunnel && tunnel !== check ? [tunnel] : []), ...neighbours, ...elsewhere, ...otherTunnels];
	const chosen = others.find(({verdict}) => verdict === 'up') ?? others[0];
	return chosen ? [chosen] : [];
}

const byPhase: Readonly<Record<string, RungName>> = {
	resolve: 'name',
	connect: 'connect',
	connect_proxy: 'connect',
	tls: 'tls',
};
const byType: Readonly<Record<string, RungName>> = {tunnel: 'tunnel', dns: 'name', gpu: 'gpu', icmp: 'tunnel'};

/** Of the first phase that failed. */
function rungOf({view: {check}, outcome}: Look): RungName {
	const {phases = {}, facts = {}} = outcome?.reading ?? {};
	return byType[check.type] ?? byPhase[facts.phase ?? Object.keys(phases).at(-1) ?? ''] ?? 'answer';
}
