import {noteOf} from '../seen/control-words.ts';
import type {Cause} from '../types.ts';
import {certificateCommands} from './headscale-certificate.ts';

export const headscaleCertificateExpiring: Cause = {
	id: 'headscale-certificate-expiring',
	rung: 'control',
	title: 'The certificate of the control server is about to expire',
	means:
		'Nothing fails yet. Mostly a certificate is renewed thirty days before its end, so that its renewal seems to be stuck. Once it has expired no client reaches its control server: renew it before.',
	find(scene) {
		const {world, nowMs} = scene;
		if (world.platform.headscale?.certificate?.trusted !== true) return undefined;
		const says = noteOf(world, "headscale's certificate");
		if (says === undefined) return undefined;
		return {
			effect: 'beside',
			confidence: 'certain',
			about: 'headscale certificate',
			says,
			evidence: [{says, wanted: 'a certificate that was renewed', atMs: nowMs}],
			next: certificateCommands(scene),
		};
	},
};
