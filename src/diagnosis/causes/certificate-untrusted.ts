import {asSentence} from '../../util/words.ts';
import {probeCommand} from '../commands.ts';
import {isSeenSince} from '../seen/answered-since.ts';
import {isTaken, showCertificate} from '../seen/certificate-words.ts';
import {detailOf, evidenceAround, machineName, portWords} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import type {Cause} from '../types.ts';

export const certificateUntrusted: Cause = {
	id: 'certificate-untrusted',
	rung: 'tls',
	title: 'The certificate is not accepted',
	means:
		'The service shows a certificate that cannot be trusted: nobody that is trusted vouches for it, or it is made out to another name. Something else than the service may be answering there. If the certificate is right, name its authority where the check is configured (tls_config.ca_file); if not, have the service show the right one, with its whole chain.',
	find(scene) {
		const {check, elsewhere} = scene;
		const fault = check?.verdict === 'down' ? check.outcome?.reading?.facts.tls_fault : undefined;
		if (check?.outcome?.reason !== 'tls' || fault === undefined) return undefined;
		const words = faultWords[fault];
		if (words === undefined) return undefined;
		const taken = elsewhere.find(look => isTaken(look) && isSeenSince(look, check));
		return {
			effect: 'breaks',
			confidence: 'certain',
			about: serviceName(check),
			says: [
				`The certificate of ${machineName(scene)} at ${portWords(check)} ${words}.`,
				asSentence(detailOf(check) || 'The run said no more'),
				...(taken
					? [
							`From ${taken.view.check.vantage} it is taken: the authorities that are trusted differ, or something else answers here.`,
						]
					: []),
			].join(' '),
			evidence: evidenceAround(scene, 'a certificate of a trusted authority, made out to this name'),
			next: [
				showCertificate(scene, check, 'Who issued the certificate, and to which names.'),
				probeCommand(scene, 'Whether it is accepted now.'),
			],
		};
	},
};

/** By the fact `tls_fault`. */
const faultWords: Readonly<Record<string, string>> = {
	none_presented: 'is missing: it shows none',
	wrong_host: 'is made out to another name',
	self_signed: 'vouches for itself (self-signed)',
	untrusted: 'comes from an authority that is not trusted, or its chain is not whole',
	other: 'is not accepted',
};
