import {probeCommand} from '../commands.ts';
import type {Look} from '../scene.ts';
import {expiryOf, sayDay, showCertificate} from '../seen/certificate-words.ts';
import {evidenceAround, machineName, portWords} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import type {Cause} from '../types.ts';

/** Whoever renews by a machine has done it by then. */
const soonMs = 7 * 86_400_000;

export const certificateSoon: Cause = {
	id: 'certificate-soon',
	rung: 'tls',
	title: 'The certificate ends soon',
	means:
		'The certificate of the service is still valid and will not be for long; then every client refuses the service at once. What should have renewed it has not, or the service has not loaded the new one. Renew it before that day.',
	find(scene) {
		const {check, nowMs} = scene;
		if (!check?.outcome || check.verdict === 'unknown') return undefined;
		const expiryMs = expiryOf(check);
		if (expiryMs === undefined || expiryMs <= nowMs) return undefined;
		const isWanted = check.verdict === 'down' && check.outcome.reading?.facts.tls_fault === 'ends_soon';
		if (!isWanted && !endsSoon(check, nowMs)) return undefined;
		return {
			effect: isWanted ? 'breaks' : 'beside',
			confidence: 'certain',
			about: serviceName(check),
			says: `A certificate of ${machineName(scene)} at ${portWords(check)} ends ${sayDay(expiryMs, nowMs)}${isWanted ? ', sooner than the check wants it (min_remaining)' : ''}.`,
			evidence: evidenceAround(scene, 'a certificate that lasts longer'),
			next: [
				showCertificate(scene, check, 'Which certificate of the chain ends, and who issued it.'),
				probeCommand(scene, 'Whether the new certificate is served.'),
			],
		};
	},
};

/** It is valid, and not for long. */
export function endsSoon(look: Look, nowMs: number): boolean {
	const expiryMs = expiryOf(look);
	return expiryMs !== undefined && expiryMs > nowMs && expiryMs - nowMs <= soonMs;
}
