/** The configuration file as a schema, put together from the blocks that the probe types bring. */

import {z} from 'zod';
import {probes} from '../probes/registry.ts';
import {headscaleCliSchema} from './headscale-cli-schema.ts';
import {kubernetesSchema} from './kubernetes-schema.ts';
import {poolsSchema} from './pools-schema.ts';
import {tailnetSchema} from './tailnet-schema.ts';
import {
	bearerToken,
	bytes,
	cronLine,
	duration,
	httpUrl,
	listen,
	name,
	prefix,
	rate,
	secret,
	userName,
} from './values.ts';
import {vantagesSchema} from './vantage-schema.ts';
import {vastSchema} from './vast-schema.ts';

const probeBlocks = Object.fromEntries(probes.map(probe => [probe.type, probe.options(z).optional()]));
export const proberNames = probes.map(probe => probe.type) as [string, ...string[]];
const prober = z.enum(proberNames, {error: `expected one of ${proberNames.join(', ')}`});
const via = z.enum(['tailnet', 'direct'], {error: 'expected tailnet or direct'});

export const moduleSchema = z
	.strictObject({
		prober: prober.meta({description: "The probe type, as blackbox_exporter's `prober`."}),
		timeout: duration(10, 300_000)
			.optional()
			.meta({description: 'Deadline of a run; default: that of the check, or 5s.'}),
		via: via.optional().meta({description: 'How ad hoc targets are reached through this module; default `tailnet`.'}),
		trust_adhoc: z.boolean().default(false).meta({
			description:
				'Ad hoc targets that no check names get everything that this module sends: credentials, bodies, conversations. Whoever may call `/probe` can then have its secrets sent to any address that ad hoc probes may reach.',
		}),
		...probeBlocks,
	})
	.meta({description: 'A named way to probe, used by checks and by `/probe?module=NAME`.'});

export const moduleFilesSchema = z
	.array(
		z.union([
			z.string().min(1),
			z.strictObject({
				path: z.string().min(1).meta({description: 'Path of the file.'}),
				via: via
					.optional()
					.meta({description: 'How ad hoc targets are reached through its modules; default `tailnet`.'}),
				trust_adhoc: z.boolean().default(false).meta({description: '`trust_adhoc` of all its modules.'}),
				only: z
					.array(z.string().min(1))
					.min(1)
					.optional()
					.meta({description: 'Take these of its modules and pass over all others.'}),
			}),
		]),
	)
	.max(100)
	.default([])
	.meta({
		description:
			'Files of blackbox_exporter (`modules: …`), as `PATH` or `{path, via, trust_adhoc, only}`, whose modules are there as if written under `modules`. See blackbox.md for what is taken.',
	});

const glob = z
	.string()
	.regex(/^[A-Za-z0-9*?._-]{1,100}$/, 'expected a name with * and ? as wildcards, such as june-gpu-*');
const oneOrMore = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)]);

const selectorSchema = z
	.strictObject({
		name: oneOrMore(glob).optional().meta({description: 'Names, with `*` and `?`.'}),
		exclude: oneOrMore(glob).optional().meta({description: 'Names to leave out.'}),
		tags: z.array(z.string().min(1)).min(1).optional().meta({description: 'Any of these tags.'}),
		owner: oneOrMore(z.string().min(1)).optional().meta({description: 'Any of these users.'}),
		ephemeral: z
			.boolean()
			.optional()
			.meta({description: 'Only nodes that headscale removes after they leave, or only the others.'}),
	})
	.meta({description: 'Which nodes of the tailnet; `{}` is all of them. A vantage never probes itself.'});

const targetSchema = z
	.union([
		z.string().min(1).max(2000),
		z.strictObject({
			name: z
				.string()
				.regex(/^[A-Za-z0-9._:[\]-]{1,100}$/, 'expected a name of letters, digits and . _ : - [ ]')
				.meta({description: 'Label `target`.'}),
			target: z
				.string()
				.min(1)
				.max(2000)
				.meta({description: 'A URL, `host:port`, or a host, as the probe type wants it.'}),
		}),
	])
	.meta({description: 'A target, or `{name, target}`; the name becomes the label `target`.'});

const wantedShare = 'expected a share between 0.5 and 0.99999 such as 0.995, or none';
const availabilityObjective = z.union([z.literal('none'), z.number().min(0.5, wantedShare).max(0.99999, wantedShare)], {
	error: wantedShare,
});

const checkSchema = z.strictObject({
	name: name.meta({description: 'Label `check`.'}),
	module: z.string().optional().meta({description: 'A module, instead of `prober` and its block.'}),
	prober: prober.optional().meta({description: 'The probe type; its options stand in a block of that name.'}),
	targets: z.array(targetSchema).min(1).optional().meta({
		description:
			'Targets, or `{name, target}` each; the name becomes the label `target`. One that is given by its address needs a name: an address makes a poor label.',
	}),
	nodes: selectorSchema.optional(),
	target: z
		.string()
		.optional()
		.meta({description: 'With `nodes`: the target for each node, with `{node}` for its name or `{address}`.'}),
	via: via.optional().meta({
		description:
			'`tailnet`: the name is resolved by MagicDNS and the address must lie in the tailnet. `direct`: as the machine would. Default: `tailnet` with `nodes` and for tunnels; otherwise it must be said.',
	}),
	from: z.array(name).min(1).optional().meta({
		description:
			'Vantages by the names of their entries; one of type `remote` means all of its machines. Default: the local one.',
	}),
	interval: duration(500, 86_400_000)
		.prefault('15s')
		.meta({description: 'Time between two scheduled runs of a target.'}),
	timeout: duration(10, 300_000)
		.optional()
		.meta({description: 'Deadline of a run; at most nine tenths of the interval. Default: that of the module, or 5s.'}),
	recheck: duration(100, 3_600_000)
		.optional()
		.meta({description: 'While failing, look again after this time too. These runs are counted apart.'}),
	confirm: z.int().min(1).max(100).default(2).meta({
		description: 'Page, log and incidents say "down" after so many downs in a row. Metrics show every scheduled run.',
	}),
	detail: z.enum(['full', 'lean', 'least']).optional().meta({
		description:
			'`full`: a gauge per phase too. Default: `full` for listed targets, `lean` for those spread over `nodes`. `least`, for many hundreds of nodes: neither HTTP status nor round trip beside the tunnel, overhead, loss of the last run (its counters stay) and changes of the path per target; page, API and the histograms of the check go on having most of them.',
	}),
	histogram: z
		.boolean()
		.default(false)
		.meta({description: 'A latency histogram for each target; otherwise one per check and vantage.'}),
	expect: z.enum(['answer', 'unreachable'], 'expected answer or unreachable').optional().meta({
		description:
			'`unreachable` turns the check round: up while no connection comes about, down (`expected_unreachable`) as soon as one does. Proves that something is not exposed. Default `answer`.',
	}),
	objective: duration(1, 60_000).optional().meta({
		description:
			'A promised latency: becomes an edge of the histograms, and runs that were up are counted by whether they kept it (`tailprobe_check_objective_runs_total`). The alert ServiceSlow, a ticket, goes by it.',
	}),
	critical: z.boolean().default(true).meta({
		description:
			'Whether somebody is to be woken when it fails: label `critical` of `tailprobe_check_info`, by which the alert rules choose between a page (`true`) and a ticket (`false`).',
	}),
	availability_objective: availabilityObjective.optional().meta({
		description:
			'The promised share of runs that are up, of those that reached a verdict, such as `0.995`; alert rules count what it leaves to fail as a budget over 30 days, and ServiceBudgetBurn pages where that goes fast. `none`: nothing is promised, and that alert never fires. Default: `0.99` for checks of type `http`, `http_warm`, `tcp` and `ws`, but not where they expect `unreachable`; otherwise `none`.',
	}),
	...probeBlocks,
});

/** The schema of the whole file. Its output is still in the words of the file; `normalise` makes a Config of it. */
export const fileSchema = z.strictObject({
	web: z
		.strictObject({
			listen: listen.prefault('127.0.0.1:9753').meta({
				description:
					'Address and port of page, API and metrics. Beyond loopback only `/metrics`, `/-/healthy` and `/-/ready` answer, unless passwords, tokens or client certificates are asked for.',
			}),
			config_file: z.string().min(1).optional().meta({
				description:
					"TLS, client certificates, passwords, headers and a rate, in a file as Prometheus's exporter-toolkit knows it (`--web.config.file`); read again when it changes. See docs/security.md.",
			}),
			bearer_tokens: z
				.array(bearerToken)
				.default([])
				.meta({description: 'Tokens that open the door, each as `{name, file: PATH}` or `{name, env: NAME}`.'}),
		})
		.prefault({}),
	reload: z
		.strictObject({
			watch: z.boolean().default(true).meta({
				description:
					'Looks at this file, and at those of `module_files`, every 5s, and reloads when their content changed and stayed the same over two looks. A wrong one is refused, as with SIGHUP and `POST /-/reload`.',
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
	headscale: z
		.strictObject({
			url: httpUrl.meta({description: 'The address that clients use, such as `https://headscale.example.com`.'}),
			api_key: secret.optional().meta({
				description:
					'Key of `headscale apikeys create`, as `{file: PATH}` (read again for each request) or `{env: NAME}`. Without it, or `cli`, no nodes are listed.',
			}),
			cli: headscaleCliSchema,
			ca_file: z
				.string()
				.min(1)
				.optional()
				.meta({description: 'A PEM file with the CA of `url`, where the system does not know it.'}),
			metrics_url: httpUrl
				.optional()
				.meta({description: 'Its `metrics_listen_addr`, such as `http://headscale.headscale:50480/metrics`.'}),
			interval: duration(1000, 3_600_000)
				.prefault('15s')
				.meta({description: 'How often nodes, health and metrics are read.'}),
			timeout: duration(100, 60_000).prefault('5s').meta({description: 'Deadline of each read.'}),
			restart_grace: duration(0, 600_000).prefault('30s').meta({
				description: 'After headscale restarts every node is offline for some seconds: so long "offline" is not told.',
			}),
			inventory_schedule: cronLine.default('* * * * *').meta({
				description:
					'When users, keys, policy and certificate are read besides at the start: a cron line (minute, hour, day, month, weekday) on the clock of the machine. Default: every minute.',
			}),
			expect_users: z.array(userName).max(100).default([]).meta({
				description: 'Users that must exist, by name without any mail domain; each has a metric.',
			}),
			linger_after: duration(60_000, 31_536_000_000).prefault('24h').meta({
				description:
					'A node that has been offline for longer counts as lingering: its record holds a name and an address.',
			}),
			max_answer: bytes(1024 ** 3)
				.prefault('8MiB')
				.meta({
					description:
						'Longest answer of headscale or its command line that is read (about 1.2 KiB per node); what is no list of nodes or routes has a limit of its own besides, 64 KiB to 4 MiB.',
				}),
		})
		.optional(),
	kubernetes: kubernetesSchema.optional(),
	vast: vastSchema(selectorSchema).optional(),
	pools: poolsSchema(selectorSchema),
	tailnet: tailnetSchema({
		prefixes: 'Where tailnet addresses lie; an answer of MagicDNS outside them is `wrong_network`.',
		overheadObjective: 'Promised overhead of the tunnel over the underlay.',
	}),
	vantages: vantagesSchema(selectorSchema),
	modules: z.record(name, moduleSchema).default({}),
	module_files: moduleFilesSchema,
	checks: z.array(checkSchema).default([]),
	adhoc: z
		.strictObject({
			allow: z.array(prefix).default([]).meta({
				description:
					'More prefixes that `/probe` may reach, through modules with `via: direct`, besides the tailnet and configured targets.',
			}),
			concurrency: z
				.int()
				.min(1)
				.max(1000)
				.default(300)
				.meta({description: 'Ad hoc probes at a time; more are answered 429.'}),
			concurrency_per_caller: z.int().min(1).max(1000).default(200).meta({
				description:
					'Of those, for one caller: a name that was proved, else an address. 200 dead targets scraped every 15 s for 10 s each are 134.',
			}),
			rate: rate.prefault('2400/1m').meta({
				description:
					'What each caller may start (probes, reloads), as COUNT/DURATION: so many at once, and so many per duration on average. More are answered 429. The default lets two Prometheus scrape 200 targets each every 15 s from one address.',
			}),
		})
		.prefault({}),
	limits: z
		.strictObject({
			max_series: z.int().min(100).default(60_000).meta({
				description:
					'Series of all checks together; checks beyond it run without their own series. What GPUs, Kubernetes, vast.ai, nodes, pools and vantages tell is not counted: 100 machines with 8 GPUs each have some 32,000 series of GPUs on top of it.',
			}),
		})
		.prefault({}),
});

/** The file as the schema returns it, still in its own words. */
export type File = z.output<typeof fileSchema>;
export type FileCheck = File['checks'][number];

/** Modules that are there without being written, as in blackbox_exporter's example configuration. */
export const builtInModules: Record<string, unknown> = {
	http_2xx: {prober: 'http'},
	tcp_connect: {prober: 'tcp'},
	tls_connect: {prober: 'tls'},
	ws: {prober: 'ws'},
	dns: {prober: 'dns'},
	stun: {prober: 'stun'},
	derp: {prober: 'derp'},
	icmp: {prober: 'icmp'},
	tunnel: {prober: 'tunnel'},
};
