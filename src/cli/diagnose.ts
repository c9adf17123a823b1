/** `tailprobe diagnose`: whose fault is it, asked of a running daemon; without a subject what is wrong now. */

import {parseArgs} from 'node:util';
import type {DiagnosisJson, IncidentJson} from '../server/diagnosis-json.ts';
import {diagnosisSchema, incidentsAnswer} from '../server/diagnosis-schema.ts';
import {messageOf, UserError} from '../util/errors.ts';
import {callDaemon, type Daemon} from './call-daemon.ts';
import {daemonOptions, readDaemon, readTimeout, shownDaemon} from './daemon-options.ts';
import {drawDiagnosis} from './draw-diagnosis.ts';
import {drawIncidents} from './draw-incidents.ts';
import {usageExitCode} from './run-command.ts';
import {drawOptions, formatJson, processTerminal, type Terminal, tellMistakes} from './terminal.ts';

export const diagnoseUsage = `Usage: tailprobe diagnose [--url URL] [--from VANTAGE] [--timeout 15s]
                          [--token-file FILE] [--ca-file FILE] [--json] SUBJECT
       tailprobe diagnose [the same but --from]

Says whose fault it is that SUBJECT does not work: the cause, the next commands
to run, and the ladder that it stands on, asked afresh within 10 s. SUBJECT is a
check and its target, the key of a check (CHECK/VANTAGE/TARGET), a node, a
target or a vantage by its name, what a fault is about as this program prints it
("port 7880 on NODE", "pool NAME", headscale), or the address of a page, which
says where the daemon is too. Without SUBJECT: everything that is wrong now,
each fault once, as it is remembered. --timeout may be up to 2m.

  tailprobe diagnose                 what is wrong now
  tailprobe diagnose NODE            a machine, by its name in the tailnet
  tailprobe diagnose CHECK NODE      one check of it

Asks the daemon at --url, by default $TAILPROBE_URL or http://127.0.0.1:9753. A
daemon that asks who you are takes a token from --token-file, by default
$TAILPROBE_TOKEN_FILE, or NAME:PASSWORD@ in the URL. One at https:// with a
certificate of your own authority is believed by --ca-file, a PEM file, by
default $TAILPROBE_CA_FILE.

Exit status: 0 up, or nothing worse than degraded; 1 down, or something is down;
2 unknown, or nobody could be asked; 64 wrong usage; 74 the answer could not be
written; 78 a file with a token or certificate is wrong.
`;

/** Runs the command; answers its exit status. Throws only what is a bug. */
export async function runDiagnose(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
	return tellMistakes(
		terminal,
		async () => {
			const wanted = readArguments(args, terminal);
			if (wanted === 'help') {
				terminal.write(diagnoseUsage);
				return 0;
			}
			return wanted.subject === '' ? await tellIncidents(wanted, terminal) : await tellDiagnosis(wanted, terminal);
		},
		args.includes('--json'),
	);
}

const exitCodes = {up: 0, degraded: 0, down: 1, unknown: 2};
const widest = 100;
const defaultTimeoutMs = 15_000;
/** Of what the daemon takes for a subject. */
const longestSubject = 2048;
const largestDiagnosis = 1_048_576;
/** A thousand faults, each with its evidence. */
const largestIncidents = 16_777_216;

interface Wanted {
	daemon: Daemon;
	/** '' where none was given. */
	subject: string;
	from?: string;
	timeoutMs: number;
	json: boolean;
}

async function tellDiagnosis({daemon, subject, from, timeoutMs, json}: Wanted, terminal: Terminal): Promise<number> {
	const diagnosis = await callDaemon(daemon, {
		path: 'api/v1/diagnose',
		body: {subject, ...(from === undefined ? {} : {from})},
		schema: diagnosisSchema,
		timeoutMs,
		maxCharacters: largestDiagnosis,
	});
	const asked = {url: shownDaemon(daemon.url), nowMs: answeredAt(diagnosis)};
	terminal.write(json ? formatJson(diagnosis) : drawDiagnosis(diagnosis, asked, drawOptions(terminal, widest)));
	return exitCodes[diagnosis.verdict];
}

async function tellIncidents({daemon, timeoutMs, json}: Wanted, terminal: Terminal): Promise<number> {
	const answer = await callDaemon(daemon, {
		path: 'api/v1/incidents',
		schema: incidentsAnswer,
		timeoutMs,
		maxCharacters: largestIncidents,
	});
	const asked = {url: shownDaemon(daemon.url), nowMs: Date.now()};
	terminal.write(json ? formatJson(answer) : drawIncidents(answer.incidents, asked, drawOptions(terminal, widest)));
	return exitCodes[worstOf(answer.incidents)];
}

/** By the daemon's clock, so that ages are right where ours is wrong. */
function answeredAt({asked}: DiagnosisJson): number {
	return asked ? Date.parse(asked.at) + Math.min(Math.max(asked.durationSeconds, 0), 60) * 1000 : Date.now();
}

function worstOf(incidents: readonly IncidentJson[]): keyof typeof exitCodes {
	const states = new Set(incidents.map(({state}) => state));
	return (['down', 'unknown', 'degraded'] as const).find(state => states.has(state)) ?? 'up';
}

function readArguments(args: readonly string[], terminal: Terminal): Wanted | 'help' {
	const {values, positionals} = parse(args);
	if (values.help) return 'help';
	const typed = positionals.join(' ').trim();
	if (typed === '' && positionals.length > 0) throw usageError('SUBJECT is empty.');
	if (typed === '' && values.from !== undefined) throw usageError('--from is for a SUBJECT: give one.');
	const page = readPageAddress(typed, values.url ?? terminal.env.TAILPROBE_URL);
	const subject = page?.subject ?? typed;
	if (subject.length > longestSubject) throw usageError(`SUBJECT has more than ${longestSubject} characters.`);
	return {
		daemon: readDaemon(values, terminal, usageError, page?.daemon),
		subject,
		...(values.from === undefined ? {} : {from: values.from}),
		timeoutMs: readTimeout(values.timeout, usageError) ?? defaultTimeoutMs,
		json: values.json ?? false,
	};
}

/** Browsers hide the scheme: `probe.example.com/checks/…` and `127.0.0.1:9753/nodes/…` are addresses all the same. */
function parseWithoutScheme(text: string, known?: string): URL | undefined {
	const isAddress = /^(?:localhost|[^\s/]*[.:][^\s/]*)\/(?:\S*\/)?(?:checks|nodes)\/\S+$/i.test(text);
	const usual = URL.parse(known || usualUrl);
	const isUsual = usual !== null && (text === usual.host || text.startsWith(`${usual.host}/`));
	const scheme = isUsual ? usual.protocol : 'http:';
	return isAddress || isUsual ? (URL.parse(`${scheme}//${text}`) ?? undefined) : undefined;
}

/** Of the daemon that is asked anyhow, or of any where nothing else can be meant: the list of all that is wrong. */
function isFrontPage({host, pathname, port}: URL, known?: string): boolean {
	const usual = URL.parse(known || usualUrl);
	const path = pathname.replace(/\/+$/, '');
	if (usual?.host === host) return path === usual.pathname.replace(/\/+$/, '');
	return path === '' && port === '9753';
}

const usualUrl = 'http://127.0.0.1:9753';

/** A pasted address of a page says what is meant, and where the daemon is; what else it holds, such as a password, is not sent on. */
function readPageAddress(text: string, known?: string): {daemon: URL; subject: string} | undefined {
	const page = /^https?:/i.test(text) ? URL.parse(text) : parseWithoutScheme(text, known);
	if (page && isFrontPage(page, known)) return {daemon: new URL(page.pathname, page), subject: ''};
	const [, prefix, kind, name] = /^(.*?)\/(checks|nodes)\/(.+)$/.exec(page?.pathname ?? '') ?? [];
	if (!page || prefix === undefined || name === undefined) return undefined;
	const daemon = new URL(page);
	daemon.pathname = prefix.replace(/\/api\/v1$/, '');
	daemon.search = '';
	daemon.hash = '';
	// Where a diagnosis was asked for on the page, or the history by the API.
	const bare = name.replace(/^([^/]+)\/(?:diagnose|history)?\/?$/, '$1');
	return {daemon, subject: kind === 'nodes' ? `node ${decode(bare)}` : `${page.origin}${prefix}/checks/${bare}`};
}

function decode(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

function parse(args: readonly string[]) {
	const text = {type: 'string'} as const;
	const flag = {type: 'boolean'} as const;
	const options = {...daemonOptions, from: text, timeout: text, json: flag, help: {...flag, short: 'h'}} as const;
	try {
		return parseArgs({args: [...args], options, allowPositionals: true});
	} catch (error) {
		throw usageError(`${messageOf(error)}.`);
	}
}

function usageError(message: string): UserError {
	return new UserError(`${message}\n\n${diagnoseUsage.trimEnd()}`, usageExitCode);
}
