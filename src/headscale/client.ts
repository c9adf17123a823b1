/** What tailprobe reads from headscale: four GETs, each with its meaning, over versions 0.23 to 0.30. */

import {z} from 'zod';
import type {NodeList} from '../inventory/types.ts';
import {oneLine, UserError} from '../util/errors.ts';
import {type Answer, createGetter, describeUrl, HeadscaleError} from './get.ts';
import {parseNodes} from './nodes.ts';

export interface HeadscaleClientOptions {
	/** Base address of the main listener, such as `https://headscale.example.com`. */
	url: string;
	/** Asked before each request that needs the key, because secrets rotate. Absent: nodes are not read. */
	apiKey?: (() => string | undefined) | undefined;
	/** A PEM file with the only CAs to trust. */
	caFile?: string | undefined;
	/** Address of the Prometheus text. Absent: it is not read. */
	metricsUrl?: string | undefined;
	/** The one deadline of each request. */
	timeoutMs: number;
	/** Default 8 MiB. */
	maxAnswerBytes?: number | undefined;
}

/**
 * Reads headscale. Each call is one GET on a connection of its own. All reject with HeadscaleError, whose message is a sentence
 * without secrets, or with the signal's reason.
 */
export interface HeadscaleClient {
	/** Whether headscale says `pass`, which means that its database answers. */
	health(signal?: AbortSignal): Promise<boolean>;
	/** Present when an API key is configured. */
	nodes?: (signal?: AbortSignal) => Promise<NodeList>;
	/** undefined for headscale before 0.27, which has no such page. */
	version(signal?: AbortSignal): Promise<string | undefined>;
	/** The Prometheus text as it came. Present when its address is configured. */
	metrics?: (signal?: AbortSignal) => Promise<string>;
}

/** Makes a client; nothing is sent yet. Throws UserError when an address is none. */
export function createHeadscaleClient(options: HeadscaleClientOptions): HeadscaleClient {
	const {apiKey, caFile, metricsUrl, timeoutMs, maxAnswerBytes = 8 * 1024 * 1024} = options;
	const base = parseUrl(options.url, 'headscale.url');
	const metricsAddress = metricsUrl === undefined ? undefined : parseUrl(metricsUrl, 'headscale.metrics_url');
	const get = createGetter({timeoutMs, maxAnswerBytes, ...(caFile === undefined ? {} : {caFile})});
	const getPage = async (path: string, signal: AbortSignal | undefined, headers: Record<string, string> = {}) => {
		const url = new URL(base);
		url.pathname = base.pathname.replace(/\/+$/, '') + path;
		const answer = await get({
			url,
			setting: 'headscale.url',
			headers: {accept: 'application/json', ...headers},
			signal,
		});
		return {...answer, tried: `GET ${describeUrl(url)}`, setting: 'headscale.url'};
	};

	return {
		async health(signal) {
			const page = await getPage('/health', signal);
			const health =
				page.status === 200 || page.status === 500 ? healthSchema.safeParse(tryJson(page.text)) : undefined;
			if (health?.success) return health.data.status === 'pass';
			throw refusal(page, 'a health page that says "pass" or "fail"');
		},

		async version(signal) {
			const page = await getPage('/version', signal);
			if (page.status === 404) return undefined;
			const version = page.status === 200 ? versionSchema.safeParse(tryJson(page.text)) : undefined;
			if (version?.success) return version.data.version.replace(/[^A-Za-z0-9.+_-]/g, '_').slice(0, 64);
			throw refusal(page, 'the version of headscale');
		},

		...(apiKey && {
			async nodes(signal?: AbortSignal) {
				const key = checkKey(apiKey());
				const page = await getPage('/api/v1/node', signal, {authorization: `Bearer ${key}`});
				const list = page.status === 200 ? parseNodes(tryJson(page.text)) : undefined;
				if (list) return list;
				throw refusal(page, 'the list of nodes', key);
			},
		}),

		...(metricsAddress && {
			async metrics(signal?: AbortSignal) {
				const setting = 'headscale.metrics_url';
				const headers = {accept: 'text/plain;version=0.0.4'};
				const answer = await get({url: metricsAddress, setting, headers, signal});
				if (answer.status === 200) return answer.text;
				throw refusal({...answer, tried: `GET ${describeUrl(metricsAddress)}`, setting}, 'metrics');
			},
		}),
	};
}

const healthSchema = z.object({status: z.enum(['pass', 'fail'])});
const versionSchema = z.object({version: z.string().min(1)});

/** Both ways in which headscale words an error: gateway (0.23–0.29) and problem+json (0.30). */
const errorSchema = z.union([
	z.object({message: z.string().min(1)}).transform(({message}) => message),
	z
		.object({title: z.string().optional(), detail: z.string().optional()})
		.transform(({title, detail}) => [title, detail].filter(Boolean).join(': ')),
]);

type Page = Answer & {tried: string; setting: string};

/** Why an answer cannot be used, as a sentence. */
function refusal({tried, setting, status, headers, text}: Page, wanted: string, key?: string): HeadscaleError {
	const hide = (raw: string) => oneLine(key === undefined ? raw : raw.replaceAll(key, '<redacted>'), 200);
	const words = hide(errorSchema.safeParse(tryJson(text)).data || text);
	const said = words === '' ? 'The answer was empty.' : `The answer said: "${words}".`;
	// headscale up to 0.26 refuses a key that it does not know with 500 and this word.
	if (status === 401 || (key !== undefined && status === 500 && text.trim() === 'Unauthorized')) {
		return new HeadscaleError(
			key === undefined
				? `${tried} was refused with 401, although ${wanted} needs no key: something before headscale asks for a login. ${said}`
				: `${tried} was refused with ${status}: the API key is wrong or has expired. Create one with "headscale apikeys create" and put it where headscale.api_key points. ${said}`,
		);
	}
	if (status >= 300 && status < 400) {
		const location = hide(String(headers.location ?? 'nowhere').replace(/[?#].*$/s, ''));
		return new HeadscaleError(
			`${tried} was redirected with ${status} to ${location}, and redirects are not followed. Put headscale's own address into ${setting}.`,
		);
	}
	if (status !== 200) {
		return new HeadscaleError(
			`${tried} answered ${status}, wanted was 200 with ${wanted}. ${said} headscale's log may say more.`,
		);
	}
	// Broken JSON is never quoted: it may hold pre-auth keys, which headscale up to 0.27 tells in plain text.
	const looksJson = /^\s*[[{]/.test(text);
	const came = looksJson
		? `JSON that is cut short or of another shape (${text.length} characters)`
		: 'something that is not JSON';
	return new HeadscaleError(
		`${tried} answered with ${came}, wanted was ${wanted}. Does ${setting} lead to headscale itself?${looksJson ? '' : ` ${said}`}`,
	);
}

function tryJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function checkKey(key: string | undefined): string {
	const trimmed = key?.trim() ?? '';
	if (trimmed === '') {
		throw new HeadscaleError(
			'The API key is empty: create one with "headscale apikeys create" and put it where headscale.api_key points.',
		);
	}
	if (/^[\u0021-\u007e]+$/.test(trimmed)) return trimmed;
	throw new HeadscaleError(
		'The API key holds blanks or characters that no key has: headscale.api_key must point at the bare key.',
	);
}

function parseUrl(text: string, setting: string): URL {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password) return url;
	throw new UserError(`${setting} must be an http:// or https:// address without user and password.`, 78);
}
