/**
 * The last outcomes of one check in little space: the numbers of all runs in one typed array, and the texts shared between runs
 * that read alike. Outcomes come from another thread as copies, so keeping them as they are would cost several times as much.
 */

import {downReasons, type Outcome, type PhaseName, type Reading, unknownReasons} from '../engine/types.ts';

/** Which number stands in which column; one for all checks of a probe type. */
export interface Columns {
	readonly names: string[];
	/** The same, as readings have them. */
	readonly parts: {isPhase: boolean; name: string}[];
	readonly indexOf: Map<string, number>;
}

export interface OutcomeRing {
	/** Keeps the outcome, and forgets the oldest when full. `alike`: other rings whose texts may be shared. */
	add(outcome: Outcome, alike?: readonly OutcomeRing[]): void;
	newest(): Outcome | undefined;
	newestFirst(): Outcome[];
	/** The texts that are kept, newest first. */
	texts(): Iterable<Texts>;
}

/** Everything of an outcome but its numbers. Never changed once made. */
export interface Texts {
	late: boolean;
	kind: Outcome['kind'];
	verdict: Outcome['verdict'];
	reason: Outcome['reason'];
	detail: string | undefined;
	reading:
		| {ok: boolean; reason: Reading['reason']; detail: string | undefined; phased: boolean; facts: Reading['facts']}
		| undefined;
}

export function createColumns(): Columns {
	return {names: [], parts: [], indexOf: new Map()};
}

/** An empty ring for the outcomes of the check `key`. */
export function createOutcomeRing(key: string, capacity: number, columns: Columns): OutcomeRing {
	let width = 0;
	let numbers = new Float64Array(0);
	let count = 0;
	let next = 0;
	const rows: Texts[] = [];

	const rowAt = (age: number) => (next - 1 - age + capacity) % capacity;
	const read = (row: number) =>
		decode(key, rows[row] as Texts, numbers.subarray(row * width, (row + 1) * width), columns);

	function widen(): void {
		const wider = fixedColumns + columns.names.length;
		const moved = new Float64Array(capacity * wider).fill(Number.NaN);
		for (let row = 0; row < capacity; row++) moved.set(numbers.subarray(row * width, (row + 1) * width), row * wider);
		numbers = moved;
		width = wider;
	}

	const ring: OutcomeRing = {
		add(outcome, alike = []) {
			learnColumns(columns, outcome.reading);
			if (width < fixedColumns + columns.names.length) widen();
			encode(outcome, numbers.subarray(next * width, (next + 1) * width), columns);
			rows[next] = shareTexts(outcome, [ring, ...alike]);
			next = (next + 1) % capacity;
			count = Math.min(count + 1, capacity);
		},
		newest: () => (count === 0 ? undefined : read(rowAt(0))),
		newestFirst: () => Array.from({length: count}, (_, age) => read(rowAt(age))),
		*texts() {
			for (let age = 0; age < count; age++) yield rows[rowAt(age)] as Texts;
		},
	};
	return ring;
}

/** startedAt, durationMs, latenessMs; then the named numbers of the reading. */
const fixedColumns = 3;

function* namedNumbers(reading: Reading): Iterable<[string, number]> {
	for (const [name, seconds] of Object.entries(reading.phases ?? {})) yield [`phase ${name}`, seconds];
	for (const [name, value] of Object.entries(reading.values)) yield [`value ${name}`, value];
}

function learnColumns(columns: Columns, reading: Reading | undefined): void {
	if (!reading) return;
	for (const [name] of namedNumbers(reading)) {
		if (columns.indexOf.has(name)) continue;
		columns.indexOf.set(name, columns.names.length);
		columns.names.push(name);
		columns.parts.push({isPhase: name.startsWith('phase '), name: name.slice(6)});
	}
}

function encode(outcome: Outcome, row: Float64Array, columns: Columns): void {
	row.fill(Number.NaN);
	row.set([outcome.startedAt, outcome.durationMs, outcome.latenessMs]);
	if (!outcome.reading) return;
	for (const [name, value] of namedNumbers(outcome.reading)) {
		row[fixedColumns + (columns.indexOf.get(name) as number)] = value;
	}
}

function decode(key: string, texts: Texts, row: Float64Array, columns: Columns): Outcome {
	const {late, kind, verdict, reason, detail} = texts;
	const [startedAt, durationMs, latenessMs] = row as unknown as [number, number, number];
	return {
		key,
		startedAt,
		durationMs,
		latenessMs,
		late,
		kind,
		verdict,
		...(reason === undefined ? {} : {reason}),
		...(detail === undefined ? {} : {detail}),
		...(texts.reading === undefined ? {} : {reading: decodeReading(texts.reading, row, columns)}),
	};
}

function decodeReading(texts: NonNullable<Texts['reading']>, row: Float64Array, columns: Columns): Reading {
	const phases: Partial<Record<PhaseName, number>> = {};
	const values: Record<string, number> = {};
	// A page unpacks tens of thousands.
	let at = fixedColumns;
	for (const {isPhase, name} of columns.parts) {
		const value = row[at++];
		if (value === undefined || Number.isNaN(value)) continue;
		if (isPhase) phases[name as PhaseName] = value;
		else values[name] = value;
	}
	return {
		ok: texts.ok,
		...(texts.reason === undefined ? {} : {reason: texts.reason}),
		...(texts.detail === undefined ? {} : {detail: texts.detail}),
		...(texts.phased ? {phases} : {}),
		values,
		facts: texts.facts,
	};
}

/** The texts of an outcome: those of an earlier run where they are the same. */
function shareTexts(outcome: Outcome, rings: readonly OutcomeRing[]): Texts {
	const {late, kind, verdict, reason, detail, reading} = outcome;
	for (const ring of rings) for (const kept of ring.texts()) if (readsAlike(kept, outcome)) return kept;
	let facts = reading?.facts;
	for (const ring of rings)
		for (const kept of ring.texts()) if (sameFacts(kept.reading?.facts, facts)) facts = kept.reading?.facts;
	return {
		late,
		kind: oneCopy(kind),
		verdict: oneCopy(verdict),
		reason: oneCopy(reason),
		detail,
		reading: reading && {
			ok: reading.ok,
			reason: oneCopy(reading.reason),
			detail: reading.detail === detail ? detail : reading.detail,
			phased: reading.phases !== undefined,
			facts: facts ?? reading.facts,
		},
	};
}

const closedWords = new Map<string | undefined, string>(
	['up', 'down', 'unknown', 'scheduled', 'recheck', 'adhoc', ...downReasons, ...unknownReasons].map(word => [
		word,
		word,
	]),
);

/** The word of a closed list in our own copy: texts from another thread come as a string of their own each time. */
function oneCopy<W extends string | undefined>(word: W): W {
	return (closedWords.get(word) as W | undefined) ?? word;
}

function readsAlike(kept: Texts, {late, kind, verdict, reason, detail, reading}: Outcome): boolean {
	if (kept.late !== late || kept.kind !== kind || kept.verdict !== verdict) return false;
	if (kept.reason !== reason || kept.detail !== detail) return false;
	if (!kept.reading || !reading) return kept.reading === undefined && reading === undefined;
	const {ok, phased, facts} = kept.reading;
	if (ok !== reading.ok || phased !== (reading.phases !== undefined)) return false;
	if (kept.reading.reason !== reading.reason || kept.reading.detail !== reading.detail) return false;
	return sameFacts(facts, reading.facts);
}

function sameFacts(one: Reading['facts'] | undefined, other: Reading['facts'] | undefined): boolean {
	if (!one || !other) return one === other;
	const names = Object.keys(one);
	return names.length === Object.keys(other).length && names.every(name => one[name] === other[name]);
}
