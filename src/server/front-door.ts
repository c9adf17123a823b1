/** Who may come in at all: judged before any route is looked at, in one order for everybody. */

import {BlockList, isIP} from 'node:net';
import {TLSSocket} from 'node:tls';
import type {NextFunction, Request, RequestHandler, Response} from 'express';
import type {WebConfig} from '../config/web-config.ts';
import {callerOf, entrust} from './door/caller.ts';
import type {Door} from './door/door.ts';
import {describeRequest, type RefusalKind} from './door/refusals.ts';
import {signIn} from './door/sign-in.ts';
import {refuse} from './problem.ts';

/** Why somebody is sent away, and how it is said. */
export interface Refusal {
	kind: RefusalKind;
	status: number;
	/** A sentence. */
	detail: string;
	headers?: Record<string, string | string[]>;
}

/** Says why something fails to those who may know. */
const readyPath = '/-/ready';
/** What answers whoever asks, always: a kubelet has no password. It says that we live, and which sources fail. */
const forEverybody: ReadonlySet<string> = new Set(['/-/healthy', readyPath]);
/** What answers even beyond loopback where nobody is asked who they are: it tells numbers, starts nothing, and reaches nowhere. */
const openPaths: ReadonlySet<string> = new Set(['/metrics', ...forEverybody]);

/**
 * 1. A web configuration that cannot be used shuts the door (500). 2. The rate of all requests (429). 3. On loopback the Host header
 * must be a loopback name, so that a page whose name was rebound to 127.0.0.1 reads nothing (403). 4. Where proof is asked for,
 * everybody has to bring it (401, 403); where it is not, only the open paths answer beyond loopback (403). 5. Nothing that starts a
 * run or changes something may be asked for by a foreign page (403), 6. nor by one caller too often (429).
 * The caller's address decides nothing: with a userspace tailscaled every tailnet caller comes from 127.0.0.1.
 */
export function guardFrontDoor(listenHost: string, door: Door): RequestHandler {
	const onLoopback = isLoopbackHost(listenHost);

	return async (request: Request, response: Response, next: NextFunction) => {
		const refusal = await judge(request, response);
		const isScrape = request.path === '/metrics' && request.method === 'GET';
		if (!refusal) {
			if (isScrape) door.scrapes.answered();
			return next();
		}
		if (isScrape) door.scrapes.refused(refusal.status);
		door.refusals.note(refusal.kind, describeRequest(request));
		if (refusal.headers) response.set(refusal.headers);
		refuse(request, response, refusal.status, titles[refusal.status] ?? 'Forbidden', refusal.detail);
	};

	async function judge(request: Request, response: Response): Promise<Refusal | undefined> {
		const web = door.settings.now();
		if (web) response.set(web.headers);
		const nameless = onLoopback ? objectToHost(request) : undefined;
		if (forEverybody.has(request.path)) {
			if (request.path === readyPath && !nameless) await entrustWhoMayKnow(request, web);
			return nameless ?? objectToForeignPage(request, onLoopback);
		}
		if (!web) return brokenSettings;
		// The certificate came just now, and passwords are not to be asked for where they would travel as they are.
		if (web.tls && !(request.socket instanceof TLSSocket)) return connectAgain;
		const certificates = web.tls && door.certificates.look(web.tls);
		if (web.tls?.clientAuth.includes('Verify')) {
			if (certificates?.problem !== undefined) return brokenSettings;
			if (certificates?.changed) return connectAgain;
		}
		return (
			tooManyAtAll(web) ??
			nameless ??
			(door.asks(web)
				? await signIn(request, door, web)
				: onLoopback
					? undefined
					: objectBeyondLoopback(request, listenHost)) ??
			objectToForeignPage(request, onLoopback) ??
			tooManyOf(request)
		);
	}

	/** Turns nobody away; a wrong proof counts as everywhere, so that none can be guessed here unseen. */
	async function entrustWhoMayKnow(request: Request, web: WebConfig | undefined): Promise<void> {
		if (!web) return;
		if (!door.asks(web)) {
			if (onLoopback) entrust(request);
			return;
		}
		if (web.tls && !(request.socket instanceof TLSSocket)) return;
		const certificates = web.tls?.clientAuth.includes('Verify') ? door.certificates.look(web.tls) : undefined;
		if (certificates?.problem !== undefined || certificates?.changed) return;
		const showsSomething = request.headers.authorization !== undefined;
		const refusal = (showsSomething ? tooManyAtAll(web) : undefined) ?? (await signIn(request, door, web));
		if (!refusal) entrust(request);
		else if (showsSomething) door.refusals.note(refusal.kind, describeRequest(request));
	}

	function tooManyAtAll({rate}: WebConfig): Refusal | undefined {
		const waitMs = rate ? door.buckets.all.take('', rate) : 0;
		return waitMs > 0
			? tooMany('rate', waitMs, 'More requests come than rate_limit of the web configuration allows.')
			: undefined;
	}

	function tooManyOf(request: Request): Refusal | undefined {
		if (!startsSomething(request)) return undefined;
		const waitMs = door.buckets.starts.take(callerOf(request).key, door.callerRate());
		return waitMs > 0
			? tooMany('caller_rate', waitMs, 'You start more than adhoc.rate of the configuration allows to one caller.')
			: undefined;
	}
}

/** Whether the host part of a listen address or of a Host header means this machine only. No name is looked up. */
export function isLoopbackHost(host: string): boolean {
	const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
	if (bare === 'localhost') return true;
	const family = isIP(bare);
	return family !== 0 && loopback.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

const titles: Record<number, string> = {
	401: 'Unauthorized',
	403: 'Forbidden',
	429: 'Too Many Requests',
	500: 'Internal Server Error',
	503: 'Service Unavailable',
};

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const brokenSettings: Refusal = {
	kind: 'web_config',
	status: 500,
	detail: 'The web configuration of tailprobe cannot be used, so nobody is let in; its log says what is wrong.',
};

const connectAgain: Refusal = {
	kind: 'certificate',
	status: 403,
	detail: 'The certificates of tailprobe changed just now: connect again.',
};

function tooMany(kind: RefusalKind, waitMs: number, detail: string): Refusal {
	const seconds = Math.ceil(waitMs / 1000);
	return {kind, status: 429, detail: `${detail} Try again in ${seconds} s.`, headers: {'Retry-After': String(seconds)}};
}

function objectBeyondLoopback(request: Request, listenHost: string): Refusal | undefined {
	if (openPaths.has(request.path)) return undefined;
	return {
		kind: 'no_auth_configured',
		status: 403,
		detail:
			`tailprobe listens on ${listenHost}, beyond loopback, and nobody is asked for a password: only ${[...openPaths].join(', ')} answer here. ` +
			'For everything else set web.config_file or web.bearer_tokens, or let web.listen be a loopback address and come through ssh -L or kubectl port-forward.',
	};
}

function objectToHost({headers: {host}}: Request): Refusal | undefined {
	const hostName = host === undefined ? undefined : /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(host)?.[1];
	if (hostName !== undefined && isLoopbackHost(hostName)) return undefined;
	return {
		kind: 'host',
		status: 403,
		detail:
			'tailprobe listens on loopback and answers only when it is called localhost, 127.0.0.1 or [::1] in the Host header.',
	};
}

/** Browsers send passwords and client certificates along by themselves, so a page of another site must not be able to start anything. */
function objectToForeignPage(request: Request, onLoopback: boolean): Refusal | undefined {
	if (!startsSomething(request)) return undefined;
	const {host, origin} = request.headers;
	const site = request.headers['sec-fetch-site'];
	const foreign = site !== undefined && site !== 'same-origin' && site !== 'none';
	if (!foreign && (origin === undefined || isOwnOrigin(origin, request, host, onLoopback))) return undefined;
	return {
		kind: 'cross_site',
		status: 403,
		detail:
			'This request comes from a page of another site, and it would start a run or change something. Open the address directly.',
	};
}

function isOwnOrigin(origin: string, {socket}: Request, host: string | undefined, onLoopback: boolean): boolean {
	if (host === undefined) return false;
	const schemes = socket instanceof TLSSocket ? ['https'] : onLoopback ? ['http'] : ['http', 'https'];
	// Beyond loopback something in front of us may speak TLS for us.
	return schemes.some(scheme => origin === `${scheme}://${host}`);
}

function startsSomething({path, method}: Request): boolean {
	return path.toLowerCase().startsWith('/probe') || (method !== 'GET' && method !== 'HEAD');
}
