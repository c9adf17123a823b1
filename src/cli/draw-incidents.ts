/** What is wrong now, each fault once, drawn for a person. Pure. */

import type {IncidentJson} from '../server/diagnosis-json.ts';
import {asSentence, count} from '../util/words.ts';
import {type Asked, confidenceWords, drawCommands, ownCommand, sayKeys, saySince} from './draw-cause.ts';
import {type DrawOptions, headline, wrap} from './draw-lines.ts';

/**
 * The whole drawing, ending with a line break. No line is longer than `columns` but commands, which are never broken; nothing in it moves
 * the cursor.
 */
export function drawIncidents(incidents: readonly IncidentJson[], asked: Asked, options: DrawOptions): string {
	if (incidents.length === 0)
		return `${headline('up', 'green', `Nothing is wrong now, says ${asked.url}.`, options).join('\n')}\n`;
	const rest = incidents.length - incidentsAtMost;
	const blocks = [
		incidents.every(({state}) => state === 'degraded')
			? headline(
					'up',
					'green',
					`Nothing is down now, says ${asked.url}; ${count(incidents.length, 'fault')} that ${incidents.length === 1 ? 'is' : 'are'} only degraded:`,
					options,
				)
			: wrap(`${count(incidents.length, 'fault')} now, says ${asked.url}:`, options, 0, 2),
		...incidents.slice(0, incidentsAtMost).map(incident => drawIncident(incident, asked, options)),
		rest > 0 ? wrap(`${rest} more: --json has all.`, options, 0, 2) : [],
	];
	return `${blocks
		.filter(lines => lines.length > 0)
		.map(lines => lines.join('\n'))
		.join('\n\n')}\n`;
}

const incidentsAtMost = 20;
const stateWords = {down: 'DOWN', unknown: 'UNKNOWN', degraded: 'degraded'} as const;
const stateColors = {down: 'red', unknown: 'yellow', degraded: 'yellow'} as const;

function drawIncident(
	{state, about, since, cause, checks}: IncidentJson,
	asked: Asked,
	options: DrawOptions,
): string[] {
	const word = stateWords[state];
	const subject = subjectOf(cause.about, checks.keys[0]);
	return [
		...headline(word, stateColors[state], `${about}${saySince(since, asked.nowMs)}`, options),
		...wrap(`${cause.id}: ${asSentence(cause.title)} ${confidenceWords[cause.confidence]}.`, options, 2),
		...wrap(cause.says, options, 2),
		...(checks.count > 0 ? wrap(sayKeys(checks.count, 'check', checks.keys, options, checks), options, 2) : []),
		...(subject === undefined
			? drawCommands(cause.next.slice(0, 1), asked.url, options)
			: [ownCommand('diagnose', subject, asked.url)]),
	];
}

/** What shows most of a fault: the vantage itself where nobody can look from it, else the check that tells most. */
function subjectOf(about: string, key: string | undefined): string[] | undefined {
	const vantage = /^vantage (.+)$/.exec(about)?.[1];
	if (vantage !== undefined) return ['vantage', vantage];
	return key === undefined ? undefined : [key];
}
