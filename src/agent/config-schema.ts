/** The schema of an agent's configuration file. */

import {z} from 'zod';
import {ownTailscaledSchema, tailnetSchema} from '../config/tailnet-schema.ts';
import {duration, parseListen, prefix, secret} from '../config/values.ts';
import {probes} from '../probes/registry.ts';

const types = probes.map(probe => probe.type) as [string, ...string[]];

const wantedListen =
	'expected `tailnet`, `tailnet:PORT`, or ADDRESS:PORT such as 127.0.0.1:9754 with an address of loopback or of the tailnet';

const wantedPort = 'expected a port such as 8080, or a span such as "8000-8010"';
const ports = z
	.union([z.int().min(1).max(65_535), z.string().refine(text => spanOf(text) !== undefined)], wantedPort)
	.transform(port => (typeof port === 'number' ? {from: port, to: port} : (spanOf(port) as Span)));

interface Span {
	from: number;
	to: number;
}

const rule = z.strictObject({
	via: z
		.enum(['tailnet', 'direct'], {error: 'expected tailnet or direct'})
		.meta({description: 'How the target is reached. `direct` needs `hosts` or `prefixes`.'}),
	types: z
		.array(z.enum(types, {error: `expected one of ${types.join(', ')}`}))
		.min(1)
		.optional()
		.meta({description: 'Probe types; default: all.'}),
	hosts: z
		.array(
			z.string().regex(/^[A-Za-z0-9*?._-]{1,253}$/, 'expected a name with * and ? as wildcards, such as *.example.com'),
		)
		.min(1)
		.optional()
		.meta({description: 'Names as targets write them, with `*` and `?`. Wherever such a name leads is allowed.'}),
	prefixes: z.array(prefix).min(1).optional().meta({description: 'Where addresses lie that targets write.'}),
	ports: z
		.array(ports)
		.min(1)
		.optional()
		.meta({description: 'Ports, or spans such as `"8000-8010"`; default: any, also targets that have none.'}),
});

/** Its output is still in the words of the file. */
export const agentFileSchema = z.strictObject({
	listen: z
		.string(wantedListen)
		.refine(text => parseAgentListen(text) !== undefined, {error: wantedListen})
		.optional()
		.meta({
			description:
				'Where the daemon dials. `tailnet`: the addresses that tailscaled tells, bound anew when they change. Default: `127.0.0.1:9754` where tailscaled has `socks5` (userspace mode: it forwards to loopback), else `tailnet:9754`.',
		}),
	secret: secret.meta({
		description:
			'What both sides prove that they have, at least 16 characters, as `{file: PATH}` (read again when it changes) or `{env: NAME}`. It never travels.',
	}),
	secret_grace: duration(0, 86_400_000)
		.prefault('15m')
		.meta({description: 'After a rotation the secret before it is accepted for so long.'}),
	tailscaled: ownTailscaledSchema({socks5: "Where tailscaled's `--socks5-server` listens, in userspace mode."}),
	tailnet: tailnetSchema({
		prefixes: 'Where tailnet addresses lie.',
		overheadObjective: 'Promised overhead of the tunnel over the underlay; the same as that of the daemon.',
	}),
	allow: z
		.array(rule)
		.max(200)
		.default([{via: 'tailnet'}])
		.meta({
			description:
				'What may be probed from here, whoever asks: a check runs where one rule permits it. Default: everything inside the tailnet. Loopback, link-local and metadata addresses are never dialled.',
		}),
	files: z.array(z.string().startsWith('/', 'expected an absolute path')).max(200).default([]).meta({
		description: 'Files of this machine that options of checks may name (`ca_file`, `password_file` …). Default: none.',
	}),
	env: z
		.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable'))
		.max(200)
		.default([])
		.meta({
			description: 'Environment variables of this machine that options of checks may name. Default: none.',
		}),
	limits: z
		.strictObject({
			checks: z
				.int()
				.min(1)
				.max(2000)
				.default(500)
				.meta({description: 'Checks that run at a time; those beyond are denied.'}),
			history: duration(0, 3_600_000)
				.prefault('10m')
				.meta({description: 'Outcomes that nobody fetched are kept for so long.'}),
			cut_off: duration(30_000, 86_400_000).prefault('15m').meta({
				description: 'So long after the daemon was last heard the agent goes on measuring; then it waits for it.',
			}),
		})
		.prefault({}),
	log: z
		.strictObject({
			level: z
				.enum(['debug', 'info', 'warn', 'error'])
				.default('info')
				.meta({description: 'Least severity that is logged.'}),
			format: z
				.enum(['auto', 'json', 'text'])
				.default('auto')
				.meta({description: '`auto`: text on a terminal, else JSON lines.'}),
		})
		.prefault({}),
});

export type AgentFile = z.output<typeof agentFileSchema>;

export const agentPort = 9754;

/** `tailnet`, `tailnet:9754`, `127.0.0.1:9754`; undefined when it is none of these. All addresses at once is none. */
export function parseAgentListen(text: string): {host: string; port: number} | undefined {
	if (text === 'tailnet') return {host: 'tailnet', port: agentPort};
	const [, port] = /^tailnet:(\d{1,5})$/.exec(text) ?? [];
	if (port !== undefined) return Number(port) <= 65_535 ? {host: 'tailnet', port: Number(port)} : undefined;
	const parsed = parseListen(text);
	return parsed && !isEverywhere(parsed.host) ? parsed : undefined;
}

function isEverywhere(host: string): boolean {
	return /^[0:.]*$/.test(host);
}

function spanOf(text: string): Span | undefined {
	const [, from, to] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
	const span = {from: Number(from), to: Number(to ?? from)};
	return from !== undefined && span.from >= 1 && span.from <= span.to && span.to <= 65_535 ? span : undefined;
}
