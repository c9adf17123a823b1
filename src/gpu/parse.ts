/**
 * Reads what `nvidia-smi --query-gpu=… --format=csv,noheader,nounits` printed. Good rows count whatever stands around them; a line
 * that is not one becomes a remark, and a last line without its end is not read at all: half a row must never become a GPU.
 */

import {oneLine} from '../util/errors.ts';
import {essentialFields, mostGpus, numberFields, recoveryField, stateFields, throttleFields} from './fields.ts';
import type {Gpu} from './types.ts';

export interface SmiRows {
	/** In the order of their index; at most `mostGpus`. */
	gpus: readonly GpuRow[];
	/** What is said of GPUs that are there no more: bus id or index, each once. */
	lost: readonly string[];
	/** Lines that are no rows, cleaned and bounded, at most 8. */
	remarks: readonly string[];
	/** Lines that look like rows and are none. */
	badRows: number;
	/** More GPUs than are kept. */
	isCapped: boolean;
}

export interface GpuRow {
	gpu: Gpu;
	/** Essential fields that nvidia-smi failed to read, with what it said instead. */
	unreadable: readonly {field: string; said: string}[];
	/** What the driver advises, where that is not `None`. */
	recovery?: string;
}

const mostRemarks = 8;
/** A row of all fields has some 600 characters. */
const mostRowChars = 4096;
/** A model's name may hold so many commas. */
const mostCommas = 4;
const mostLines = 2000;

/** Pure. `fields` are the names that were asked, in their order. */
export function parseSmi(stdout: string, stderr: string, fields: readonly string[]): SmiRows {
	const rows = new Map<number, GpuRow>();
	const lost = new Set<string>();
	const remarks: string[] = [];
	let badRows = 0;
	let isCapped = false;

	for (const line of linesOf(stdout)) {
		const row = parseRow(line, fields);
		if (row === undefined) remark(line);
		else if (row === 'bad' || (typeof row === 'object' && 'gpu' in row && rows.has(row.gpu.index))) badRows++;
		else if ('lost' in row) lost.add(row.lost);
		else if (rows.size >= mostGpus) isCapped = true;
		else rows.set(row.gpu.index, row);
	}
	for (const line of linesOf(stderr.endsWith('\n') ? stderr : `${stderr}\n`)) remark(line);

	const gpus = [...rows.values()].sort((a, b) => a.gpu.index - b.gpu.index);
	return {gpus, lost: [...lost], remarks, badRows, isCapped};

	function remark(line: string): void {
		const text = oneLine(line.slice(0, 400).replace(escapes, ''), 160);
		if (text === '') return;
		const who = lostText.exec(text);
		if (who && lost.size < mostGpus) lost.add(nameOfLost(who[1] ?? who[2]));
		if (remarks.length < mostRemarks && !remarks.includes(text)) remarks.push(text);
	}
}

/** Colours and cursor moves of a terminal. */
const escapes = /\u001b\[[0-9;?]*[A-Za-z]/g;

const lostText =
	/(?:unable to determine the device handle for (?:the )?gpu ?([0-9a-f:.]{1,20})?|gpu ?([0-9a-f:.]{1,20})? ?(?:is lost|has fallen off the bus))/i;

function nameOfLost(name: string | undefined): string {
	const clean = name?.replace(/[:.]+$/, '') ?? '';
	return clean === '' ? 'a GPU' : `GPU ${clean}`;
}

/** Whole lines only, without their ends. */
function linesOf(text: string): string[] {
	const lines = text.slice(0, text.lastIndexOf('\n') + 1).split(/\r?\n/, mostLines);
	return lines.filter(line => line.trim() !== '');
}

function parseRow(line: string, fields: readonly string[]): GpuRow | {lost: string} | 'bad' | undefined {
	if (!/^\s*\d{1,3},/.test(line)) return undefined;
	const cells = line.length <= mostRowChars ? splitRow(line, fields) : undefined;
	if (!cells) return 'bad';
	const cellOf = (name: string) => cells[fields.indexOf(name)];
	const index = Number(cellOf('index'));
	if (cells.some(cell => /gpu is lost|gpu requires reset|fallen off the bus/i.test(cell)))
		return {lost: nameOfLost(String(index))};
	const identity = readIdentity(cellOf);
	if (!identity || !Number.isInteger(index) || index > 255) return 'bad';

	const values: Record<string, number> = {};
	const flags: Record<string, boolean> = {};
	const unreadable: {field: string; said: string}[] = [];
	let failures = 0;
	for (const {value, ask, scale} of numberFields)
		keep(ask, toNumber, number => (values[value] = scale < 1 ? number / Math.round(1 / scale) : number * scale));
	for (const {flag, ask} of [...stateFields, ...throttleFields]) keep(ask, toFlag, isOn => (flags[flag] = isOn));
	const said = cellOf(recoveryField) ?? '';
	const isBad = !isAbsent(said) && !/^none$/i.test(said);
	if (said !== '' && !isAbsent(said)) flags.recovery_needed = isBad;
	values.unreadable_fields = failures;
	const gpu: Gpu = {index, ...identity, values, flags};
	return isBad ? {gpu, unreadable, recovery: oneLine(said, 40)} : {gpu, unreadable};

	function keep<Value>(
		ask: readonly string[],
		read: (cell: string) => Value | undefined,
		found: (value: Value) => void,
	): void {
		const field = ask.find(name => fields.includes(name));
		const cell = field === undefined ? undefined : cellOf(field);
		if (field === undefined || cell === undefined || isAbsent(cell)) return;
		const value = read(cell);
		if (value !== undefined) found(value);
		else failures++;
		if (value === undefined && essentialFields.has(field)) unreadable.push({field, said: oneLine(cell, 40)});
	}
}

/** The cells of a line; commas of the model's name stay in it, because all others hold none. */
function splitRow(line: string, fields: readonly string[]): string[] | undefined {
	const cells = line.split(',', fields.length + mostCommas + 1).map(cell => cell.trim());
	const surplus = cells.length - fields.length;
	const at = fields.indexOf('name');
	if (surplus < 0 || surplus > mostCommas || (surplus > 0 && at < 0)) return undefined;
	return surplus === 0
		? cells
		: [...cells.slice(0, at), cells.slice(at, at + surplus + 1).join(', '), ...cells.slice(at + surplus + 1)];
}

/** undefined: these cells are not what a GPU says of itself. */
function readIdentity(cellOf: (name: string) => string | undefined): Partial<Gpu> | undefined {
	const found = {
		uuid: cellOf('uuid'),
		driverVersion: cellOf('driver_version'),
		busId: cellOf('pci.bus_id'),
	};
	const identity: Partial<Gpu> = {};
	for (const key of ['uuid', 'driverVersion', 'busId'] as const) {
		const cell = found[key];
		if (cell === undefined || isAbsent(cell) || isFailure(cell)) continue;
		if (!identityForms[key].test(cell)) return undefined;
		identity[key] = cell;
	}
	const model = cellOf('name');
	if (model !== undefined && !isAbsent(model) && !isFailure(model)) identity.model = cleanModel(model);
	return identity;
}

/** Forms of what may become a label. */
export const identityForms = {
	uuid: /^(?:GPU|MIG)-[0-9A-Fa-f-]{8,48}$/,
	driverVersion: /^\d{1,4}(?:\.\d{1,4}){0,3}$/,
	cudaVersion: /^\d{1,3}\.\d{1,3}$/,
	busId: /^[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-7]$/,
} as const;

/** A model's name as a label: what is not plain is replaced. */
export function cleanModel(text: string): string {
	return text
		.replace(/[^A-Za-z0-9 ,.()/+&_-]/g, '_')
		.trim()
		.slice(0, 64);
}

/** What nvidia-smi says where the GPU has no such thing, or where we may not know it. */
function isAbsent(cell: string): boolean {
	return cell === '' || absentTexts.has(cell.replace(/^\[|\]$/g, '').toLowerCase());
}

const absentTexts: ReadonlySet<string> = new Set([
	'n/a',
	'not supported',
	'not available',
	'insufficient permissions',
	'not found',
	'function not found',
	'requested functionality has been deprecated',
]);

function isFailure(cell: string): boolean {
	return /^\[.*\]$|^unknown error$|^err!$/i.test(cell);
}

/** `P8` is a performance state. */
function toNumber(cell: string): number | undefined {
	const [, digits] = /^P?(\d{1,15}(?:\.\d{1,6})?)$/.exec(cell) ?? [];
	// What cannot be is told apart from what could not be read: a minus is a number, and the collector drops it.
	if (digits === undefined) return /^-\d{1,15}(?:\.\d{1,6})?$/.test(cell) ? Number(cell) : undefined;
	return Number(digits);
}

function toFlag(cell: string): boolean | undefined {
	if (/^(?:active|enabled|yes|1)$/i.test(cell)) return true;
	return /^(?:not active|disabled|no|0)$/i.test(cell) ? false : undefined;
}

/** The CUDA version that the driver offers, from `nvidia-smi --version` or the head of its table; newer drivers say `CUDA UMD Version`. Pure. */
export function parseCudaVersion(text: string): string | undefined {
	return /CUDA (?:UMD )?Version\s*:\s*(\d{1,3}\.\d{1,3})\b/i.exec(text.slice(0, 20_000))?.[1];
}
