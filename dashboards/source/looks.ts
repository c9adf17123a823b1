/** Colours and words of values: the same everywhere, so that a viewer learns them once. */

import {
	MappingType,
	SpecialValueMatch,
	type Threshold,
	type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';

export const good = 'green';
export const warning = 'orange';
export const bad = 'red';
export const neutral = 'text';
export const unknown = 'purple';

/** A word and colour for each value. */
export function words(options: Readonly<Record<string, readonly [text: string, color: string]>>): ValueMapping {
	return {
		type: MappingType.ValueToText,
		options: Object.fromEntries(
			Object.entries(options).map(([value, [text, color]], index) => [value, {text, color, index}]),
		),
	};
}

/** A word and colour for values of a range; both ends belong to it, null is open. */
export function range(from: number | null, to: number | null, text: string, color: string): ValueMapping {
	return {type: MappingType.RangeToText, options: {from, to, result: {text, color}}};
}

/** A word and colour where there is no value. */
export function nothing(text: string, color: string = neutral): ValueMapping {
	return {type: MappingType.SpecialValue, options: {match: SpecialValueMatch.NullAndNan, result: {text, color}}};
}

/** Links: 0 up, 1 unknown, 2 down. */
export const linkStates: readonly ValueMapping[] = [
	words({0: ['up', good], 1: ['unknown', unknown], 2: ['down', bad]}),
];

/** 1 is right and 0 is wrong. */
export const rightOrWrong: readonly ValueMapping[] = [words({1: ['yes', good], 0: ['no', bad]})];

/** 1 is wrong and 0 is right. */
export const wrongOrRight: readonly ValueMapping[] = [words({1: ['yes', bad], 0: ['no', good]})];

/** What a label of `true` or `false` says of whether it pages. */
export const yesOrNo: readonly ValueMapping[] = [words({true: ['yes', bad], false: ['no', warning]})];

/** Vantages: 1 looks, 0 gone. */
export const vantageStates: readonly ValueMapping[] = [words({1: ['looks', good], 0: ['gone', bad]})];

/** 0 of an error budget. */
export const usedUp: ValueMapping = words({0: ['used up', bad]});

/** Colours by value: the first from the bottom, each other from its value upwards. */
export function steps(first: string, ...others: ReadonlyArray<readonly [value: number, color: string]>): Threshold[] {
	return [{value: null, color: first}, ...others.map(([value, color]) => ({value, color}))];
}

/** Everything from 1 on is wrong. */
export const noneIsGood: readonly Threshold[] = steps(good, [1, bad]);
