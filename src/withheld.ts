/** What an ad hoc run of a target in no check went without, and what its outcome is worth then. */

import type {Outcome} from './engine/types.ts';
import {oneLine} from './util/errors.ts';
import {asSentence} from './util/words.ts';

export interface Withheld {
	/** Paths of the options that were left out, such as `bearer_token_file` or `query_response[1].send`. */
	keys: readonly string[];
	/** What was left out of the judgement (see `Probe.unjudged`); undefined: nothing that could change the verdict. */
	unjudged: string | undefined;
}

/** Paths of what is in `configured` and not, or not the same, in `sent`. */
export function withheldKeys(configured: unknown, sent: unknown, path = ''): string[] {
	if (configured === undefined || Object.is(configured, sent)) return [];
	if (!isObject(configured) || !isObject(sent)) return [path];
	return Object.entries(configured).flatMap(([key, value]) => {
		const inner = Array.isArray(configured) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
		return withheldKeys(value, sent[key], inner);
	});
}

/**
 * The outcome with what was withheld, and told so. A run that was up is `unknown` (`incomplete`) where something was not judged; where
 * everything was, it stays up with a note as its detail. One that is down for an answer that may be due to it says so too.
 */
export function noteWithheld(
	outcome: Outcome,
	{keys, unjudged}: Withheld,
	module: {name: string; type: string},
): Outcome {
	if (keys.length === 0) return outcome;
	const known = {...outcome, withheld: keys};
	if (outcome.verdict === 'unknown') return known;
	if (outcome.verdict === 'up') {
		const detail = tell(unjudged === undefined ? missing(keys) : [...requestParts(keys), unjudged], module);
		return unjudged === undefined ? {...known, detail} : {...known, verdict: 'unknown', reason: 'incomplete', detail};
	}
	const parts = mayBeDueTo(outcome, keys);
	if (parts.length === 0) return known;
	const said = outcome.detail === undefined ? '' : `${asSentence(oneLine(outcome.detail, 280))} `;
	return {...known, detail: `${said}${tell(parts, module)}`};
}

const credentialKey = /^(?:basic_auth|authorization|bearer_token|bearer_token_file)(?![a-z_])/;
const headerKey = /^(?:http_)?headers(?![a-z_])/;
const certificateKey = /^tls_config\./;
const bodyKey = /^body(?:_file)?$/;
/** Of a WebSocket; browsers' tokens travel there. */
const subprotocolKey = /^subprotocols\[/;
/** Answers that come of what was asked, or not asked. */
const answeredReasons: ReadonlySet<string | undefined> = new Set(['status', 'content', 'protocol', 'reset']);

/** A target that was never reached, or whose certificate is bad, was so whatever we had sent. */
function mayBeDueTo({reason}: Outcome, keys: readonly string[]): string[] {
	if (answeredReasons.has(reason)) return requestParts(keys);
	return reason === 'tls' ? certificatePart(keys) : [];
}

/** What was not sent, in clauses; a conversation is told by its own type where it matters. */
function missing(keys: readonly string[]): string[] {
	const known = [credentialKey, headerKey, certificateKey, bodyKey, subprotocolKey];
	const rest = keys.filter(key => !known.some(pattern => pattern.test(key)));
	return [...requestParts(keys), ...(rest.length === 0 ? [] : [`the run went without ${list(rest)}`])];
}

function requestParts(keys: readonly string[]): string[] {
	const credentials = keys.filter(key => credentialKey.test(key));
	const headers = keys.filter(key => headerKey.test(key));
	return [
		...(credentials.length === 0 ? [] : [`no credentials were sent (${list(credentials)})`]),
		...(headers.length === 0 ? [] : [`headers that may be secret were not sent (${list(headers)})`]),
		...certificatePart(keys),
		...(keys.some(key => bodyKey.test(key)) ? ['no body was sent'] : []),
		...(keys.some(key => subprotocolKey.test(key)) ? ['no subprotocol was offered'] : []),
	];
}

function certificatePart(keys: readonly string[]): string[] {
	return keys.some(key => certificateKey.test(key)) ? ['no client certificate was shown'] : [];
}

function list(keys: readonly string[]): string {
	const shown = keys.slice(0, 2).map(key => oneLine(key, 40));
	return keys.length > 2 ? `${shown.join(', ')} and ${keys.length - 2} more` : shown.join(', ');
}

function tell(parts: readonly string[], {name, type}: {name: string; type: string}): string {
	const what = [...new Set(parts)].join(', ');
	const shown = oneLine(name, 40);
	const advice = `no ${type} check of this target uses the module ${shown}; write one, or trust the module (trust_adhoc)`;
	return `${oneLine(what.charAt(0).toUpperCase() + what.slice(1), 160)}: ${advice}.`;
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}
