/** One probe drawn for a person: verdict, reason, phases as bars, and the facts that matter. Pure. */

import {styleText} from 'node:util';
import {assumesPort80, describeResolver, type OutcomeJson, type ProbeJson} from '../server/json.ts';
import {sayAlike} from '../server/say-alike.ts';
import {oneLine} from '../util/errors.ts';
import {formatLatency, formatPath} from '../util/readable.ts';

export interface DrawOptions {
	/** Characters that a line may have. */
	columns: number;
	color: boolean;
	/** Blocks and dots outside ASCII may be used. */
	unicode: boolean;
}

/**
 * The whole drawing, ending with a line break; no line is longer than `columns`, and nothing in it moves the cursor. `asked` is the
 * URL of the daemon that probed; undefined when this program did it itself.
 */
export function drawProbe(
	{check, module, outcome, checks}: ProbeJson,
	asked: string | undefined,
	options: DrawOptions,
): string {
	const {verdict, reason, detail, late, facts = {}} = outcome;
	const who = asked === undefined ? 'without a daemon' : `says ${asked}`;
	const word = paint(verdict === 'up' ? 'up' : verdict.toUpperCase(), verdictColor[verdict], options);
	const lines = [
		...wrap(`${check.target.address}`, options.columns, verdict.length + 2).map((line, at) =>
			at === 0 ? `${word}  ${line.trim()}` : line,
		),
		...wrap(
			`${module?.name ?? `check ${check.name}${check.expect ? ' (nothing may answer there)' : ''}`} from ${check.vantage}, via ${check.target.via}, ${whenDone(outcome)}, ${who}`,
			options.columns,
			2,
		),
	];
	if (reason || detail)
		lines.push('', ...wrap(`${reason ? `${reason}: ` : ''}${detail ?? 'no more is known'}`, options.columns, 2));
	if (verdict === 'down' && assumesPort80(check.type, check.target.address))
		lines.push('', ...wrap('The target names neither scheme nor port: port 80 was assumed.', options.columns, 2));
	if (facts.body_start) lines.push('', ...wrap(`The answer begins: ${facts.body_start}`, options.columns, 2));
	if (late) lines.push('', ...wrap(sayLate(outcome), options.columns, 2));
	const bars = check.type === 'tunnel' ? drawRungs(outcome, options) : drawPhases(outcome, options);
	if (bars.length > 0) lines.push('', ...bars);
	const notes = listNotes(outcome, facts);
	if (notes.length > 0) lines.push('', ...pack(notes, options));
	const alike = sayAlike(checks, Date.parse(outcome.startedAt), asked);
	if (alike.length > 0) lines.push('', ...alike.flatMap(line => wrap(line, options.columns, 2)));
	return `${lines.join('\n')}\n`;
}

const verdictColor = {up: 'green', down: 'red', unknown: 'yellow'} as const;
/** What is wrong with a whole answer: no phase broke. */
const judgedAfterwards: readonly string[] = ['status', 'content', 'loss', 'expected_unreachable'];
/** Width of the names and of the times in front of the bars. */
const nameWidth = 12;
const timeWidth = 9;

function sayLate({latenessSeconds}: OutcomeJson): string {
	const much = latenessSeconds === undefined ? 'late' : `${formatLatency(latenessSeconds)} late`;
	return `tailprobe's own thread was ${much} during this run: the times are too high.`;
}

function whenDone({verdict, durationSeconds}: OutcomeJson): string {
	return verdict === 'unknown'
		? `gave up after ${formatLatency(durationSeconds)}`
		: `took ${formatLatency(durationSeconds)}`;
}

/** Each phase begins where the one before it ended; on failure the last one is marked. */
function drawPhases({phases, values, verdict, reason, facts}: OutcomeJson, options: DrawOptions): string[] {
	const {rtt_seconds: rtt} = values ?? {};
	const entries = Object.entries({...phases, ...(rtt === undefined ? {} : {rtt})});
	const total = entries.reduce((sum, [, seconds]) => sum + seconds, 0);
	const broke = verdict === 'down' && reason !== undefined && !judgedAfterwards.includes(reason);
	const failed = broke ? (facts?.phase ?? entries.at(-1)?.[0]) : undefined;
	let passed = 0;
	return entries.map(([name, seconds]) => {
		const bar = {from: passed / (total || 1), to: (passed + seconds) / (total || 1)};
		passed += seconds;
		return drawBar(name, seconds, bar, name === failed, options);
	});
}

/** Round trips side by side, from the lowest rung up. */
function drawRungs({values = {}}: OutcomeJson, options: DrawOptions): string[] {
	const rungs = ['disco', 'tsmp', 'icmp'].flatMap(name => {
		const seconds = values[`${name}_seconds`];
		return seconds === undefined ? [] : [{name, seconds}];
	});
	const longest = Math.max(...rungs.map(({seconds}) => seconds));
	return rungs.map(({name, seconds}) =>
		drawBar(name, seconds, {from: 0, to: seconds / (longest || 1)}, false, options),
	);
}

function drawBar(
	name: string,
	seconds: number,
	share: {from: number; to: number},
	failed: boolean,
	options: DrawOptions,
): string {
	const room = Math.max(options.columns - 2 - nameWidth - timeWidth - 2, 1);
	const from = Math.min(Math.round(clamp(share.from) * room), room - 1);
	const length = Math.max(Math.round(clamp(share.to) * room) - from, 1);
	const [block, cross] = options.unicode ? ['█', '✗'] : ['#', 'x'];
	const bar = paint(block.repeat(length), failed ? 'red' : 'cyan', options);
	const label = oneLine(name, nameWidth - 1).padEnd(nameWidth);
	return `${failed ? cross : ' '} ${label}${formatLatency(seconds).padStart(timeWidth)}  ${' '.repeat(from)}${bar}`;
}

function listNotes({values = {}, phases = {}}: OutcomeJson, facts: Record<string, string>): string[] {
	const {address, resolved_by: by, http_version: version, tls_version: tls, path, derp_region: region} = facts;
	const expiry = values.tls_earliest_cert_expiry_seconds;
	const share = (name: string) =>
		values[name] === undefined ? undefined : `${Number((values[name] * 100).toFixed(1))} %`;
	const span = (name: string) => (values[name] === undefined ? undefined : formatLatency(values[name]));
	const notes: [name: string, value: string | number | undefined][] = [
		['path', formatPath(path, region)],
		['status', values.status_code],
		['HTTP', version],
		['', tls],
		['certificate until', expiry === undefined ? undefined : dayOf(expiry)],
		['redirects', values.redirects || undefined],
		['body', sizeOf(values)],
		['jitter', span('jitter_seconds')],
		['loss', share('loss_ratio')],
		['overhead', span('overhead_seconds')],
		[
			'address',
			address && by ? `${address} (${describeResolver(by, phases.resolve ?? values.resolve_seconds)})` : address,
		],
	];
	return notes
		.filter(([, value]) => value !== undefined && value !== '')
		.map(([name, value]) => `${name} ${value}`.trim());
}

/** Of what came over the wire; where it was packed, of what was in it too. */
function sizeOf({body_bytes: bytes, uncompressed_body_bytes: unpacked}: Record<string, number>): string | undefined {
	if (bytes === undefined) return undefined;
	return unpacked === undefined ? `${bytes} bytes` : `${unpacked} bytes unpacked (${bytes} packed)`;
}

/** As many notes to a line as fit. */
function pack(notes: readonly string[], {columns, unicode}: DrawOptions): string[] {
	const lines: string[] = [];
	for (const note of notes) {
		const joined = `${lines.at(-1)}${unicode ? ' · ' : ', '}${oneLine(note, columns)}`;
		if (lines.length > 0 && joined.length <= columns) lines[lines.length - 1] = joined;
		else lines.push(...wrap(note, columns, 2));
	}
	return lines;
}

function dayOf(unixSeconds: number): string | undefined {
	const date = new Date(unixSeconds * 1000);
	return Number.isNaN(date.getTime()) ? undefined : date.toISOString().slice(0, 10);
}

/** Breaks a text between words, and long words anywhere; what came from outside loses its control characters. */
function wrap(text: string, columns: number, indent: number): string[] {
	const room = Math.max(columns - indent, 10);
	const lines: string[] = [];
	let line = '';
	for (const word of oneLine(text, 1000).split(/\s+/)) {
		for (let rest = word; rest !== ''; ) {
			if (line !== '' && line.length + 1 + rest.length > room) {
				lines.push(line);
				line = '';
			}
			const piece = rest.slice(0, room);
			rest = rest.slice(piece.length);
			line = line === '' ? piece : `${line} ${piece}`;
			if (rest !== '') {
				lines.push(line);
				line = '';
			}
		}
	}
	return [...lines, line].filter(each => each !== '').map(each => ' '.repeat(indent) + each);
}

function paint(text: string, color: 'green' | 'red' | 'yellow' | 'cyan', {color: wanted}: DrawOptions): string {
	return wanted ? styleText(color, text, {validateStream: false}) : text;
}

function clamp(share: number): number {
	return Math.min(Math.max(share, 0), 1);
}
