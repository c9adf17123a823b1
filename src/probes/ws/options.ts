/** The options of the ws probe. */

import type * as zod from 'zod';
import {isHarmlessHeader} from '../../util/redact.ts';
import {headersOption} from '../http/options.ts';
import {type AuthOptions, authOptions, judgeAuth, withoutAuth} from '../shared/auth-options.ts';
import {type FamilyOptions, familyOptions} from '../shared/resolve-phase.ts';
import {type TlsOptions, tlsConfig, withoutClientCertificate} from '../shared/tls-options.ts';
import {patternOption} from '../tcp/options.ts';
import type {Zod} from '../types.ts';

export interface WsOptions extends FamilyOptions, AuthOptions {
	valid_status_codes: number[];
	headers: Record<string, string>;
	subprotocols: string[];
	ping: boolean;
	send?: string | undefined;
	expect?: string | undefined;
	tls_config: TlsOptions;
}

export function wsOptions(z: Zod): zod.ZodType<WsOptions> {
	return z
		.strictObject({
			valid_status_codes: z
				.array(z.union([z.literal(101), z.int().min(200).max(599)]))
				.min(1)
				.default([101])
				.describe(
					'Statuses that are up: 101 is a WebSocket; a refusal such as 401 can prove that the server is there. No redirect is followed.',
				),
			headers: headersOption(z)
				.refine(headers => !Object.keys(headers).some(name => /^sec-websocket-/i.test(name)), {
					error: 'the headers Sec-WebSocket-… are set by tailprobe itself',
				})
				.default({})
				.describe('Headers of the request, such as Origin.'),
			...authOptions(z),
			subprotocols: z
				.array(z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, 'expected the name of a subprotocol'))
				.max(10)
				.default([])
				.describe('Subprotocols to offer, best first; down when the server takes none of them.'),
			ping: z.boolean().default(false).describe('Sends a ping and waits for the pong; its round trip is a metric.'),
			send: z.string().max(65_536).optional().describe('Sends this as a text message.'),
			expect: patternOption(z)
				.optional()
				.describe('Reads messages, up to 100 of them, until this pattern (RE2) is found in one.'),
			...familyOptions(z),
			tls_config: tlsConfig(z),
		})
		.superRefine((options, context) => {
			judgeAuth(options, Object.keys(options.headers), (path, message) =>
				context.addIssue({code: 'custom', path, message}),
			);
			if (options.valid_status_codes.includes(101)) return;
			for (const key of ['ping', 'send', 'expect'] as const) {
				if (options[key] === undefined || options[key] === false) continue;
				context.addIssue({code: 'custom', path: [key], message: 'this needs 101 among valid_status_codes'});
			}
		});
}

/**
 * The options without what may prove who we are, and browsers' tokens travel as subprotocols; what was awaited in answer to `send` goes
 * with it.
 */
export function harmlessWs(options: WsOptions): WsOptions {
	const {send, expect, headers, tls_config: tls, ...rest} = withoutAuth(options);
	const kept = Object.entries(headers).filter(([name]) => isHarmlessHeader(name));
	return {
		...rest,
		...(send === undefined && expect !== undefined ? {expect} : {}),
		headers: Object.fromEntries(kept),
		subprotocols: [],
		tls_config: withoutClientCertificate(tls),
	};
}

/** What a run by the `harmless` options leaves unjudged, as a clause. */
export function unjudgedWs({send, expect, subprotocols}: WsOptions): string | undefined {
	if (send !== undefined && expect !== undefined) return 'no message was sent, and none awaited';
	return subprotocols.length === 0 ? undefined : 'no subprotocol was offered';
}
