/** The options of the dns probe: names and meaning of blackbox_exporter, so that its modules can be brought along. */

import type * as zod from 'zod';
import {classCode, rcodes, typeCode} from '../../net/dns-codes.ts';
import {faultOfName} from '../../net/dns-message.ts';
import {canonicalAddress} from '../../net/guard.ts';
import {compilePattern} from '../../net/patterns.ts';
import {type FamilyOptions, familyOptions} from '../shared/resolve-phase.ts';
import {type TlsOptions, tlsConfig} from '../shared/tls-options.ts';
import type {Zod} from '../types.ts';

export interface DnsOptions extends FamilyOptions {
	/** What is asked for where the target names nothing. */
	query_name?: string | undefined;
	/** In capitals; undefined: as the form of the target has it. */
	query_type?: string | undefined;
	/** In capitals. */
	query_class: string;
	recursion_desired: boolean;
	transport_protocol: 'udp' | 'tcp';
	dns_over_tls: boolean;
	tls_config: TlsOptions;
	valid_rcodes: string[];
	validate_answer_rrs: RecordRules;
	validate_authority_rrs: RecordRules;
	validate_additional_rrs: RecordRules;
	/** `peers`: what tailscaled's list of peers says. */
	expect_addresses?: 'peers' | string[] | undefined;
}

export interface RecordRules {
	fail_if_matches_regexp: string[];
	fail_if_all_match_regexp: string[];
	fail_if_not_matches_regexp: string[];
	fail_if_none_matches_regexp: string[];
}

/** Characters of records, written as text, that the patterns of a section are held against. */
export const maxJudgedCharacters = 65_536;

export function dnsOptions(z: Zod): zod.ZodType<DnsOptions> {
	const capitals = (isKnown: (text: string) => boolean, expected: string) =>
		z
			.string()
			.transform(text => text.toUpperCase())
			.refine(isKnown, expected);
	const rules = recordRules(z);
	return z
		.strictObject({
			query_name: z
				.string()
				.superRefine((name, context) => {
					const fault = faultOfName(name);
					if (fault) context.addIssue({code: 'custom', message: `this name ${fault}`});
				})
				.optional()
				.describe(
					'Full name to ask for, where the target is only a server. A name without dots gets the MagicDNS domain when MagicDNS is asked, and is asked for as it is otherwise.',
				),
			query_type: capitals(
				text => typeCode(text) !== undefined,
				'expected a record type such as A, AAAA, SRV or TYPE65',
			)
				.optional()
				.describe(
					'Record type to ask for; by default `ANY`, or `A` where the target is a dns:// URI. A `?type=` there wins.',
				),
			query_class: capitals(text => classCode(text) !== undefined, 'expected a class such as IN or CH')
				.default('IN')
				.describe('Class to ask for.'),
			recursion_desired: z.boolean().default(true).describe('Ask the server to ask others where it does not know.'),
			transport_protocol: z
				.enum(['udp', 'tcp'])
				.default('udp')
				.describe(
					'`udp`: one datagram, never repeated; an answer that was cut short is asked for again over TCP. `tcp`: over a connection.',
				),
			dns_over_tls: z.boolean().default(false).describe('Ask over TLS, on port 853 by default; only with `tcp`.'),
			tls_config: tlsConfig(z),
			...familyOptions(z),
			valid_rcodes: z
				.array(
					capitals(text => (rcodes as readonly string[]).includes(text), 'expected a response code such as NXDOMAIN'),
				)
				.default(['NOERROR'])
				.describe('Response codes that are up; others are down with the reason `status`.'),
			validate_answer_rrs: rules.describe('What the records of the answer must be.'),
			validate_authority_rrs: rules.describe('What the authority records must be.'),
			validate_additional_rrs: rules.describe('What the additional records must be.'),
			expect_addresses: z
				.union(
					[
						z.literal('peers'),
						z
							.array(
								z
									.string()
									.refine(text => canonicalAddress(text) !== undefined, 'expected an address such as 100.64.0.7'),
							)
							.min(1)
							.max(64),
					],
					'expected peers, or a list of addresses',
				)
				.optional()
				.describe(
					"Addresses that the answer may have; another one, or none, is down. `peers`: those that tailscaled's list of peers has for the name.",
				),
		})
		.refine(({dns_over_tls: tls, transport_protocol: transport}) => !tls || transport === 'tcp', {
			path: ['dns_over_tls'],
			error: 'expected transport_protocol: tcp with it',
		})
		.refine(({expect_addresses: wanted, query_type: type}) => !wanted || !type || /^(A|AAAA|ANY)$/.test(type), {
			path: ['expect_addresses'],
			error: 'expected query_type A, AAAA or ANY with it: other records hold no addresses',
		});
}

function recordRules(z: Zod): zod.ZodType<RecordRules, unknown> {
	const pattern = z.string().superRefine((source, context) => {
		try {
			compilePattern(source);
		} catch (error) {
			if (!(error instanceof SyntaxError)) throw error;
			context.addIssue({code: 'custom', message: error.message});
		}
	});
	const patterns = z.array(pattern).max(50).default([]);
	return z
		.strictObject({
			fail_if_matches_regexp: patterns.describe('Down when a record matches one of these (RE2).'),
			fail_if_all_match_regexp: patterns.describe(
				'Down when there are records and each of them matches all of these (RE2). In blackbox_exporter it is the reverse of its name.',
			),
			fail_if_not_matches_regexp: patterns.describe(
				'Down when a record does not match one of these (RE2), or there is none.',
			),
			fail_if_none_matches_regexp: patterns.describe(
				'Down when no record matches any of these (RE2), or there is none.',
			),
		})
		.refine(rules => stepsOf(Object.values(rules).flat()) * maxJudgedCharacters <= maxSteps, {
			error: 'these patterns have too many steps together: simplify them',
		})
		.prefault({});
}

/** Steps × characters that the most hostile answer may cost: half a second to a second of the measuring thread. */
const maxSteps = 2 ** 26;

function stepsOf(sources: readonly string[]): number {
	return sources.reduce((sum, source) => {
		try {
			return sum + compilePattern(source).size;
		} catch {
			// A pattern that is none is a mistake of its own.
			return sum;
		}
	}, 0);
}
