/** The schema of `vantages`: where checks run from. */

import {z} from 'zod';
import {ownTailscaledSchema, tailscaledPlaceSchema} from './tailnet-schema.ts';
import {duration, name, secret} from './values.ts';

const port = z.int().min(1).max(65_535);

const local = z.strictObject({
	name: name.meta({description: 'Label `vantage`.'}),
	type: z.literal('local').meta({description: '`local`: where tailprobe itself runs;'}),
	tailscaled: ownTailscaledSchema({
		socks5:
			"Where tailscaled's `--socks5-server` listens, such as `127.0.0.2:1055`: tailnet targets are then dialled through it. Not 127.0.0.1, where every peer of the tailnet would reach the proxy. Needed where tailscaled has no tunnel device (userspace mode).",
	}),
});

const tailscaledThere = tailscaledPlaceSchema({
	socket: "tailscaled's LocalAPI socket there.",
	socks5: 'Where its `--socks5-server` listens there, in userspace mode.',
})
	.optional()
	.meta({
		description:
			'tailscaled as the shell finds it there. Without it, tunnels cannot be measured and nobody knows whether it is sound.',
	});

const agentWay = z
	.strictObject({
		port: port.default(9754).meta({description: 'Where the agent listens.'}),
		secret: secret.meta({
			description: 'What both sides prove that they have, as `{file: PATH}` or `{env: NAME}`; it never travels.',
		}),
	})
	.meta({description: '`tailprobe agent` on that machine, which we dial over the tailnet.'});

const sshWay = z
	.strictObject({
		user: z
			.string()
			.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, 'expected the name of a user')
			.default('root')
			.meta({description: 'Who signs in.'}),
		port: port.default(22).meta({description: 'Where sshd listens.'}),
		identity_file: z.string().min(1).optional().meta({
			description: 'The private key; without it the agent of ssh or the usual files of our user serve.',
		}),
		known_hosts_file: z.string().min(1).meta({
			description:
				"The hosts' keys, as ssh-keyscan prints them. A host whose key is not in it, or is another, is not used.",
		}),
		tailscaled: tailscaledThere,
	})
	.meta({description: 'The OpenSSH client; curl and ping must be there.'});

const labelKey = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9./_-]{0,250}[A-Za-z0-9])?$/, 'expected the key of a label');

const podWay = z
	.strictObject({
		namespace: z
			.string()
			.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected the name of a namespace')
			.meta({description: 'Where the pods are.'}),
		selector: z
			.string()
			.min(1)
			.max(500)
			.regex(/^[A-Za-z0-9 ,=!()._/-]+$/, 'expected a label selector such as app=june-gpu-services')
			.meta({description: 'A label selector, such as `app=june-gpu-services`.'}),
		container: z
			.string()
			.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected the name of a container')
			.optional()
			.meta({description: 'Default: the first of the pod.'}),
		node_by: z
			.union(
				[
					z.enum(['name', 'address']),
					z.strictObject({label: labelKey.meta({description: 'Its key.'})}),
					z.strictObject({annotation: labelKey.meta({description: 'Its key.'})}),
				],
				{error: 'expected name, address, {label: KEY} or {annotation: KEY}'},
			)
			.default('name')
			.meta({
				description:
					'How the pod of a tailnet node is found: the pod has the name of the node (`name`), its address (`address`), or a label or an annotation that holds the name (`{label: KEY}`, `{annotation: KEY}`).',
			}),
		tailscaled: tailscaledThere,
	})
	.meta({
		description:
			'Exec through the Kubernetes API, which needs a `kubernetes` block. A virtual kubelet that serves no exec cannot be used so.',
	});

/** One mapping and not three forms of it, so that what a way lacks is told at its place; judge-vantages counts the keys. */
const way = z
	.strictObject({agent: agentWay.optional(), ssh: sshWay.optional(), pod: podWay.optional()})
	.meta({description: '`{agent: …}`, `{ssh: …}` or `{pod: …}`.', minProperties: 1, maxProperties: 1});

/** `nodes` is handed in: checks choose among nodes in the same words. */
export const vantagesSchema = (nodes: z.ZodType) => {
	const remote = z.strictObject({
		name: name.meta({description: 'Stands for all of them in `from` of a check.'}),
		type: z.literal('remote').meta({
			description: '`remote`: other machines, each of which is a vantage by its own name (label `vantage`).',
		}),
		nodes: nodes.optional().meta({
			description:
				'Every such node of the tailnet looks, by the name of the node. It must say an `owner` or `tags`: any node can call itself as it likes.',
		}),
		hosts: z
			.array(
				z.strictObject({
					name: name.meta({description: 'Label `vantage`.'}),
					address: z
						.string()
						.regex(/^[A-Za-z0-9:][A-Za-z0-9._:-]{0,252}$/, 'expected a host name or an address')
						.meta({description: 'Name or address of the host: of a tailnet node, or for ssh of any host.'}),
				}),
			)
			.min(1)
			.max(1000)
			.optional()
			.meta({description: 'Instead of `nodes`: hosts as listed here.'}),
		pods: z
			.literal(true, 'expected true')
			.optional()
			.meta({description: 'Instead of `nodes`: every pod that the `pod` way selects, by the name of the pod.'}),
		ways: z.array(way).min(1).max(3).meta({
			description: 'How they are reached: tried in this order for each, and the first that works is used.',
		}),
		grace: duration(0, 86_400_000).prefault('5m').meta({
			description:
				'One that went stays so long, its checks unknown; coming back meanwhile it goes on. After that its series go.',
		}),
	});
	return z
		.array(z.discriminatedUnion('type', [local, remote], {error: 'expected type: local or type: remote'}))
		.min(1)
		.max(50)
		.prefault([{name: 'local', type: 'local'}])
		.meta({
			description:
				'Where checks run from: one entry of type `local`, and any of type `remote`. Without any it is `{name: local, type: local}`.',
		});
};
