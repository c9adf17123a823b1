import {commandOf, probeCommand} from '../commands.ts';
import {endedSince, isSeenSince} from '../seen/answered-since.ts';
import {expiryOf, isTaken, sayDay, showCertificate} from '../seen/certificate-words.ts';
import {evidenceAround, machineName, portWords} from '../seen/service-words.ts';
import {serviceName} from '../seen/subject-words.ts';
import type {Cause, Command} from '../types.ts';

export const certificateExpired: Cause = {
	id: 'certificate-expired',
	rung: 'tls',
	title: 'The certificate is out of date',
	means:
		'The service shows a certificate that has ended, or one whose time has not begun, so clients refuse to talk to it. Renew it, and have the service load the new one: many read their certificate only when they start. If only one vantage sees it so, its clock is wrong.',
	find(scene) {
		const {check, elsewhere, vantageName, nowMs} = scene;
		const fault = check?.verdict === 'down' ? check.outcome?.reading?.facts.tls_fault : undefined;
		if (!check || (fault !== 'expired' && fault !== 'not_yet_valid') || check.outcome?.reason !== 'tls')
			return undefined;
		const expiryMs = expiryOf(check);
		// Before it ended everybody took it.
		const endedMs = fault === 'expired' && expiryMs !== undefined && expiryMs <= nowMs ? expiryMs : undefined;
		const taken = elsewhere.find(look => isTaken(look) && isSeenSince(look, check) && endedSince(look, endedMs));
		const what = `The certificate of ${machineName(scene)} at ${portWords(check)}`;
		const says =
			fault === 'expired'
				? `${what} has ended${expiryMs === undefined || expiryMs > nowMs ? '' : ` ${sayDay(expiryMs, nowMs)}`}.`
				: `${what}, or one that it hangs on, is not valid yet.`;
		const look: [Command, Command] = [
			showCertificate(scene, check, 'From when until when each certificate of the chain is valid.'),
			probeCommand(scene, 'Whether the new certificate is served.'),
		];
		return {
			effect: 'breaks',
			confidence: taken ? 'likely' : 'certain',
			about: taken ? `vantage ${vantageName}` : serviceName(check),
			says: taken
				? `${says} From ${taken.view.check.vantage} it is taken, so the clock of ${vantageName} may be wrong.`
				: says,
			evidence: evidenceAround(scene, 'a certificate that is valid now'),
			next: taken ? [commandOf(vantageName, ['date', '-u'], 'Whether the clock is right.'), ...look] : look,
		};
	},
};
