/** One probe asked of a running daemon, over HTTP or HTTPS; whatever stands in the way is a sentence that says what to do. */

import {X509Certificate} from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import {z} from 'zod';
import {commandLab} from '../lab/commanding.ts';
import {probeSchema} from '../server/api-schemas.ts';
import type {ProbeJson} from '../server/json.ts';
import {readTextNow} from '../util/changing-file.ts';
import {messageOf, oneLine, UserError} from '../util/errors.ts';

export interface Question {
	/** Where the daemon is; without user and password. */
	url: URL;
	/** '' where the only target of a check is meant. */
	target: string;
	/** Absent where a check is asked for. */
	module?: string;
	check?: string;
	from?: string;
	timeoutMs?: number;
	/** The header Authorization. */
	authorization?: string;
	/** Where a lab of this user is found, whose daemon may be the one that is meant. */
	labDirectory: string;
	/** A PEM file: only authorities in it are trusted, instead of Node's. */
	caFile?: string;
}

/** Throws a UserError: with exit code 2 when nobody could be asked, 64 when the daemon says that the question is wrong. */
export async function askDaemon(question: Question): Promise<ProbeJson> {
	const {url, caFile, labDirectory} = question;
	const ca = caFile === undefined ? undefined : readAuthorities(caFile);
	let answer: Answer;
	try {
		answer = await get(question, ca);
	} catch (error) {
		throw new UserError(explainFailure(url, error, caFile, await adviceFor(url, labDirectory)), exitUnknown);
	}
	const {status, text} = answer;
	const body = parse(text);
	const probe = status === 200 || status === 503 ? probeSchema.safeParse(body) : undefined;
	if (probe?.success) return probe.data;
	const problem = problemSchema.safeParse(body);
	if (!problem.success)
		throw new UserError(explainStrangeAnswer(url, answer, body, await adviceFor(url, labDirectory)), exitUnknown);
	const detail = oneLine(problem.data.detail, 500);
	if (status === 401) throw new UserError(`${detail} ${howToProve}`, exitUnknown);
	throw new UserError(detail, status === 400 ? exitUsage : exitUnknown);
}

const exitUnknown = 2;
const exitUsage = 64;
/** What the answer may take beyond the probe itself, and in all when no timeout was given. */
const answerSlackMs = 5000;
const longestProbeMs = 120_000;
const largestAnswer = 1_048_576;
const largestCaFile = 1_048_576;

const problemSchema = z.object({detail: z.string()});
const howToProve = 'Give a token with --token-file FILE or TAILPROBE_TOKEN_FILE, or NAME:PASSWORD@ in the URL.';

interface Answer {
	status: number;
	text: string;
}

function get(
	{url, target, module, check, from, timeoutMs, authorization}: Question,
	ca: string | undefined,
): Promise<Answer> {
	const endpoint = new URL('probe', url.href.endsWith('/') ? url : `${url.href}/`);
	endpoint.search = new URLSearchParams({
		...(target === '' ? {} : {target}),
		...(module === undefined ? {} : {module}),
		...(check === undefined ? {} : {check}),
		...(from === undefined ? {} : {from}),
	}).toString();
	const options: https.RequestOptions = {
		agent: false,
		signal: AbortSignal.timeout((timeoutMs ?? longestProbeMs) + answerSlackMs),
		headers: {
			Accept: 'application/json',
			...(authorization === undefined ? {} : {Authorization: authorization}),
			// The daemon takes half a second off, as it does for Prometheus.
			...(timeoutMs === undefined ? {} : {'X-Prometheus-Scrape-Timeout-Seconds': String(timeoutMs / 1000 + 0.5)}),
		},
		...(ca === undefined ? {} : {ca}),
	};
	const {promise, resolve, reject} = Promise.withResolvers<Answer>();
	const request = (endpoint.protocol === 'https:' ? https : http).get(endpoint, options, response => {
		readBounded(response).then(text => resolve({status: response.statusCode ?? 0, text}), reject);
	});
	request.on('error', reject);
	return promise;
}

async function readBounded(response: http.IncomingMessage): Promise<string> {
	let text = '';
	for await (const chunk of response.setEncoding('utf8')) {
		text += chunk;
		if (text.length > largestAnswer) throw new Error('its answer has more than a million characters');
	}
	return text;
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function readAuthorities(path: string): string {
	const text = readTextNow(path, largestCaFile);
	try {
		new X509Certificate(text);
	} catch {
		throw new UserError(`${path} holds no certificate: expected PEM with -----BEGIN CERTIFICATE-----.`, 78);
	}
	return text;
}

function explainFailure(url: URL, error: unknown, caFile: string | undefined, advice: string): string {
	const code = codeOf(error);
	const {origin, host} = url;
	const ours = caFile === undefined ? 'that this machine trusts' : `in ${caFile}`;
	if (unknownAuthority.has(code))
		return `Something answers at ${origin}, but no authority ${ours} vouches for its certificate (${code}). Name a file with its authority: --ca-file FILE or TAILPROBE_CA_FILE.`;
	if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
		return `Something answers at ${origin}, but its certificate is for other names than ${url.hostname}. Put a name that it has into --url.`;
	if (code.startsWith('CERT_'))
		return `Something answers at ${origin}, but its certificate is not valid (${code}). It needs a new one.`;
	if (url.protocol === 'https:' && /wrong version number|packet length too long/.test(messageOf(error)))
		return `What listens at ${host} speaks no HTTPS. Ask it at http://${host}, if it is a tailprobe.`;
	if (url.protocol === 'http:' && ['ECONNRESET', 'HPE_INVALID_CONSTANT'].includes(code))
		return `${nobody(url)}: what listens there ended the connection without an answer. Perhaps it speaks HTTPS: try --url https://${host}.`;
	return `${nobody(url)}: ${plainly[code] ?? messageOf(error)}. ${advice}`;
}

function explainStrangeAnswer(url: URL, {status, text}: Answer, body: unknown, advice: string): string {
	if (url.protocol === 'http:' && status === 400 && /\bhttps\b/i.test(text))
		return `What listens at ${url.host} speaks HTTPS: ask it at https://${url.host}.`;
	const what = body === undefined ? 'with something that is not JSON' : 'with nothing that a tailprobe says';
	return `${nobody(url)}: it answered with status ${status}, and ${what}. ${advice}`;
}

function nobody({origin}: URL): string {
	return `No tailprobe answers at ${origin}`;
}

/** What to do where none answers. A lab is not asked unbidden: who means another daemon would take its answer for that one's. */
async function adviceFor(url: URL, labDirectory: string): Promise<string> {
	const lab = await commandLab(labDirectory, {do: 'status'}).catch(() => undefined);
	const at = lab?.ok ? lab.status.url : undefined;
	if (at === undefined || URL.parse(at)?.origin === url.origin) return usualAdvice;
	return `Your lab does, at ${at}: to ask that one, add --url ${at}, or set TAILPROBE_URL.`;
}

const usualAdvice =
	'Start one with "tailprobe serve --config FILE", name another with --url or TAILPROBE_URL, or give --config FILE to probe without one.';

/** Where Node's own words say less. */
const plainly: Record<string, string> = {
	ECONNREFUSED: 'nothing listens there (ECONNREFUSED)',
	ABORT_ERR: 'it did not answer in time',
};

const unknownAuthority: ReadonlySet<string> = new Set([
	'DEPTH_ZERO_SELF_SIGNED_CERT',
	'SELF_SIGNED_CERT_IN_CHAIN',
	'UNABLE_TO_GET_ISSUER_CERT',
	'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
	'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
	'CERT_SIGNATURE_FAILURE',
]);

function codeOf(error: unknown): string {
	return error instanceof Error && 'code' in error ? String(error.code) : '';
}
