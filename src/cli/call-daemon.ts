/** One question to a running daemon, over HTTP or HTTPS; whatever stands in the way is a sentence that says what to do. */

import {X509Certificate} from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import {z} from 'zod';
import {readTextNow} from '../util/changing-file.ts';
import {oneLine, UserError} from '../util/errors.ts';
import {explainFailure, explainStrangeAnswer} from './explain-call.ts';
import {usageExitCode} from './run-command.ts';

/** A daemon, and who asks it. */
export interface Daemon {
	/** Without user and password. */
	url: URL;
	/** The header Authorization. */
	authorization?: string;
	/** A PEM file: only authorities in it are trusted, instead of Node's. */
	caFile?: string;
	/** Where a lab of this user is found, whose daemon may be the one that is meant. */
	labDirectory: string;
}

export interface Call<S extends z.ZodType> {
	/** Below the URL of the daemon, without a slash in front; may have a query. */
	path: string;
	/** Sent by POST, as JSON; without it the call is a GET. */
	body?: unknown;
	headers?: Readonly<Record<string, string>>;
	/** What a good answer is. */
	schema: S;
	/** Until the whole answer is there. */
	timeoutMs: number;
	/** More characters than this are nobody's answer. */
	maxCharacters: number;
	/** What else can be done where no daemon answers: goes on after a comma. */
	otherwise?: string;
}

/** Throws a UserError: with exit code 2 when nobody could be asked, 64 when the daemon says that the question is wrong. */
export async function callDaemon<S extends z.ZodType>(daemon: Daemon, call: Call<S>): Promise<z.output<S>> {
	const ca = daemon.caFile === undefined ? undefined : readAuthorities(daemon.caFile);
	let answer: Answer;
	try {
		answer = await send(daemon, call, ca);
	} catch (error) {
		throw new UserError(await explainFailure(daemon, error, call), exitUnknown);
	}
	const {status, text} = answer;
	const body = parse(text);
	const good = status === 200 || status === 503 ? call.schema.safeParse(body) : undefined;
	if (good?.success) return good.data;
	const problem = problemSchema.safeParse(body);
	if (!problem.success)
		throw new UserError(
			await explainStrangeAnswer(daemon, {...answer, isJson: body !== undefined}, call.otherwise),
			exitUnknown,
		);
	const {errors = []} = problem.data;
	const detail = oneLine(problem.data.detail, 1000);
	if (status === 401) throw new UserError(`${detail} ${howToProve}`, exitUnknown);
	// A path that an older daemon does not have is nobody's mistake; then no field is named.
	const isMistake = status === 400 || ((status === 404 || status === 422) && errors.length > 0);
	throw new UserError(detail, isMistake ? usageExitCode : exitUnknown);
}

const exitUnknown = 2;
const largestCaFile = 1_048_576;

const problemSchema = z.object({detail: z.string(), errors: z.array(z.unknown()).optional()});
const howToProve = 'Give a token with --token-file FILE or TAILPROBE_TOKEN_FILE, or NAME:PASSWORD@ in the URL.';

interface Answer {
	status: number;
	text: string;
}

function send(
	{url, authorization}: Daemon,
	{path, body, headers, timeoutMs, maxCharacters}: Call<z.ZodType>,
	ca: string | undefined,
): Promise<Answer> {
	const endpoint = new URL(path, url.href.endsWith('/') ? url : `${url.href}/`);
	const content = body === undefined ? undefined : JSON.stringify(body);
	const options: https.RequestOptions = {
		agent: false,
		method: content === undefined ? 'GET' : 'POST',
		signal: AbortSignal.timeout(timeoutMs),
		headers: {
			Accept: 'application/json',
			...(authorization === undefined ? {} : {Authorization: authorization}),
			...(content === undefined
				? {}
				: {'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content)}),
			...headers,
		},
		...(ca === undefined ? {} : {ca}),
	};
	const {promise, resolve, reject} = Promise.withResolvers<Answer>();
	const request = (endpoint.protocol === 'https:' ? https : http).request(endpoint, options, response => {
		readBounded(response, maxCharacters).then(text => resolve({status: response.statusCode ?? 0, text}), reject);
	});
	request.on('error', reject);
	request.end(content);
	return promise;
}

async function readBounded(response: http.IncomingMessage, maxCharacters: number): Promise<string> {
	let text = '';
	for await (const chunk of response.setEncoding('utf8')) {
		text += chunk;
		if (text.length > maxCharacters)
			throw new Error(`its answer has more than ${maxCharacters.toLocaleString('en')} characters`);
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
