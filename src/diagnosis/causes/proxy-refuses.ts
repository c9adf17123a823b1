import {measuredSeconds} from '../../engine/latency.ts';
import {formatLatency} from '../../util/readable.ts';
import {commandOf, probeCommand, tailscaleCommand} from '../commands.ts';
import type {Look, Scene, World} from '../scene.ts';
import {evidenceAround, machineName, portWords, whileUp} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import type {Cause, Command} from '../types.ts';

export const proxyRefuses: Cause = {
	id: 'proxy-refuses',
	rung: 'connect',
	title: "tailscaled's proxy opens no connection",
	means:
		'The tailscaled of the vantage has no tunnel device, so connections enter the tailnet by its SOCKS5 proxy, and that does not say why one fails: a service that does not listen looks like one that is filtered. Where it fails for every machine the proxy itself is at fault; where it fails for one, look at the service there.',
	find(scene) {
		const {check, tunnel, vantageName} = scene;
		if (check?.verdict !== 'down' || check.outcome?.reason !== 'proxy' || check.view.check.expect) return undefined;
		const where = machineName(scene);
		const {failing, working} = proxyOf(scene);
		const isItself = failing > 1 && working === 0;
		const took = measuredSeconds(check.outcome);
		const isAtOnce = took * 1000 < check.view.check.timeoutMs / 4;
		const look: [Command, Command] = [
			tailscaleCommand(scene, vantageName, ['status'], 'Whether the tailscaled of the vantage sees the machine.'),
			probeCommand(scene, 'Whether it is still so.'),
		];
		return {
			effect: 'breaks',
			confidence: isItself || (tunnel?.verdict === 'up' && isAtOnce) ? 'likely' : 'consistent',
			about: isItself ? `vantage ${vantageName}` : serviceName(check),
			says: isItself
				? `The SOCKS5 proxy of ${vantageName} opens no connection to any of ${failing} machines.`
				: `The SOCKS5 proxy of ${vantageName} opens no connection to ${portWords(check)} of ${where}${whileUp(scene)}. It gave up after ${formatLatency(took)}${isAtOnce ? ', as where a service does not listen' : ', as where nothing answers'}.`,
			evidence: evidenceAround(scene, 'a connection'),
			next: isItself
				? look
				: [commandOf(where, ['ss', '-ltnp'], `Whether a program listens on ${portWords(check)}.`), ...look],
		};
	},
};

/** How many machines this vantage reaches through its proxy, and how many it does not. */
function proxyOf({world, vantageName}: Scene): {failing: number; working: number} {
	let known = proxies.get(world);
	if (!known) {
		known = new Map();
		proxies.set(world, known);
	}
	let counted = known.get(vantageName);
	if (!counted) {
		const looks = world.fromVantage(vantageName).map(world.look);
		const peers = (some: Look[]) => new Set(some.map(({view}) => view.check.target.peer)).size;
		counted = {
			failing: peers(looks.filter(({outcome}) => outcome?.reason === 'proxy')),
			working: peers(
				looks.filter(({verdict, outcome}) => verdict === 'up' && outcome?.reading?.facts.dial === 'proxy'),
			),
		};
		known.set(vantageName, counted);
	}
	return counted;
}

/** Counted once for a world: every failing check asks. */
const proxies = new WeakMap<World, Map<string, {failing: number; working: number}>>();
