/** How values become words and colours, as Grafana does it. */

import type {FieldJson, MappingJson} from './dashboard-json.ts';

export type Value = number | string | undefined;

export interface Shown {
	text: string;
	/** CSS; absent where neither a mapping nor thresholds give one. */
	colour?: string;
}

const colours: Readonly<Record<string, string>> = {
	...{green: '#73bf69', orange: '#ff9830', red: '#f2495c', purple: '#b877d9', blue: '#5794f2', yellow: '#fade2a'},
	...{text: '#ccccdc', transparent: 'transparent', gray: '#8e8e99'},
};
const lines = [
	'#73bf69',
	'#f2cc0c',
	'#8ab8ff',
	'#ff780a',
	'#f2495c',
	'#5794f2',
	'#b877d9',
	'#a3d98b',
	'#ffb357',
	'#56c5c5',
];

/** What a cell, a big value or a state shows. */
export function show(value: Value, field: FieldJson): Shown {
	const mapped = (field.mappings ?? []).map(mapping => mapTo(mapping, value)).find(result => result !== undefined);
	const colour = mapped?.color ?? thresholdOf(value, field);
	const text = mapped?.text ?? (value === undefined ? (field.noValue ?? '') : formatValue(value, field));
	return {text, ...(colour === undefined ? {} : {colour: cssColour(colour)})};
}

/** The colour of the line at this place, or the one that is set for it. */
export function lineColour(at: number, field: FieldJson): string {
	const {mode, fixedColor} = field.color ?? {mode: ''};
	return mode === 'fixed' && fixedColor !== undefined ? cssColour(fixedColor) : (lines[at % lines.length] ?? '#ccccdc');
}

export function cssColour(name: string): string {
	return colours[name.replace(/^(semi-dark|dark|light|super-light)-/, '')] ?? name;
}

function thresholdOf(value: Value, {thresholds, color}: FieldJson): string | undefined {
	if (color?.mode === 'fixed') return color.fixedColor;
	if (typeof value !== 'number') return thresholds?.steps[0]?.color;
	return thresholds?.steps.findLast(step => step.value === null || value >= step.value)?.color;
}

interface Mapped {
	text?: string;
	color?: string;
}

function mapTo({type, options}: MappingJson, value: Value): Mapped | undefined {
	if (type === 'value') return (options as Record<string, Mapped>)[String(value)];
	const {from, to, result, match} = options as {
		from?: number | null;
		to?: number | null;
		result: Mapped;
		match?: string;
	};
	if (type === 'special')
		return match === 'null+nan' && (value === undefined || Number.isNaN(value)) ? result : undefined;
	if (type === 'range' && typeof value === 'number')
		return value >= (from ?? -Infinity) && value <= (to ?? Infinity) ? result : undefined;
	if (type !== 'range') throw new Error(`a mapping of type ${type} cannot be drawn`);
	return undefined;
}

/** In a unit of Grafana; an unknown one throws, as its picture would lie. */
export function formatValue(
	value: number | string,
	{unit = 'none', decimals}: Pick<FieldJson, 'unit' | 'decimals'>,
): string {
	if (typeof value === 'string') return value;
	const [steps, factor = 1] = units[unit] ?? [undefined];
	if (unit === 'bool_yes_no') return value === 0 ? 'No' : 'Yes';
	if (unit === 'dateTimeFromNow') return `${formatValue((Date.now() - value) / 1000, {unit: 's'})} ago`;
	if (steps === undefined) throw new Error(`the unit ${unit} cannot be drawn`);
	const scaled = value * factor;
	const [size, name] = steps.findLast(([from]) => Math.abs(scaled) >= from) ?? steps[0] ?? [1, ''];
	const number = scaled === 0 ? 0 : scaled / size;
	const digits = decimals ?? Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(number), 1))));
	const text = decimals === undefined ? String(Number(number.toFixed(digits))) : number.toFixed(digits);
	return name.startsWith('$') ? `${name}${text}` : `${text}${name}`;
}

const thousands: Step[] = [
	[1, ''],
	[1e3, ' K'],
	[1e6, ' Mil'],
];
const seconds: Step[] = [
	[1e-6, ' µs'],
	[1e-3, ' ms'],
	[1, ' s'],
	[60, ' mins'],
	[3600, ' hours'],
	[86_400, ' days'],
];
type Step = readonly [from: number, name: string];
const bytes: Step[] = [
	[1, ' B'],
	[2 ** 10, ' KiB'],
	[2 ** 20, ' MiB'],
	[2 ** 30, ' GiB'],
];
const units: Readonly<Record<string, readonly [readonly Step[], number?]>> = {
	...{
		none: [[[1, '']]],
		short: [thousands],
		cpm: [[[1, ' c/m']]],
		s: [seconds],
		ms: [seconds, 1e-3],
		d: [seconds, 86_400],
		bytes: [bytes],
		celsius: [[[1, ' °C']]],
	},
	...{
		percentunit: [[[1, '%']], 100],
		percent: [[[1, '%']]],
		currencyUSD: [[[1, '$']]],
		hertz: [
			[
				[1, ' Hz'],
				[1e6, ' MHz'],
				[1e9, ' GHz'],
			],
		],
	},
	...{
		ops: [[[1, ' ops/s']]],
		reqps: [[[1, ' req/s']]],
		Bps: [bytes.map(([from, name]) => [from, `${name}/s`] as const)],
		cps: [[[1, ' c/s']]],
	},
	...{dtdurations: [seconds], dateTimeFromNow: [[[1, '']]], watt: [[[1, ' W']]], bool: [[[1, '']]]},
};
