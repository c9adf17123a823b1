/** What tailprobe reads from headscale: a handful of GETs, each with its meaning, over versions 0.23 to 0.30. */

import {z} from 'zod';
import type {NodeList} from '../inventory/types.ts';
import {UserError} from '../util/errors.ts';
import {rememberAnswers} from './answered.ts';
import {type ApiKeyList, findOwnApiKey, parseApiKeys} from './api-keys.ts';
import {readCertificate, type ServerCertificate} from './certificate.ts';
import {createGetter, describeUrl, HeadscaleError} from './get.ts';
import {parseNodesInSlices} from './nodes.ts';
import {explainPolicyError, type PolicyFact, parsePolicy} from './policy.ts';
import {createPreAuthKeyReader} from './pre-auth-key-reader.ts';
import type {PreAuthKeyList} from './pre-auth-keys.ts';
import {errorWords, type Page, refusal, tryJson} from './refusal.ts';
import {parseRoutes, type RouteList} from './routes.ts';
import {parseUsers, type UserList} from './users.ts';

export interface HeadscaleClientOptions {
	/** Base address of the main listener, such as `https://headscale.example.com`. */
	url: string;
	/** Asked before each request that needs the key, because secrets rotate. Absent: what needs it is not read. */
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
 * Reads headscale. Each request is a GET on a connection of its own. All reject with HeadscaleError, whose message is a sentence
 * without secrets, or with the signal's reason. Those that are optional are absent where a client cannot read them at all; those
 * that may be undefined are so where this version of headscale has no such thing.
 */
export interface HeadscaleClient {
	/** Whether headscale says `pass`, which means that its database answers. */
	health(signal?: AbortSignal): Promise<boolean>;
	/** undefined for headscale before 0.27, which has no such page. */
	version(signal?: AbortSignal): Promise<string | undefined>;
	nodes?: (signal?: AbortSignal) => Promise<NodeList>;
	users?: (signal?: AbortSignal) => Promise<UserList>;
	/** Up to headscale 0.27 one request for each user, because it lists no other way; then within four times the deadline. */
	preAuthKeys?: (signal?: AbortSignal) => Promise<PreAuthKeyList>;
	/** With the id of our own key, where it is listed. */
	apiKeys?: (signal?: AbortSignal) => Promise<ApiKeyList>;
	policy?: (signal?: AbortSignal) => Promise<PolicyFact>;
	/** undefined for headscale from 0.26 on, which tells routes with each node. */
	routes?: (signal?: AbortSignal) => Promise<RouteList | undefined>;
	/** Whether the API finds its database; undefined for headscale before 0.27. */
	apiHealth?: (signal?: AbortSignal) => Promise<boolean | undefined>;
	/** The Prometheus text as it came. Present when its address is configured. */
	metrics?: (signal?: AbortSignal) => Promise<string>;
	/** Resolves with true when what answers tells the key of a control server, as every client asks for before it logs in. */
	key?: (signal?: AbortSignal) => Promise<boolean>;
	/** The certificate of the main listener, also when it is not trusted: nothing is sent. Present for https. */
	certificate?: (signal?: AbortSignal) => Promise<ServerCertificate>;
}

/** Makes a client; nothing is sent yet. Throws UserError when an address is none. */
export function createHeadscaleClient(options: HeadscaleClientOptions): HeadscaleClient {
	const {apiKey, caFile, metricsUrl, timeoutMs, maxAnswerBytes = 8 * 1024 * 1024} = options;
	const base = parseUrl(options.url, 'headscale.url');
	const metricsAddress = metricsUrl === undefined ? undefined : parseUrl(metricsUrl, 'headscale.metrics_url');
	const answered = rememberAnswers();
	const get = createGetter({timeoutMs, maxAnswerBytes, answered, ...(caFile === undefined ? {} : {caFile})});
	const getPage = async (
		path: string,
		signal: AbortSignal | undefined,
		{query = '', headers = {}, maxBytes}: GetPageOptions = {},
	): Promise<Page> => {
		const setting = 'headscale.url';
		const url = new URL(base);
		url.pathname = base.pathname.replace(/\/+$/, '') + path;
		url.search = query;
		const answer = await get({url, setting, headers: {accept: 'application/json', ...headers}, maxBytes, signal});
		return {...answer, tried: `GET ${describeUrl(url)}`, setting};
	};

	return {
		async health(signal) {
			const page = await getPage('/health', signal, {maxBytes: maxFactBytes});
			const health =
				page.status === 200 || page.status === 500 ? healthSchema.safeParse(tryJson(page.text)) : undefined;
			if (health?.success) return health.data.status === 'pass';
			throw refusal(page, 'a health page that says "pass" or "fail"');
		},

		async version(signal) {
			const page = await getPage('/version', signal, {maxBytes: maxFactBytes});
			if (page.status === 404) return undefined;
			const version = page.status === 200 ? versionSchema.safeParse(tryJson(page.text)) : undefined;
			if (version?.success) return version.data.version.replace(/[^A-Za-z0-9.+_-]/g, '_').slice(0, 64);
			throw refusal(page, 'the version of headscale');
		},

		async key(signal) {
			const page = await getPage('/key', signal, {query: `v=${capabilityVersion}`, maxBytes: maxFactBytes});
			if (page.status === 200 && keySchema.safeParse(tryJson(page.text)).success) return true;
			throw refusal(page, 'the key of a control server');
		},

		...(base.protocol === 'https:' && {
			certificate: (signal?: AbortSignal) => readCertificate({url: base, caFile, timeoutMs, answered}, signal),
		}),

		...(apiKey && readApi(getPage, () => checkKey(apiKey()), timeoutMs)),

		...(metricsAddress && {
			async metrics(signal?: AbortSignal) {
				const setting = 'headscale.metrics_url';
				const headers = {accept: 'text/plain;version=0.0.4'};
				const answer = await get({url: metricsAddress, setting, headers, maxBytes: maxMetricsBytes, signal});
				if (answer.status === 200) return answer.text;
				throw refusal({...answer, tried: `GET ${describeUrl(metricsAddress)}`, setting}, 'metrics');
			},
		}),
	};
}

type GetPage = (path: string, signal: AbortSignal | undefined, more?: GetPageOptions) => Promise<Page>;

interface GetPageOptions {
	query?: string;
	headers?: Record<string, string>;
	maxBytes?: number | undefined;
}

type ApiParts = 'nodes' | 'users' | 'preAuthKeys' | 'apiKeys' | 'policy' | 'routes' | 'apiHealth';

/** What needs the API key, which is read anew for each request. */
function readApi(getPage: GetPage, readKey: () => string, timeoutMs: number) {
	const getWithKey = async (path: string, signal: AbortSignal | undefined, query = '') => {
		const key = readKey();
		return {
			key,
			...(await getPage(path, signal, {query, headers: {authorization: `Bearer ${key}`}, maxBytes: maxBytesOf[path]})),
		};
	};
	const readList =
		<T>(path: string, wanted: string, parse: (json: unknown, key: string) => T | undefined | Promise<T | undefined>) =>
		async (signal?: AbortSignal): Promise<T> => {
			const page = await getWithKey(path, signal);
			const list = page.status === 200 ? await parse(tryJson(page.text), page.key) : undefined;
			if (list !== undefined) return list;
			throw refusal(page, wanted, page.key);
		};

	return {
		nodes: readList('/api/v1/node', 'the list of nodes', parseNodesInSlices),
		users: readList('/api/v1/user', 'the list of users', parseUsers),
		preAuthKeys: createPreAuthKeyReader(getWithKey, 4 * timeoutMs),
		apiKeys: readList('/api/v1/apikey', 'the list of API keys', (json, key) => {
			const list = parseApiKeys(json);
			const own = list && findOwnApiKey(list, key);
			return list && own ? {...list, ownId: own.id} : list;
		}),

		async policy(signal) {
			const page = await getWithKey('/api/v1/policy', signal);
			const policy = page.status === 200 ? parsePolicy(tryJson(page.text)) : undefined;
			if (policy) return policy;
			const words = page.status === 500 ? errorWords(page, page.key) : undefined;
			if (words !== undefined) return explainPolicyError(words);
			throw refusal(page, 'the policy', page.key);
		},

		async routes(signal) {
			const page = await getWithKey('/api/v1/routes', signal);
			if (page.status === 404) return undefined;
			const routes = page.status === 200 ? parseRoutes(tryJson(page.text)) : undefined;
			if (routes) return routes;
			throw refusal(page, 'the list of routes', page.key);
		},

		async apiHealth(signal) {
			const page = await getWithKey('/api/v1/health', signal);
			if (page.status === 404) return undefined;
			// A database that does not answer is told as an error.
			if (page.status === 500 && errorWords(page) !== undefined) return false;
			const health = page.status === 200 ? apiHealthSchema.safeParse(tryJson(page.text)) : undefined;
			if (health?.success) return health.data.databaseConnectivity;
			throw refusal(page, "the API's health", page.key);
		},
	} satisfies Pick<HeadscaleClient, ApiParts>;
}

/** Yes or no, or a line. */
const maxFactBytes = 64 * 1024;
/** A few hundred kilobytes with thousands of nodes; reading that blocks everything else. */
const maxMetricsBytes = 2 * 1024 * 1024;
/** Of what has as many entries as there are nodes, such as the routes of old versions, `maxAnswerBytes` alone is the limit. */
const maxBytesOf: Readonly<Record<string, number>> = {
	'/api/v1/health': maxFactBytes,
	'/api/v1/user': 4 * 1024 * 1024,
	'/api/v1/preauthkey': 4 * 1024 * 1024,
	'/api/v1/apikey': 2 * 1024 * 1024,
	'/api/v1/policy': 2 * 1024 * 1024,
};

/** A client that every version from 0.23 to 0.30 still takes. */
const capabilityVersion = 113;

const healthSchema = z.object({status: z.enum(['pass', 'fail'])});
const versionSchema = z.object({version: z.string().min(1)});
const keySchema = z.object({publicKey: z.string().regex(/^mkey:[0-9a-f]{64}$/)});
const apiHealthSchema = z.object({databaseConnectivity: z.boolean()});

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
