import {commandOf} from '../commands.ts';
import {
	before,
	controlCommands,
	controlOf,
	effectOfControl,
	evidenceOfControl,
	noteOf,
	sourceOf,
} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';

export const headscaleKeyPage: Cause = {
	id: 'headscale-key-page',
	rung: 'control',
	title: 'The page with which every login begins is not answered',
	means:
		'Each client asks for /key before it signs in, and what answers there does so as no control server does. Machines that are in the tailnet stay in it; others cannot join. See whether the proxy before headscale passes this page on, and whether headscale.url leads to headscale.',
	find(scene) {
		const {world} = scene;
		if (world.platform.headscale?.isControlKeyAnswered !== false || controlOf(world)?.trouble !== undefined)
			return undefined;
		const key = sourceOf(world, 'key');
		const url = world.landmarks.headscaleUrl?.replace(/\/+$/, '');
		return {
			...effectOfControl(scene, 'certain'),
			about: 'headscale',
			says: noteOf(world, 'control server') ?? 'The page /key of headscale is not answered as by a control server.',
			evidence: evidenceOfControl(scene, key ? [key] : []),
			next: before(
				url === undefined
					? []
					: [
							commandOf(
								'where tailprobe runs',
								['curl', '-sS', '-m', '5', '-i', `${url}/key?v=113`],
								'Wanted is 200 with publicKey "mkey:…".',
							),
						],
				controlCommands(scene, 'Whether /key comes as far as headscale.'),
			),
		};
	},
};
