import {controlCommands, controlOf, effectOfControl, evidenceOfControl, failingFor} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';

export const headscaleProxyError: Cause = {
	id: 'headscale-proxy-error',
	rung: 'control',
	title: 'Something before the control server answers in its place',
	means:
		'A proxy, a load balancer or another server answers at the address of headscale, with an error or a page of its own. Tunnels that are there live on, and no machine can join or learn of another. See whether headscale runs behind it and whether it is sent to the right place.',
	find(scene) {
		const control = controlOf(scene.world);
		if (control?.trouble !== 'proxy') return undefined;
		const {failure} = control.shownBy ?? {};
		const what = failure?.startsWith('status ') ? `answers with ${failure}` : 'answers with something else';
		return {
			...effectOfControl(scene, 'likely'),
			about: 'headscale',
			says: `What stands at the address of headscale ${what}${failingFor(control.shownBy, scene.nowMs)}, as headscale itself does not.`,
			evidence: evidenceOfControl(scene),
			next: controlCommands(scene, 'Whether headscale itself was asked, and how it answered.'),
		};
	},
};
