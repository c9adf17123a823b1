/** A cause drawn for a person: what is at fault, how sure that is, what was seen, and commands that can be copied whole. Pure. */

import {word} from '../diagnosis/commands.ts';
import type {CauseJson} from '../server/diagnosis-json.ts';
import {timeOfDay} from '../server/say-alike.ts';
import {oneLine} from '../util/errors.ts';
import {formatSpan} from '../util/readable.ts';
import {asSentence, count} from '../util/words.ts';
import {type DrawOptions, wrap} from './draw-lines.ts';

type EvidenceJson = CauseJson['evidence'][number];
type CommandJson = CauseJson['next'][number];

/** Who answered, and when: for ages, and for commands that have to name the daemon. */
export interface Asked {
	/** The daemon's URL. */
	url: string;
	/** Milliseconds since 1970. */
	nowMs: number;
}

/** Its id, by which alerts, runbooks and docs/diagnosis.md name it, title, confidence, and what is said of it: all that one reads before the commands. */
export function drawCause(cause: CauseJson, options: DrawOptions): string[] {
	return [
		...wrap(
			`${headingOf(cause)} (${cause.id}): ${asSentence(cause.title)} ${confidenceWords[cause.confidence]}.`,
			options,
			0,
			2,
		),
		...wrap(cause.says, options, 2),
	];
}

/** What was seen, but for what stands in `told` already, and what it means. */
export function drawWhy(
	cause: CauseJson,
	told: ReadonlySet<string>,
	{nowMs}: Asked,
	options: DrawOptions,
): {seen: string[]; means: string[]} {
	const evidence = cause.evidence.filter(({says}) => says !== cause.says && !told.has(says));
	const lines = drawEvidence(evidence.slice(0, evidenceAtMost), nowMs, options, 2);
	return {
		seen: lines.length > 0 ? ['SEEN', ...lines] : [],
		means: ['WHAT IT MEANS', ...wrap(cause.means, options, 2)],
	};
}

/** What is lost or will end slows nothing, and yet is no good. */
function headingOf({id, effect}: CauseJson): string {
	if (effect === 'breaks') return 'CAUSE';
	return effect === 'beside' || id === 'tunnel-lossy' || /(?:soon|expiring|expiry)$/.test(id) ? 'TROUBLE' : 'SLOWED BY';
}

/** Each command on a line of its own, never broken; why and where stand above it. */
export function drawCommands(commands: readonly CommandJson[], url: string, options: DrawOptions): string[] {
	return commands
		.slice(0, commandsAtMost)
		.flatMap(({where, run, why}) => [...wrap(`${where}: ${why}`, options, 2), drawCommand(nameDaemon(run, url))]);
}

/** On a line of its own, however long. What would have to be changed before it can be shown is not shown: it must not be pasted. */
export function drawCommand(run: string): string {
	const isWhole = run !== '' && oneLine(run, longestCommand) === run.trim();
	return `    ${isWhole ? run.trim() : '(this command cannot be shown here as it is: --json has it)'}`;
}

/** How this program is called to look further. `args` are quoted where a shell would read something in them. */
export function ownCommand(subcommand: 'diagnose' | 'probe', args: readonly string[], url: string): string {
	// A daemon that lies could name a check like one of our options.
	const positionals = args.some(arg => arg.startsWith('-')) ? ['--', ...args] : args;
	return drawCommand(nameDaemon(['tailprobe', subcommand, ...positionals.map(word)].join(' '), url));
}

/** What was seen, what was wanted, and how old that is. */
export function drawEvidence(
	evidence: readonly EvidenceJson[],
	nowMs: number,
	options: DrawOptions,
	indent: number,
): string[] {
	return evidence.flatMap(each => [
		...wrap(`- ${each.says}${ageOf(each, nowMs)}`, options, indent, indent + 2),
		...drawWanted(each, options, indent + 2),
	]);
}

export function drawWanted({wanted}: EvidenceJson, options: DrawOptions, indent: number): string[] {
	return wanted === undefined || wanted === '' ? [] : wrap(`wanted: ${wanted}`, options, indent, indent + 2);
}

/** ` (fresh)`, ` (just now)`, ` (3 s ago)`, or nothing where no time is known. */
export function ageOf({at, fresh}: Pick<EvidenceJson, 'at' | 'fresh'>, nowMs: number): string {
	if (fresh) return ' (fresh)';
	if (at === undefined) return '';
	const ageMs = nowMs - Date.parse(at);
	return ageMs < 500 ? ' (just now)' : ` (${formatSpan(ageMs)} ago)`;
}

/** `, since 19:22 UTC, for 4 min`. */
export function saySince(since: string | undefined, nowMs: number): string {
	return since === undefined ? '' : `, since ${timeOfDay(since, nowMs)}, for ${formatSpan(nowMs - Date.parse(since))}`;
}

/** `3 other links fail for this: a, b …`, or `3 down, 5 unknown for this: a, b …` where that is known. */
export function sayKeys(
	total: number,
	what: string,
	keys: readonly string[],
	{unicode}: DrawOptions,
	states: {down?: number | undefined; unknown?: number | undefined} = {},
): string {
	const {down = 0, unknown = 0} = states;
	const parts = [...(down > 0 ? [`${down} down`] : []), ...(unknown > 0 ? [`${unknown} unknown`] : [])];
	const fail = total === 1 ? 'fails' : 'fail';
	const whole =
		parts.length > 0 && unknown > 0
			? `${count(total, what)} for this: ${parts.join(', ')}`
			: `${count(total, what)} ${fail} for this`;
	const shown = keys.slice(0, keysAtMost).map(key => oneLine(key, 120));
	const rest = total > shown.length ? (unicode ? ' …' : ' ...') : '';
	return `${whole}${shown.length === 0 ? '.' : `: ${shown.join(', ')}${rest}`}`;
}

export const confidenceWords: Readonly<Record<CauseJson['confidence'], string>> = {
	certain: 'Certain: it was seen itself',
	likely: 'Likely: the usual reason of what is seen',
	consistent: 'Only consistent: it fits, and others would too',
};

const evidenceAtMost = 3;
const commandsAtMost = 6;
const keysAtMost = 3;
const longestCommand = 4000;
const usualDaemon = 'http://127.0.0.1:9753';

/** A command of this program asks the daemon that was asked, not the usual one. */
function nameDaemon(run: string, url: string): string {
	return url === usualDaemon ? run : run.replace(/^tailprobe (?:probe|diagnose)\b/, own => `${own} --url ${word(url)}`);
}
