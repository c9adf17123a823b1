import {commandOf} from '../commands.ts';
import {
	before,
	controlCommands,
	controlOf,
	effectOfControl,
	evidenceOfControl,
	sourceOf,
} from '../seen/control-words.ts';
import type {Cause, Evidence} from '../types.ts';

export const headscaleProxyDropsUpgrade: Cause = {
	id: 'headscale-proxy-drops-upgrade',
	rung: 'control',
	title: 'No machine keeps a connection to the control server',
	means:
		'headscale answers, and yet it lists no node as online: machines cannot keep the connection by which they are told of each other. Mostly a proxy before headscale does not pass on the upgrade of POST /ts2021, or ends connections that last. Tunnels that are there live on until a key or an address changes.',
	find(scene) {
		const {world, nowMs} = scene;
		const control = controlOf(world);
		if (!control || control.trouble !== undefined || sourceOf(world, 'health')?.ok !== true) return undefined;
		if (!world.nodesAreFresh || world.platform.headscale?.graceUntilMs !== undefined) return undefined;
		const {nodes} = world;
		if (nodes.length < 2 || !nodes.every(({node}) => node.online === false)) return undefined;
		const cutOff = world.vantages.filter(({facts}) => facts.online === 'false');
		const signIn = world.platform.tailscaled.flatMap(({vantage, warnings = []}) =>
			warnings.filter(({code}) => code === 'login-state').map(({says}) => ({vantage, says})),
		);
		const evidence: Evidence[] = [
			{says: `None of ${nodes.length} nodes is online, as headscale says.`, wanted: 'at least one', atMs: nowMs},
			...cutOff.slice(0, 3).map(({name}) => ({
				says: `The tailscaled of vantage ${name} is not connected to its control server.`,
				wanted: 'a connection',
				atMs: nowMs,
			})),
			...signIn.slice(0, 2).map(({vantage, says}) => ({
				says: `The tailscaled of vantage ${vantage} cannot sign in${says === undefined ? '.' : `: “${says}”`}`,
			})),
		];
		const health = sourceOf(world, 'health');
		const isKeyTold = world.platform.headscale?.isControlKeyAnswered === true;
		const url = world.landmarks.headscaleUrl?.replace(/\/+$/, '');
		return {
			...effectOfControl(scene, isKeyTold && (cutOff.length > 0 || signIn.length > 0) ? 'likely' : 'consistent'),
			about: 'headscale',
			says: `headscale says that it is well, and lists none of its ${nodes.length} nodes as online.`,
			evidence: [...evidence, ...evidenceOfControl(scene, health ? [health] : [])],
			next: before(
				url === undefined
					? []
					: [
							commandOf(
								'where tailprobe runs',
								[
									...['curl', '-sS', '-m', '5', '-i', '--http1.1', '-X', 'POST'],
									...['-H', 'Upgrade: tailscale-control-protocol', '-H', 'Connection: upgrade', `${url}/ts2021`],
								],
								'Wanted is a complaint about a missing handshake header: then the upgrade came through. “missing next protocol”, 426 or a page: it was dropped.',
							),
						],
				controlCommands(scene, 'Whether clients come as far as headscale: /ts2021.'),
			),
		};
	},
};
