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

/** `tailscale …` on a machine, by the name of its node or of its vantage; of a local one with the socket that is configured. */
export function tailscaleCommand(
	{world}: Pick<Scene, 'world'>,
	name: string,
	args: readonly string[],
	why: string,
): Command {
	const socket = world.landmarks.tailscaledSockets?.[name];
	const isUsual = socket === undefined || socket === '/var/run/tailscale/tailscaled.sock';
	return commandOf(name, ['tailscale', ...(isUsual ? [] : [`--socket=${socket}`]), ...args], why);
}

/** Signs a machine in again at its own control server, which `tailscale up` would not do without being told. */
export function signInCommand(scene: Pick<Scene, 'world'>, name: string, why: string): Command {
	const url = scene.world.landmarks.headscaleUrl;
	const server = url === undefined ? [] : [`--login-server=${url}`];
	const args = ['up', ...server, '--force-reauth'];
	return tailscaleCommand(scene, name, args, `${why} If it wants more flags, it prints the whole command.`);
}

/** The pre-auth keys as headscale lists them. */
export function preAuthKeysCommand(scene: Pick<Scene, 'world'>, why: string): Command {
	return headscaleCommand(scene, ['preauthkeys', 'list'], `${why} headscale before 0.28 wants “--user USER” as well.`);
}

/** `kubectl …`, as the configuration of whoever types it has it. */
export function kubectlCommand(args: readonly string[], why: string): Command {
	return {where: 'wherever kubectl is', run: words(['kubectl', ...args]), why};
}

/** Any other program; `where` is the name of a machine, or says itself where, such as `wherever tailprobe is`. */
export function commandOf(where: string, args: readonly string[], why: string): Command {
	return {where: placeOf(where), run: words(args), why};
}

/** Names hold no blanks. */
function placeOf(where: string): string {
	if (where === '') return 'on that machine';
	return where.includes(' ') ? where : `on ${where}`;
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
