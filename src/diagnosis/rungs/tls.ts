/** The rung of TLS: the handshake, and the certificate that the service shows. */

import {formatSpan} from '../../util/readable.ts';
import {asSentence} from '../../util/words.ts';
import {expiryOf, speaksTls} from '../seen/certificate-words.ts';
import {detailOf, endOf, evidenceAround, stages, tookIn} from '../seen/service-words.ts';
import type {RungLook} from './types.ts';

/** Whether the handshake succeeds, and how long its certificate lasts. */
export const tlsRung: RungLook = {
	name: 'tls',
	look(scene) {
		const {check, nowMs} = scene;
		if (!check || !speaksTls(check) || check.view.check.expect) return undefined;
		const evidence = evidenceAround(
			scene,
			'a handshake, and a certificate that is trusted, for this name and valid now',
		);
		const end = endOf(check);
		if (end === 'tls') return {state: 'broken', says: asSentence(detailOf(check)), evidence};
		const isPast = check.verdict === 'up' || (end !== undefined && stages.indexOf(end) > stages.indexOf('tls'));
		if (!isPast) return {state: 'unseen', says: 'The last run did not come as far as TLS.', evidence};
		const {tls_version: version = 'TLS', tls_fault: fault = 'none'} = check.outcome?.reading?.facts ?? {};
		const expiryMs = expiryOf(check);
		const until = expiryMs === undefined ? '' : `; a certificate ends in ${formatSpan(expiryMs - nowMs)}`;
		const taken =
			fault === 'none' ? '' : `; its certificate (${fault.replaceAll('_', ' ')}) is taken as it is, as configured`;
		return {state: 'holds', says: `${version} shook hands${tookIn(check, ['tls'])}${until}${taken}.`, evidence};
	},
};
