/** The `headscale.cli` block of the file: the command line of headscale, here or in its pod. */

import {z} from 'zod';
import type {Complain} from './judge.ts';
import {labelSelector, namespace} from './kubernetes-schema.ts';
import type {File} from './schema.ts';
import type {HeadscaleConfig} from './types.ts';
import {commandLine} from './values.ts';

export const headscaleCliSchema = z
	.strictObject({
		command: commandLine.optional().meta({
			description:
				'Program and first arguments, such as `[headscale, -c, /etc/headscale/config.yaml]` or `[ssh, -o, BatchMode=yes, HOST, headscale]`; `nodes list -o json` and the other lists are put behind. No shell, and of our environment only PATH, HOME, USER, LOGNAME, TMPDIR, HEADSCALE_CONFIG, SSH_AUTH_SOCK, KUBECONFIG and KUBERNETES_SERVICE_HOST and _PORT. With `pod` it is run there, and `[headscale]` by default.',
		}),
		pod: z
			.strictObject({
				namespace: namespace.meta({description: 'Namespace of headscale.'}),
				selector: labelSelector.meta({
					description: 'A label selector, such as `app=headscale`; any pod that runs is asked.',
				}),
				container: z
					.string()
					.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected the name of a container')
					.optional()
					.meta({description: 'The container of headscale; needed where the pod has several.'}),
			})
			.optional()
			.meta({
				description:
					'Runs the command in this pod, by exec through the Kubernetes API (needs a `kubernetes` block). Whoever may exec into that namespace has a shell there, and with it the database and the keys of headscale: an API key is the lesser right. See pod-exec.md.',
			}),
	})
	.optional()
	.meta({
		description:
			'Instead of `api_key`: nodes, users and keys are listed by the command line of headscale. A user that may run it has all rights.',
	});

type CliBlock = z.output<typeof headscaleCliSchema>;

export function normaliseHeadscaleCli(cli: CliBlock): Pick<HeadscaleConfig, 'cliCommand' | 'cliPod'> {
	if (!cli) return {};
	const [program, ...first] = cli.command ?? ['headscale'];
	if (program === undefined) return {};
	if (!cli.pod) return {cliCommand: [program, ...first]};
	const {namespace, selector, container} = cli.pod;
	const cliPod = {namespace, selector, ...(container === undefined ? {} : {container})};
	return {cliCommand: [program, ...first], cliPod};
}

export function judgeHeadscaleCli({headscale, kubernetes}: File, complain: Complain): void {
	if (!headscale?.cli) return;
	const here = ['headscale', 'cli'];
	if (headscale.api_key)
		complain(here, 'expected either api_key or cli, not both: with a key the command line has no use');
	if (!headscale.cli.command && !headscale.cli.pod)
		complain(here, 'expected a command, or the pod that headscale runs in', [...here, 'command']);
	if (headscale.cli.pod && !kubernetes)
		complain([...here, 'pod'], 'pods are reached through the Kubernetes API: add a kubernetes block', ['kubernetes']);
}
