/** Schemas of single values: what is expected is said in each. */

import {isIP} from 'node:net';
import {z} from 'zod';
import {parseAddress, parsePrefix} from '../net/guard.ts';
import {parseHostPort} from '../net/url.ts';
import {isCronLine} from '../util/calendar.ts';
import {formatDurationMs, parseBytes, parseDurationMs} from '../util/units.ts';

const durationOf = (text: string, context: z.RefinementCtx): number => {
	const durationMs = parseDurationMs(text);
	if (durationMs !== undefined) return durationMs;
	context.addIssue({
		code: 'custom',
		message: `expected a duration such as 15s, 1m30s or 500ms, got ${JSON.stringify(text)}`,
	});
	return z.NEVER;
};
export const duration = (minMs: number, maxMs: number) =>
	z
		.string('expected a duration such as 15s, 1m30s or 500ms')
		.transform(durationOf)
		.refine(durationMs => durationMs >= minMs && durationMs <= maxMs, {
			error: `expected a duration between ${formatDurationMs(minMs)} and ${formatDurationMs(maxMs)}`,
		})
		.meta({description: 'A duration such as `15s`, `1m30s` or `500ms`.', examples: ['15s']});

export const bytes = (maxBytes: number) =>
	z
		.string('expected a size such as 8MiB')
		.transform((text, context) => {
			const size = parseBytes(text);
			if (size !== undefined && size > 0 && size <= maxBytes) return size;
			context.addIssue({
				code: 'custom',
				message: `expected a size such as 8MiB, at most ${maxBytes} bytes, got ${JSON.stringify(text)}`,
			});
			return z.NEVER;
		})
		.meta({description: 'A size such as `8MiB`.'});

export const name = z
	.string('expected a name')
	.regex(/^[A-Za-z0-9_.-]{1,63}$/, 'expected a name of 1 to 63 letters, digits, `_`, `.` or `-`');

export const prefix = z
	.string()
	.refine(text => parsePrefix(text) !== undefined, {error: 'expected an address prefix such as 100.64.0.0/10'});

/** The name of one; a secret pasted there is a mistake, whose words do not repeat it. */
const environmentName = z
	.string()
	.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable: letters, digits and _');

const wantedSecret = 'expected {file: PATH} or {env: NAME}';
export const secret = z
	.union([z.strictObject({file: z.string().min(1)}), z.strictObject({env: environmentName})], {
		error: ({input}) => {
			if (input === undefined) return `this is missing: ${wantedSecret}`;
			const isWritten = typeof input !== 'object' || input === null;
			return `${wantedSecret}${isWritten ? ': secrets are never written in the configuration itself' : ''}`;
		},
	})
	.meta({description: '`{file: PATH}` (read again when it changes) or `{env: NAME}`.'});

const tokenName = name.meta({description: 'Who comes in with it, for the log.'});
export const bearerToken = z.union(
	[
		z.strictObject({name: tokenName, file: z.string().min(1).meta({description: 'Read again when it changes.'})}),
		z.strictObject({
			name: tokenName,
			env: environmentName.meta({description: 'Instead of a file: an environment variable.'}),
		}),
	],
	{error: 'expected {name, file: PATH} or {name, env: NAME}: tokens are never written in the configuration itself'},
);

export const rate = z
	.string('expected a rate such as 60/1m')
	.transform((text, context) => {
		const [, count, per] = /^(\d{1,6})\/(\S+)$/.exec(text) ?? [];
		const perMs = parseDurationMs(per ?? '');
		if (Number(count) >= 1 && perMs !== undefined && perMs >= 1000 && perMs <= 86_400_000)
			return {count: Number(count), perMs};
		context.addIssue({
			code: 'custom',
			message: `expected a rate such as 60/1m (a number, and a duration of 1s to 1d), got ${JSON.stringify(text.slice(0, 60))}`,
		});
		return z.NEVER;
	})
	.meta({description: 'A rate such as `60/1m`.', examples: ['60/1m']});

export const httpUrl = z.string().refine(isPlainHttpUrl, {
	error: 'expected a URL such as https://headscale.example.com, without user name, query or fragment',
});

const wantedListen = 'expected ADDRESS:PORT such as 127.0.0.1:9753, or :9753 for all addresses';
export const listen = z
	.string(wantedListen)
	.refine(text => parseListen(text) !== undefined, {error: wantedListen})
	.transform(text => parseListen(text) as {host: string; port: number});

export const cronLine = z.string().refine(isCronLine, {
	error: 'expected a cron line of five fields such as "* * * * *" (every minute) or "*/5 * * * *"',
});

/** A user of headscale as we tell it. */
export const userName = z
	.string()
	.regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected the name of a user of headscale, without what follows an @');

export const commandLine = z
	.array(
		z
			.string()
			.min(1)
			.max(4096)
			.regex(/^[^\u0000]*$/, 'expected an argument without a NUL character'),
	)
	.min(1, 'expected a program and its arguments')
	.max(100)
	.refine(([program]) => !program?.startsWith('-'), {error: 'expected a program first, then its arguments'});

export const socketPath = z.string().startsWith('/', 'expected the absolute path of a socket');

export const addressAndPort = z
	.string()
	.refine(isAddressAndPort, {error: 'expected ADDRESS:PORT such as 127.0.0.2:1055'});

function isPlainHttpUrl(text: string): boolean {
	if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
	const url = new URL(text);
	return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

/** An address, or `address:port` with brackets around IPv6. */
export function isDnsServer(text: string): boolean {
	return parseAddress(text) !== undefined || isAddressAndPort(text);
}

function isAddressAndPort(text: string): boolean {
	const parsed = parseHostPort(text);
	return parsed.ok && parseAddress(parsed.host) !== undefined;
}

/** `127.0.0.1:9753`, `[::1]:9753`, `:9753` (all addresses); undefined when it is none of these. */
export function parseListen(text: string): {host: string; port: number} | undefined {
	const match = /^(?:\[([0-9a-f:.]+)\]|([0-9.]*|localhost)):(\d{1,5})$/.exec(text);
	if (!match) return undefined;
	const host = match[1] ?? match[2] ?? '';
	const port = Number(match[3]);
	if (port > 65_535 || (host !== '' && host !== 'localhost' && isIP(host) === 0)) return undefined;
	return {host: host === '' ? '::' : host === 'localhost' ? '127.0.0.1' : host, port};
}
