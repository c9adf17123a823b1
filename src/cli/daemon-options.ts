/** The options of commands that ask a running daemon: where it is, how to prove who asks, whom to believe. */

import {readSecret} from '../config/secrets.ts';
import {oneLine, UserError} from '../util/errors.ts';
import {parseDurationMs} from '../util/units.ts';
import type {Daemon} from './call-daemon.ts';
import type {Terminal} from './terminal.ts';

const text = {type: 'string'} as const;

/** For `parseArgs`. */
export const daemonOptions = {url: text, 'token-file': text, 'ca-file': text} as const;

export const longestTimeoutMs = 120_000;

export interface DaemonValues {
	url?: string | undefined;
	'token-file'?: string | undefined;
	'ca-file'?: string | undefined;
}

/**
 * The daemon that is meant: by the options, else by the environment, else the usual one. `found` is an address that was pasted: it says
 * where the daemon is. Neither it nor a `--url` is trusted with a token that was left in the environment for another one. Throws what `mistake` makes of a
 * sentence, and a UserError where a token cannot be read.
 */
export function readDaemon(
	values: DaemonValues,
	{env, labDirectory}: Pick<Terminal, 'env' | 'labDirectory'>,
	mistake: (sentence: string) => UserError,
	found?: URL,
): Daemon {
	const usual = env.TAILPROBE_URL || 'http://127.0.0.1:9753';
	const url = values.url === undefined && found ? new URL(found) : parseUrl(values.url ?? usual, mistake);
	// A token in the environment is meant for the daemon that is named there, or for one that is named on the command line alone.
	const isForAnother = URL.parse(usual)?.origin !== url.origin;
	const isStranger = isForAnother && (values.url === undefined || Boolean(env.TAILPROBE_URL));
	const tokenFile = values['token-file'] ?? (isStranger ? undefined : env.TAILPROBE_TOKEN_FILE || undefined);
	const namedBy = values['token-file'] === undefined ? 'TAILPROBE_TOKEN_FILE' : '--token-file';
	const authorization = authorize(url, tokenFile === undefined ? undefined : {file: tokenFile, namedBy}, mistake);
	if (values['ca-file'] !== undefined && url.protocol !== 'https:')
		throw mistake('--ca-file is for a daemon at https://: give its --url too.');
	const caFile = values['ca-file'] ?? (env.TAILPROBE_CA_FILE || undefined);
	return {
		url,
		labDirectory,
		...(authorization === undefined ? {} : {authorization}),
		...(caFile === undefined || url.protocol !== 'https:' ? {} : {caFile}),
	};
}

/** Without user, password and query. */
export function shownDaemon({origin, pathname}: URL): string {
	return origin + pathname.replace(/\/+$/, '');
}

/** Milliseconds of `--timeout`. */
export function readTimeout(value: string | undefined, mistake: (sentence: string) => UserError): number | undefined {
	if (value === undefined) return undefined;
	const timeoutMs = parseDurationMs(value);
	if (timeoutMs && timeoutMs <= longestTimeoutMs) return timeoutMs;
	throw mistake(`--timeout wants a duration up to 2m such as 5s or 800ms, not "${oneLine(value, 40)}".`);
}

/** What the header Authorization says; takes name and password out of the URL, where they would be shown. */
function authorize(
	url: URL,
	token: {file: string; namedBy: string} | undefined,
	mistake: (sentence: string) => UserError,
): string | undefined {
	const {username, password} = url;
	url.username = '';
	url.password = '';
	if (token !== undefined) return `Bearer ${readToken(token)}`;
	if (username === '' && password === '') return undefined;
	try {
		const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
		return `Basic ${Buffer.from(pair).toString('base64')}`;
	} catch {
		throw mistake('Name and password in the URL have to be percent-encoded.');
	}
}

function readToken({file, namedBy}: {file: string; namedBy: string}): string {
	try {
		return readSecret({file});
	} catch (error) {
		if (!(error instanceof UserError)) throw error;
		throw new UserError(`${namedBy} names a token that cannot be used. ${error.message}`, error.exitCode);
	}
}

function parseUrl(value: string, mistake: (sentence: string) => UserError): URL {
	const url = URL.parse(value);
	if (url && ['http:', 'https:'].includes(url.protocol)) return url;
	throw mistake(`The daemon's URL is something like http://127.0.0.1:9753, not "${oneLine(value, 100)}".`);
}
