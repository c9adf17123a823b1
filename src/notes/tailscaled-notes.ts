/** What is worth knowing of the vantages' own tailscaled and of the clients in the tailnet. Pure. */

import type {ClientFacts, TailscaledFacts} from '../inventory/platform-types.ts';
import type {HealthWarning} from '../tailscaled/types.ts';
import {clockText} from '../util/format-time.ts';
import {formatSpan} from '../util/readable.ts';
import {count, listNames} from '../util/words.ts';
import {isUnsound} from '../vantages/unsound.ts';
import {controlCodes, sayWarning} from './health-words.ts';
import type {Note, Noted} from './types.ts';

/** Our own node key ends within so long. */
const keySoonMs = 14 * 86_400_000;
const warningsShown = 5;
/** Five releases: minor versions of releases are even. */
const minorsFarApart = 10;

/** At most two for each vantage and two for the clients. */
export function noteTailscaled({platform, vantages, nowMs}: Pick<Noted, 'platform' | 'vantages' | 'nowMs'>): Note[] {
	// What a vantage that cannot look suffers from has a card above.
	const unsound = new Set(vantages.filter(isUnsound).map(({name}) => name));
	return [
		...platform.tailscaled.flatMap(facts => [
			...(unsound.has(facts.vantage) ? [] : noteState(facts)),
			...noteKey(facts, nowMs),
		]),
		...(platform.clients ? noteClients(platform.clients) : []),
	];
}

function noteState({vantage, backendState, online, warnings = []}: TailscaledFacts): Note[] {
	const cutOff = backendState === 'Running' && online === false;
	const grave = warnings.filter(
		({code, severity}) => (severity === 'high' || severity === 'medium') && !(cutOff && controlCodes.includes(code)),
	);
	const sentences = [...new Set(grave.map(sayWithWords))];
	const hidden = sentences.length - warningsShown;
	const says = [
		backendState === undefined || backendState === 'Running'
			? ''
			: `It is in state ${backendState} and not connected to the tailnet; \`tailscale status\` on its machine says what it waits for.`,
		cutOff
			? 'It lost its control server: tunnels that are there go on, but it learns of no change in the tailnet. See whether headscale can be reached from its machine.'
			: '',
		...sentences.slice(0, warningsShown),
		hidden > 0 ? `And ${count(hidden, 'more warning')}.` : '',
	].filter(part => part !== '');
	return says.length === 0 ? [] : [{about: 'tailscaled', from: vantage, says: says.join(' '), also: []}];
}

/** What it means, and its own words: they often hold the cause. */
function sayWithWords({code, says}: HealthWarning): string {
	const sentence = sayWarning(code);
	// Backquotes would make code of it.
	return says === undefined ? sentence : `${sentence} tailscaled says: “${says.replaceAll('`', "'")}”`;
}

function noteKey({vantage, keyExpiryMs}: TailscaledFacts, nowMs: number): Note[] {
	if (keyExpiryMs === undefined || keyExpiryMs >= nowMs + keySoonMs) return [];
	const when =
		keyExpiryMs <= nowMs
			? `expired ${formatSpan(nowMs - keyExpiryMs)} ago: it is cut off from its peers`
			: `expires in ${formatSpan(keyExpiryMs - nowMs)}, ${clockText(keyExpiryMs, nowMs)}: from then on it is cut off from its peers`;
	const says = `The key of its node ${when}. Sign it in again with \`tailscale up --force-reauth\`; nodes with tags have keys that never expire.`;
	return [{about: 'tailscaled', from: vantage, says, also: []}];
}

function noteClients({minimum, belowMinimum, oldest, newest, minorsApart = 0}: ClientFacts): Note[] {
	const notes: Note[] = [];
	if (minimum !== undefined && belowMinimum !== undefined && belowMinimum.count > 0)
		notes.push({
			about: 'clients',
			says: `${count(belowMinimum.count, 'node runs', 'nodes run')} a client older than ${minimum}, the oldest that this headscale accepts: ${listNames(belowMinimum)}. Once disconnected they cannot come back. Update tailscale there.`,
			more: '#nodes',
			also: [],
		});
	if (minorsApart >= minorsFarApart)
		notes.push({
			about: 'clients',
			says: `The oldest client is ${oldest}, the newest ${newest}: ${count(minorsApart, 'minor version')} apart. Update the old ones before headscale stops accepting them.`,
			isMild: true,
			also: [],
		});
	return notes;
}
