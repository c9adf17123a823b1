/** `tailprobe probe`: one probe, asked of a running daemon or run right here, drawn for a person or told as JSON. */

import {parseArgs} from 'node:util';
import {readSecret} from '../config/secrets.ts';
import {labDirectory} from '../lab/directory.ts';
import {describeKnown, findAlike} from '../server/alike.ts';
import {describeProbe, type ProbeJson} from '../server/json.ts';
import {messageOf, oneLine, UserError} from '../util/errors.ts';
import {parseDurationMs} from '../util/units.ts';
import {askDaemon} from './ask-daemon.ts';
import {drawProbe} from './draw.ts';

/** Where the command reads its surroundings and writes. */
export interface Terminal {
	write(text: string): void;
	/** For what went wrong. */
	complain(text: string): void;
	columns: number;
	isTty: boolean;
	env: Readonly<Record<string, string | undefined>>;
	/** Where a lab of this user is found. */
	labDirectory: string;
}

export const probeUsage = `Usage: tailprobe probe [--url URL | --config FILE] [--from VANTAGE] [--module MODULE]
                       [--timeout 5s] [--token-file FILE] [--ca-file FILE]
                       [--json] TARGET
       tailprobe probe --check NAME [the same but --module] [TARGET]

Runs one probe now and draws its phases; with --check that check as it is
configured, at TARGET, the name or address of one of its targets. Asks the daemon at --url, by default
$TAILPROBE_URL or http://127.0.0.1:9753; with --config it needs no daemon. A
daemon that asks who you are takes a token from --token-file, by default
$TAILPROBE_TOKEN_FILE, or NAME:PASSWORD@ in the URL. One at https:// with a
certificate of your own authority is believed by --ca-file, a PEM file, by
default $TAILPROBE_CA_FILE.

Exit status: 0 up, 1 down, 2 unknown or nobody could be asked, 64 wrong usage.
`;

/** Runs the command; answers its exit status. Throws only what is a bug. */
export async function runProbe(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
	try {
		const wanted = readArguments(args, terminal.env);
		if (wanted === 'help') {
			terminal.write(probeUsage);
			return 0;
		}
		const probe =
			wanted.config === undefined
				? await askDaemon({...wanted, labDirectory: terminal.labDirectory})
				: await probeHere(wanted, wanted.config);
		const asked = wanted.config === undefined ? shownDaemon(wanted.url) : undefined;
		terminal.write(
			wanted.json ? `${JSON.stringify(probe, undefined, 2)}\n` : drawProbe(probe, asked, drawOptions(terminal)),
		);
		return exitCodes[probe.outcome.verdict];
	} catch (error) {
		if (!(error instanceof UserError)) throw error;
		terminal.complain(`${error.message}\n`);
		return error.exitCode;
	}
}

const exitCodes = {up: 0, down: 1, unknown: 2};
const exitUsage = 64;
const defaultModule = 'http_2xx';
const longestProbeMs = 120_000;

interface Wanted {
	/** '' where the only target of a check is meant. */
	target: string;
	/** Absent where a check is asked for. */
	module?: string;
	check?: string;
	url: URL;
	json: boolean;
	from?: string;
	config?: string;
	timeoutMs?: number;
	/** Proves to the daemon who asks. */
	authorization?: string;
	/** PEM of the authorities that vouch for the daemon. */
	caFile?: string;
}

function readArguments(args: readonly string[], env: Terminal['env']): Wanted | 'help' {
	const {values, positionals} = parse(args);
	if (values.help) return 'help';
	const [target = '', ...more] = positionals;
	if (more.length > 0) throw usageError(`One TARGET at a time, not ${positionals.length}.`);
	if (target === '' && !values.check) throw usageError('TARGET is missing.');
	if (values.check !== undefined && values.module !== undefined)
		throw usageError('--check runs a check with options of its own, --module those of a module: give one of them.');
	if (values.url !== undefined && values.config !== undefined)
		throw usageError('--url asks a daemon and --config needs none: give one of them.');
	const timeoutMs = values.timeout === undefined ? undefined : parseDurationMs(values.timeout);
	if (values.timeout !== undefined && !(timeoutMs && timeoutMs <= longestProbeMs))
		throw usageError(`--timeout wants a duration up to 2m such as 5s or 800ms, not "${oneLine(values.timeout, 40)}".`);
	const url = parseUrl(values.url ?? (env.TAILPROBE_URL || 'http://127.0.0.1:9753'));
	const tokenFile = values['token-file'] ?? (env.TAILPROBE_TOKEN_FILE || undefined);
	const authorization = values.config === undefined ? authorize(url, tokenFile) : undefined;
	if (values['ca-file'] !== undefined && (values.config !== undefined || url.protocol !== 'https:'))
		throw usageError('--ca-file is for a daemon at https://: give its --url too.');
	const caFile = values['ca-file'] ?? (env.TAILPROBE_CA_FILE || undefined);
	return {
		target,
		...(values.check ? {check: values.check} : {module: values.module ?? defaultModule}),
		url,
		json: values.json ?? false,
		...(values.from === undefined ? {} : {from: values.from}),
		...(values.config === undefined ? {} : {config: values.config}),
		...(timeoutMs === undefined ? {} : {timeoutMs}),
		...(authorization === undefined ? {} : {authorization}),
		...(caFile === undefined || url.protocol !== 'https:' ? {} : {caFile}),
	};
}

/** What the header Authorization says; takes name and password out of the URL, where fetch would refuse them. */
function authorize(url: URL, tokenFile: string | undefined): string | undefined {
	const {username, password} = url;
	url.username = '';
	url.password = '';
	if (tokenFile !== undefined) return `Bearer ${readSecret({file: tokenFile})}`;
	if (username === '' && password === '') return undefined;
	try {
		const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
		return `Basic ${Buffer.from(pair).toString('base64')}`;
	} catch {
		throw usageError('Name and password in the URL have to be percent-encoded.');
	}
}

function parse(args: readonly string[]) {
	const text = {type: 'string'} as const;
	const flag = {type: 'boolean'} as const;
	const options = {
		url: text,
		config: text,
		from: text,
		module: text,
		check: text,
		timeout: text,
		'token-file': text,
		'ca-file': text,
		json: flag,
		help: {...flag, short: 'h'},
	} as const;
	try {
		return parseArgs({args: [...args], options, allowPositionals: true});
	} catch (error) {
		throw usageError(`${messageOf(error)}.`);
	}
}

function parseUrl(text: string): URL {
	const url = URL.parse(text);
	if (!url || !['http:', 'https:'].includes(url.protocol))
		throw usageError(`The daemon's URL is something like http://127.0.0.1:9753, not "${oneLine(text, 100)}".`);
	return url;
}

/** Without user, password and query. */
function shownDaemon({origin, pathname}: URL): string {
	return origin + pathname.replace(/\/+$/, '');
}

function usageError(message: string): UserError {
	return new UserError(`${message}\n\n${probeUsage.trimEnd()}`, exitUsage);
}

async function probeHere(
	{target, module = '', check, from, timeoutMs}: Wanted,
	configPath: string,
): Promise<ProbeJson> {
	const {probeOnce} = await import('../probe-once.ts');
	const request = {
		target,
		module,
		...(check === undefined ? {} : {check}),
		...(from === undefined ? {} : {from}),
		...(timeoutMs === undefined ? {} : {timeoutMs}),
		caller: 'command line',
	};
	const {answer, checks} = await probeOnce({configPath, request});
	if (answer.kind === 'ran') {
		const {check: run} = answer;
		return describeProbe(answer, answer.module ? findAlike(run, checks).map(known => describeKnown(run, known)) : []);
	}
	throw new UserError(answer.detail, answer.kind === 'busy' ? exitCodes.unknown : exitUsage);
}

function drawOptions({columns, isTty, env}: Terminal) {
	const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
	return {
		columns: Math.max(Math.min(columns, 80), 40),
		color: isTty && !env.NO_COLOR && env.TERM !== 'dumb',
		// Only a locale that says otherwise: containers often have none.
		unicode: !locale || /utf-?8/i.test(locale),
	};
}

function processTerminal(): Terminal {
	return {
		write: text => process.stdout.write(text),
		complain: text => process.stderr.write(text),
		columns: process.stdout.columns ?? 80,
		isTty: process.stdout.isTTY ?? false,
		env: process.env,
		labDirectory: labDirectory(),
	};
}
