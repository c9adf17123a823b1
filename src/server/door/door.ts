/** What the front door knows and counts; `front-door.ts` decides with it. */

import type {BearerToken} from '../../config/types.ts';
import type {WebConfig} from '../../config/web-config.ts';
import type {Clock} from '../../util/clock.ts';
import {UserError} from '../../util/errors.ts';
import {createTokenBuckets, type Rate, type TokenBuckets} from '../../util/token-bucket.ts';
import type {Log} from '../routes/types.ts';
import {type Certificates, createCertificates} from './certificates.ts';
import {createPasswords, type Passwords} from './passwords.ts';
import {createRefusals, type RefusalKind, type Refusals} from './refusals.ts';
import {createScrapeTimes, type ScrapeTimes} from './scrapes.ts';
import {createTokens, type Tokens} from './tokens.ts';
import {createWebSettings, type WebSettings} from './web-settings.ts';

export interface Door {
	readonly settings: WebSettings;
	readonly certificates: Certificates;
	readonly passwords: Passwords;
	readonly tokens: Tokens;
	readonly refusals: Refusals;
	/** Of all requests together, and of what each caller starts. */
	readonly buckets: {all: TokenBuckets; starts: TokenBuckets};
	bearerTokens(): readonly BearerToken[];
	callerRate(): Rate;
	/** Whether anybody has to prove who they are. */
	asks(web: WebConfig): boolean;
	/** What people should know when it listens beyond loopback; undefined: nothing. */
	warnBeyondLoopback(): string | undefined;
	/** What shuts the door to some or all at present, as sentences. */
	problems(): string[];
	readonly log: Log;
	readonly scrapes: ScrapeTimes;
	stop(): Promise<void>;
}

export interface DoorOptions {
	/** The web configuration file. */
	webConfigPath?: string | undefined;
	bearerTokens?: () => readonly BearerToken[];
	callerRate?: () => Rate;
	clock: Clock;
	log: Log;
	count?: (kind: RefusalKind, by: number) => void;
	onBug?: (text: string) => void;
}

/**
 * At the start what is there must be right, and what stands in the environment must be there: it can never come later. Files may, as
 * those that a pod gets of Secrets: until then they open nothing, and a web configuration or certificate that is awaited keeps the
 * door shut. Throws a UserError with all that is wrong.
 */
export function insistOnDoor(door: Door): void {
	door.settings.now();
	const mistake = door.certificates.mistake();
	if (mistake !== undefined) throw new UserError(mistake, 78);
	const problems = door.tokens.problems(door.bearerTokens().filter(({secret}) => 'env' in secret));
	if (problems.length > 0) throw new UserError(problems.join('\n'), 78);
}

/** As many callers are told apart. */
const maxCallers = 4096;
const defaultRate: Rate = {count: 2400, perMs: 60_000};

/** Throws a UserError when the web configuration is there and wrong. */
export function createDoor(options: DoorOptions): Door {
	const {clock, log, bearerTokens = () => [], callerRate = () => defaultRate} = options;
	const file = createWebSettings(options.webConfigPath, log);
	const tokens = createTokens();
	const certificates = createCertificates(log);
	const settings: WebSettings = {
		now() {
			const web = file.now();
			return web?.tls && !certificates.areThere(web.tls) ? undefined : web;
		},
		problems: file.problems,
	};
	const passwords = createPasswords({
		clock,
		onBug: options.onBug ?? (text => log('internal error, please report it', {error: text})),
	});
	// A certificate that nobody verified proves nothing.
	const asks = ({users, tls}: WebConfig) =>
		users.size > 0 || bearerTokens().length > 0 || tls?.clientAuth === 'RequireAndVerifyClientCert';
	return {
		settings,
		certificates,
		passwords,
		tokens,
		refusals: createRefusals({count: options.count ?? (() => {}), log, clock}),
		buckets: {
			all: createTokenBuckets({clock, maxKeys: 1}),
			starts: createTokenBuckets({clock, maxKeys: maxCallers}),
		},
		bearerTokens,
		callerRate,
		asks,
		warnBeyondLoopback() {
			const web = settings.now();
			// Nobody is let in yet, which is told for itself.
			if (!web) return undefined;
			if (!asks(web))
				return 'beyond loopback only /metrics, /-/healthy and /-/ready answer: nobody is asked for a password';
			return web.tls ? undefined : 'beyond loopback without TLS: passwords and tokens travel as they are';
		},
		problems: () => {
			settings.now();
			const certificate = certificates.problem();
			return [
				...settings.problems(),
				...(certificate === undefined
					? []
					: [
							certificates.areInForce()
								? `The web configuration goes on with older certificates: ${certificate}`
								: `Nobody is let in, as the web configuration has no certificate yet: ${certificate}`,
						]),
				...tokens.problems(bearerTokens()),
			];
		},
		log,
		scrapes: createScrapeTimes(clock),
		stop: () => passwords.stop(),
	};
}
