/** A diagnosis drawn for somebody who was just woken: verdict, cause and commands first, then the ladder that they come from. Pure. */

import type {DiagnosisJson} from '../server/diagnosis-json.ts';
import {formatLatency} from '../util/readable.ts';
import {count} from '../util/words.ts';
import {
	type Asked,
	ageOf,
	confidenceWords,
	drawCause,
	drawCommands,
	drawEvidence,
	drawWanted,
	drawWhy,
	sayKeys,
	saySince,
} from './draw-cause.ts';
import {clean, cut, type DrawOptions, headline, paint, verdictColor, wrap} from './draw-lines.ts';
import {drawStrip} from './draw-strip.ts';

/**
 * The whole drawing, ending with a line break. No line is longer than `columns` but commands, which are never broken; nothing in it moves
 * the cursor.
 */
export function drawDiagnosis(diagnosis: DiagnosisJson, asked: Asked, options: DrawOptions): string {
	const {verdict, since, cause, also, shared, unasked, lastHour} = diagnosis;
	const {nowMs, url} = asked;
	const word = verdict === 'up' ? 'up' : verdict.toUpperCase();
	const about = `${saySubject(diagnosis)}${verdict === 'up' ? '' : saySince(since, nowMs)}`;
	const why = cause && drawWhy(cause, new Set(diagnosis.ladder.map(({says}) => says)), asked, options);
	const blocks = [
		headline(word, verdictColor[verdict], about, options),
		cause ? drawCause(cause, options) : drawNoCause(diagnosis, options),
		cause ? ['NEXT', ...drawCommands(cause.next, url, options)] : [],
		drawLadder(diagnosis, nowMs, options),
		why?.seen ?? [],
		why?.means ?? [],
		lastHour ? drawStrip(lastHour, options) : [],
		drawAlso(also, options),
		shared.count > 0 ? wrap(sayKeys(shared.count, 'other link', shared.checks, options), options, 0, 2) : [],
		drawUnasked(unasked, options),
		[sayAsked(diagnosis, url), ...(cause ? [`Read more: ${pageOf(diagnosis, url)}`] : [])].flatMap(line =>
			wrap(line, options, 0, 2),
		),
	];
	return `${blocks
		.filter(lines => lines.length > 0)
		.map(lines => lines.join('\n'))
		.join('\n\n')}\n`;
}

/** Where the same is told by the daemon, and goes on being told. */
function pageOf({subject: {kind, name}}: DiagnosisJson, url: string): string {
	if (kind === 'check') return `${url}/checks/${encodeURIComponent(name)}`;
	return kind === 'node' ? `${url}/nodes/${encodeURIComponent(name)}` : `${url}/`;
}

type RungJson = DiagnosisJson['ladder'][number];

const rungsAtMost = 20;
const evidenceAtMost = 3;
const alsoAtMost = 5;
const unaskedAtMost = 5;
/** With less room beside the names of the rungs, what they say stands below. */
const leastRoom = 36;

function saySubject({subject: {kind, name, check, target, vantage}}: DiagnosisJson): string {
	if (kind === 'incident') return name;
	if (kind !== 'check') return `${kind} ${name}`;
	return check === undefined ? name : `${check} ${target ?? ''} from ${vantage ?? 'nowhere'}`;
}

function drawNoCause({verdict, ladder}: DiagnosisJson, options: DrawOptions): string[] {
	if (verdict === 'up') return [];
	const broken = ladder.find(({state}) => state === 'broken');
	const where = broken ? `What breaks first is this: ${broken.title}. ${broken.says}` : 'No rung is seen to be broken.';
	return [...wrap('CAUSE: none that is known fits.', options, 0, 2), ...wrap(where, options, 2)];
}

function drawLadder({ladder, cause}: DiagnosisJson, nowMs: number, options: DrawOptions): string[] {
	const rungs = ladder.slice(0, rungsAtMost);
	if (rungs.length === 0) return [];
	const broken = rungs.filter(({state}) => state === 'broken');
	// Traffic passes a lower one that is broken beside it, such as a control server that is away.
	const culprit = broken.find(({rung}) => rung === cause?.rung) ?? broken[0];
	const nameWidth = Math.min(Math.max(...rungs.map(({title}) => title.length)), 20);
	const told = new Set(cause?.evidence.map(({says}) => says));
	return [
		...wrap('LADDER, from the bottom up', options, 0),
		...rungs.flatMap(rung => [
			...drawRung(rung, cause?.says, nameWidth, nowMs, options),
			...(rung === culprit ? drawBreak(rung, told, nowMs, options) : []),
		]),
	];
}

function drawRung(
	rung: RungJson,
	causeSays: string | undefined,
	nameWidth: number,
	nowMs: number,
	options: DrawOptions,
): string[] {
	const {title, state, says, evidence} = rung;
	const [{unicode, ascii}, color] = marks[state];
	const mark = options.unicode ? unicode : ascii;
	const name = cut(title, nameWidth, options);
	const age = ageOf(evidence.find(each => each.says === says) ?? evidence[0] ?? {}, nowMs);
	const text = says === causeSays ? `as said above${age}` : `${says}${age}`;
	const indent = 2 + mark.length + 1 + nameWidth + 2;
	const begin = `  ${paint(mark, color, options)} ${name}`;
	if (options.columns - indent < leastRoom) return [begin, ...wrap(text, options, 6)];
	const [first = '', ...rest] = wrap(text, options, indent);
	return [`${begin}${' '.repeat(nameWidth - name.length)}  ${first.trimStart()}`.trimEnd(), ...rest];
}

/** What the rung that breaks the link wanted, and what else was found there that the cause did not tell. */
function drawBreak(
	{says, evidence}: RungJson,
	told: ReadonlySet<string>,
	nowMs: number,
	options: DrawOptions,
): string[] {
	const isTold = (each: RungJson['evidence'][number]) => each.says === says || told.has(each.says);
	const wanted = evidence.find(each => isTold(each) && each.wanted !== undefined);
	const others = evidence.filter(each => !isTold(each)).slice(0, evidenceAtMost);
	return [...(wanted ? drawWanted(wanted, options, 6) : []), ...drawEvidence(others, nowMs, options, 6)];
}

const marks = {
	holds: [{unicode: '✔', ascii: 'ok'}, 'green'],
	broken: [{unicode: '✗', ascii: '!!'}, 'red'],
	unseen: [{unicode: '?', ascii: '? '}, 'yellow'],
} as const;

function drawAlso(also: DiagnosisJson['also'], options: DrawOptions): string[] {
	if (also.length === 0) return [];
	const rest = also.length - alsoAtMost;
	return [
		'ALSO',
		...also.slice(0, alsoAtMost).flatMap(({title, about, confidence}) => {
			const sure = confidenceWords[confidence].split(':')[0]?.toLowerCase();
			return wrap(`- ${clean(about, 200, options)}: ${title} (${sure})`, options, 2, 4);
		}),
		...(rest > 0 ? wrap(`- ${rest} more: --json has all`, options, 2, 4) : []),
	];
}

function drawUnasked(unasked: readonly string[], options: DrawOptions): string[] {
	if (unasked.length === 0) return [];
	const rest = unasked.length - unaskedAtMost;
	return [
		'NOT ASKED',
		...unasked.slice(0, unaskedAtMost).flatMap(each => wrap(`- ${each}`, options, 2, 4)),
		...(rest > 0 ? wrap(`- ${rest} more: --json has all`, options, 2, 4) : []),
	];
}

function sayAsked({asked}: DiagnosisJson, url: string): string {
	return asked
		? `Asked afresh by ${url}: ${count(asked.looks, 'look')} in ${formatLatency(asked.durationSeconds)}.`
		: `Told from memory by ${url}.`;
}
