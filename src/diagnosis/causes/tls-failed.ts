import {asSentence} from '../../util/words.ts';
import {probeCommand} from '../commands.ts';
import {showCertificate} from '../seen/certificate-words.ts';
import {detailOf, evidenceAround, machineName, portWords} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import type {Cause} from '../types.ts';

export const tlsFailed: Cause = {
	id: 'tls-failed',
	rung: 'tls',
	title: 'TLS does not come about',
	means:
		'The port takes connections, and no encrypted connection comes of them: what answers speaks no TLS there (a plain http service, say), wants a certificate of the client, or shares no version or protocol with it. Look at how the service is set up, and whether the address in the configuration should begin with http instead of https.',
	find(scene) {
		const {check} = scene;
		if (check?.verdict !== 'down' || check.outcome?.reason !== 'tls') return undefined;
		const {tls_fault: fault = 'none'} = check.outcome.reading?.facts ?? {};
		// A certificate that is at fault is told as such.
		if (fault !== 'none') return undefined;
		const detail = detailOf(check);
		return {
			effect: 'breaks',
			confidence: 'certain',
			about: serviceName(check),
			says: `${machineName(scene)} takes connections to ${portWords(check)}, and ${kindOf(detail)}. ${detail === '' ? '' : asSentence(detail)}`.trimEnd(),
			evidence: evidenceAround(scene, 'a TLS handshake'),
			next: [
				showCertificate(scene, check, 'How far the handshake comes, and what the service says.'),
				probeCommand(scene, 'Whether TLS comes about now.'),
			],
		};
	},
};

/** By the words of our own runs. */
function kindOf(detail: string): string {
	if (/something other than TLS/.test(detail)) return 'answers there without TLS';
	if (/certificate of ours|client certificate|sent the alert (?:bad|no|unsupported|certificate)/i.test(detail))
		return 'does not take the certificate that we show, or wants one';
	if (/\(alpn\)/.test(detail)) return 'speaks none of the protocols that are wanted';
	return 'TLS does not come about';
}
