import {commandOf} from '../commands.ts';
import type {Scene} from '../scene.ts';
import {
	before,
	controlCommands,
	controlOf,
	effectOfControl,
	evidenceOfControl,
	failingFor,
	noteOf,
} from '../seen/control-words.ts';
import type {Cause, Command} from '../types.ts';

export const headscaleCertificate: Cause = {
	id: 'headscale-certificate',
	rung: 'control',
	title: 'The certificate of the control server is not trusted',
	means:
		'The certificate expired, is for another name, or comes from a CA that is not known. Clients that do not trust it cannot reach their control server: they cannot join, sign in again, or learn of others, while tunnels that are there live on. Renew it, or give everybody the CA.',
	find(scene) {
		const {world, nowMs} = scene;
		const control = controlOf(world);
		const certificate = world.platform.headscale?.certificate;
		const isUntrusted = certificate?.trusted === false;
		if (!isUntrusted && control?.trouble !== 'certificate') return undefined;
		return {
			...effectOfControl(scene, 'certain'),
			about: 'headscale',
			says:
				noteOf(world, "headscale's certificate") ??
				`headscale has not been let through${failingFor(control?.shownBy, nowMs)}, because its certificate is not trusted here.`,
			evidence: [
				...(isUntrusted
					? [
							{
								says: `Its certificate is not sound (${certificate.fault ?? 'other'}).`,
								wanted: 'one that is trusted',
								atMs: nowMs,
							},
						]
					: []),
				...evidenceOfControl(scene),
			],
			next: certificateCommands(scene),
		};
	},
};

/** Who vouches for it, and until when. */
export function certificateCommands(scene: Scene): [Command, ...Command[]] {
	const url = scene.world.landmarks.headscaleUrl;
	const {hostname, port} = url !== undefined && URL.canParse(url) ? new URL(url) : {};
	const shown =
		hostname === undefined
			? []
			: [
					commandOf(
						'where tailprobe runs',
						['curl', '-vsS', '-m', '5', '-o', '/dev/null', `https://${hostname}:${port || '443'}/health`],
						'Whom the certificate is for, who issued it, and until when it is valid.',
					),
				];
	return before(shown, controlCommands(scene, 'Whether it renews its certificate itself, and why that failed.'));
}
