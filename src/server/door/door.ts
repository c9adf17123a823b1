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

/** At the start everything that is to be asked for must be there. Throws a UserError with all that is not. */
export function insistOnDoor(door: Door): void {
	const tls = door.settings.now()?.tls;
	if (tls) door.certificates.look(tls);
	const problems = door.tokens.problems(door.bearerTokens());
	if (problems.length > 0) throw new UserError(problems.join('\n'), 78);
}

/** As many callers are told apart. */
const maxCallers = 4096;
const defaultRate: Rate = {count: 2400, perMs: 60_000};

/** Throws a UserError when the web configuration cannot be used. */
export function createDoor(options: DoorOptions): Door {
	const {clock, log, bearerTokens = () => [], callerRate = () => defaultRate} = options;
	const settings = createWebSettings(options.webConfigPath, log);
	const tokens = createTokens();
	const certificates = createCertificates(log);
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
			if (!web || !asks(web))
				return 'beyond loopback only /metrics, /-/healthy and /-/ready answer: nobody is asked for a password';
			return web.tls ? undefined : 'beyond loopback without TLS: passwords and tokens travel as they are';
		},
		problems: () => {
			const certificate = certificates.problem();
			return [
				...settings.problems(),
				...(certificate === undefined ? [] : [`The web configuration goes on with older certificates: ${certificate}`]),
				...tokens.problems(bearerTokens()),
			];
		},
		stop: () => passwords.stop(),
	};
}
