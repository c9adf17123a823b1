/** Certificates as runs saw them. Pure. */

import {formatSpan} from '../../util/readable.ts';
import {commandOf} from '../commands.ts';
import type {Look, Scene} from '../scene.ts';
import type {Command} from '../types.ts';
import {hostAndPort, isDialled} from './service-words.ts';

/** Whether TLS is spoken on the link, as its address, its type or its last run tell. */
export function speaksTls(look: Look): boolean {
	const {type, target} = look.view.check;
	if (!isDialled(look)) return false;
	const {phases = {}, facts = {}} = look.outcome?.reading ?? {};
	return (
		type === 'tls' || /^(?:https|wss):/i.test(target.address) || 'tls' in phases || facts.tls_version !== undefined
	);
}

/** When the first certificate of the chain ends, milliseconds since 1970; undefined where the run does not tell. */
export function expiryOf({outcome}: Look): number | undefined {
	const seconds = outcome?.reading?.values.tls_earliest_cert_expiry_seconds;
	return seconds === undefined || !Number.isFinite(seconds) ? undefined : seconds * 1000;
}

/** Whether the run found nothing wrong with the certificate, rather than being told not to mind. */
export function isTaken({verdict, outcome}: Look): boolean {
	const {tls_fault: fault = 'none'} = outcome?.reading?.facts ?? {};
	return verdict === 'up' && (fault === 'none' || fault === 'ends_soon');
}

/** `on 2026-03-01, 3 d ago` or `on 2026-03-01, in 3 d`. */
export function sayDay(ms: number, nowMs: number): string {
	// Certificates may name any year.
	const day = Math.abs(ms) < 8.64e15 ? `on ${new Date(ms).toISOString().slice(0, 10)}, ` : '';
	return ms > nowMs ? `${day}in ${formatSpan(ms - nowMs)}` : `${day}${formatSpan(nowMs - ms)} ago`;
}

/** Shows the certificate as it is presented. */
export function showCertificate({vantageName}: Scene, look: Look, why: string): Command {
	const place = hostAndPort(look) ?? look.view.check.target.name;
	const host = place.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
	const command = commandOf(
		vantageName,
		['openssl', 's_client', '-connect', place, '-servername', host, '-showcerts'],
		why,
	);
	// It would wait for what is typed.
	return {...command, run: `${command.run} </dev/null`};
}
