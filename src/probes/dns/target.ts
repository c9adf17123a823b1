/** The targets of a dns check: `server[:port]` as blackbox_exporter has it, or a URI of RFC 4501 that names the question too. */

import {isIP} from 'node:net';
import {classCode, typeCode} from '../../net/dns-codes.ts';
import {faultOfName} from '../../net/dns-message.ts';
import {parseHostPort} from '../../net/url.ts';

export interface DnsTarget {
	/** Without brackets. */
	host: string;
	/** Where one is written. */
	port?: number;
	/** Set exactly when the target is a URI. */
	uri?: {
		/** Where one is written; then it is what is asked for. */
		name?: string;
		/** In capitals. */
		type?: string;
		/** In capitals. */
		class?: string;
	};
}

/** The target taken apart; `detail` is a sentence for a person. */
export function parseDnsTarget(text: string): ({ok: true} & DnsTarget) | {ok: false; detail: string} {
	if (!/^dns:/i.test(text)) return parseServer(text);
	const match = /^dns:\/\/([^/?#]+)(?:\/([^/?#]*))?(?:\?([^#]*))?$/i.exec(text);
	if (!match) return refused(text, 'is not of the form dns://SERVER[:PORT]/NAME[?type=AAAA]');
	const [, authority = '', name = '', query = ''] = match;
	const server = parseServer(authority);
	if (!server.ok) return server;
	const fault = name === '' ? undefined : faultOfName(name);
	if (fault) return refused(text, `asks for a name that ${fault}`);
	const uri: NonNullable<DnsTarget['uri']> = name === '' ? {} : {name};
	for (const part of query.split(/[;&]/).filter(Boolean)) {
		const [key = '', value = ''] = part.split('=', 2);
		const code = value.toUpperCase();
		if (/^type$/i.test(key) && typeCode(code) !== undefined && uri.type === undefined) uri.type = code;
		else if (/^class$/i.test(key) && classCode(code) !== undefined && uri.class === undefined) uri.class = code;
		else return refused(text, `has "${part.slice(0, 40)}" behind its question mark; expected type=AAAA or class=IN`);
	}
	return {...server, uri};
}

/** For `Probe.form`. */
export function faultOfDnsTarget(address: string, options?: unknown): string | undefined {
	const parsed = parseDnsTarget(address);
	if (!parsed.ok) return `expected a target such as dns://100.100.100.100/june-orchestrator: ${parsed.detail}`;
	const nameless =
		parsed.uri?.name === undefined && (options as {query_name?: string} | undefined)?.query_name === undefined;
	if (!nameless || options === undefined) return undefined;
	return 'there is no name to ask for: set query_name, or write the target as dns://SERVER/NAME';
}

function parseServer(text: string): ({ok: true} & DnsTarget) | {ok: false; detail: string} {
	// As blackbox_exporter: an IPv6 address without a port needs no brackets.
	if (isIP(text) === 6) return parseServer(`[${text}]`);
	const hasPort = /^(\[[^\]]*\]|[^:[]*):/.test(text);
	const parsed = parseHostPort(hasPort ? text : `${text}:53`);
	if (!parsed.ok) return {ok: false, detail: parsed.detail};
	return {ok: true, host: parsed.host, ...(hasPort ? {port: parsed.port} : {})};
}

function refused(text: string, fault: string): {ok: false; detail: string} {
	return {ok: false, detail: `${JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text)} ${fault}`};
}
