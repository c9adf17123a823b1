/** Commands that people know, filled in: each value from outside is one word of the shell. Pure. */

import {shellQuote} from '../shell/quote.ts';
import type {Scene} from './scene.ts';
import type {Command} from './types.ts';

/** `headscale …` where headscale runs: in its pod where one is configured. */
export function headscaleCommand({world}: Pick<Scene, 'world'>, args: readonly string[], why: string): Command {
	const run = words(['headscale', ...args]);
	const pod = world.landmarks.headscalePod;
	if (!pod) return {where: 'where headscale runs', run, why};
	const container = pod.container === undefined ? '' : ` -c ${word(pod.container)}`;
	const namespace = word(pod.namespace);
	return {
		where: 'wherever kubectl is',
		run: `kubectl -n ${namespace} exec "$(kubectl -n ${namespace} get pod -l ${word(pod.selector)} -o name | head -n 1)"${container} -- ${run}`,
		why,
	};
}

/** `tailscale …` on a machine. */
export function tailscaleCommand(where: string, args: readonly string[], why: string): Command {
	return {where: where === '' ? 'on that machine' : where, run: words(['tailscale', ...args]), why};
}

export function kubectlCommand(args: readonly string[], why: string): Command {
	return {where: 'wherever kubectl is', run: words(['kubectl', ...args]), why};
}

/** Any other program. */
export function commandOf(where: string, args: readonly string[], why: string): Command {
	return {where, run: words(args), why};
}

/** A configured check once more, with its phases. */
export function probeCommand({check}: Pick<Scene, 'check'>, why: string): Command {
	const {name, target, vantage} = check?.view.check ?? {name: '', target: {name: ''}, vantage: ''};
	return {
		where: 'wherever tailprobe is',
		run: words(['tailprobe', 'probe', '--check', name, '--from', vantage, target.name]),
		why,
	};
}

function words(args: readonly string[]): string {
	return args.map(word).join(' ');
}

/** Quoted only where a shell would read something in it. */
export function word(text: string): string {
	return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : shellQuote(text.replaceAll('\0', ''));
}
