/** The options of the tcp probe: names and meaning of blackbox_exporter, so that its modules can be brought along. */

import type * as zod from 'zod';
import {compilePattern} from '../../net/patterns.ts';
import {type FamilyOptions, familyOptions} from '../shared/resolve-phase.ts';
import {type TlsOptions, tlsConfig} from '../shared/tls-options.ts';
import type {Zod} from '../types.ts';

export interface TcpOptions extends FamilyOptions {
	tls: boolean;
	tls_config: TlsOptions;
	query_response: Step[];
}

/** One step of the conversation; its parts happen in this order. */
export interface Step {
	expect?: string | undefined;
	expect_bytes?: string | undefined;
	labels: {name: string; value: string}[];
	send?: string | undefined;
	starttls: boolean;
}

/** Bytes of a conversation that are read; longer ones are down. */
export const maxConversationBytes = 262_144;
/** As blackbox_exporter, whose lines end there. */
export const maxLineBytes = 65_536;

/** Steps of a pattern: with all the bytes of a conversation it costs the measuring thread half a second at worst. */
const maxPatternSize = 256;

export function tcpOptions(z: Zod): zod.ZodType<TcpOptions> {
	const label = z.strictObject({
		name: z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,40}$/, 'expected the name of a label'),
		value: z.string().max(500),
	});
	const step = z
		.strictObject({
			expect: patternOption(z)
				.optional()
				.describe('Reads lines until this pattern (RE2) is found in one; it sees each line without its end.'),
			expect_bytes: z.string().min(1).max(8192).optional().describe('Exactly these bytes must come next.'),
			labels: z
				.array(label)
				.max(20)
				.default([])
				.describe('Facts of the answer, such as `{name: software, value: "$1"}` with groups of `expect`.'),
			send: z
				.string()
				.max(65_536)
				.optional()
				.describe(
					'Sends this line and a line feed, or nothing when it is empty; `$1` is a group of the `expect` of the same step.',
				),
			starttls: z.boolean().default(false).describe('Goes on over TLS.'),
		})
		.refine(({expect, expect_bytes: bytes}) => expect === undefined || bytes === undefined, {
			path: ['expect_bytes'],
			error: 'expected either expect or expect_bytes',
		})
		.refine(({expect, labels}) => expect !== undefined || labels.length === 0, {
			path: ['labels'],
			error: 'labels need an expect in the same step',
		});
	return z
		.strictObject({
			...familyOptions(z),
			tls: z.boolean().default(false).describe('Begins with a TLS handshake.'),
			tls_config: tlsConfig(z),
			query_response: z
				.array(step)
				.max(100)
				.default([])
				.describe('A conversation over the connection, step by step; by default none.'),
		})
		.refine(({tls, query_response: steps}) => steps.filter(one => one.starttls).length <= (tls ? 0 : 1), {
			path: ['query_response'],
			error: 'expected TLS to begin once: by `tls` or by one `starttls`',
		});
}

/** An RE2 pattern that is cheap enough for every byte of a conversation. */
export function patternOption(z: Zod): zod.ZodType<string, string> {
	return z.string().superRefine((source, context) => {
		try {
			if (compilePattern(source).size <= maxPatternSize) return;
			context.addIssue({code: 'custom', message: 'the pattern has too many steps: simplify it'});
		} catch (error) {
			if (!(error instanceof SyntaxError)) throw error;
			context.addIssue({code: 'custom', message: error.message});
		}
	});
}

/** Without what may prove who we are: the conversation ends before the first thing that it would say. */
export function harmlessSteps(steps: readonly Step[]): Step[] {
	const first = firstWord(steps);
	if (first < 0) return [...steps];
	const {send: _send, starttls: _starttls, ...listening} = steps[first] as Step;
	return [...steps.slice(0, first), {...listening, starttls: false}];
}

/** What the steps still wanted to see where `harmlessSteps` ends; undefined: nothing, only something was left to be said. */
export function unjudgedSteps(steps: readonly Step[]): string | undefined {
	const first = firstWord(steps);
	if (first < 0) return undefined;
	const rest = steps.slice(first + 1);
	const wants = rest.some(step => step.expect !== undefined || step.expect_bytes !== undefined || step.starttls);
	if (!wants && steps[first]?.starttls !== true) return undefined;
	return `the conversation ended before the send of step ${first + 1} of ${steps.length}`;
}

/** Where something of ours is said first, or -1. An empty `send` says nothing. */
function firstWord(steps: readonly Step[]): number {
	return steps.findIndex(({send = ''}) => send !== '');
}
