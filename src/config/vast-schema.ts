/** The `vast` block of the file, and what it means. */

import {z} from 'zod';
import type {NodeSelector} from '../inventory/select.ts';
import type {VastConfig} from './types.ts';
import {duration, httpUrl, secret} from './values.ts';

const labelGlob = z
	.string()
	.regex(/^[^\u0000-\u001f\u007f]{1,100}$/, 'expected a label with * and ? as wildcards, such as june-*');
const annotationKey = z
	.string()
	.regex(
		/^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/,
		'expected the key of an annotation, such as vast.ai/instance-id',
	);
const podLabel = z
	.string()
	.regex(/^[^\u0000-\u001f\u007f]{1,200}$/, 'expected a pattern such as {name}')
	.refine(text => /\{name\}|\{uid\}/.test(text), {error: 'expected {name} or {uid} somewhere in the pattern'});
const nodePattern = z
	.string()
	.regex(/^([A-Za-z0-9*?._-]|\{label\}|\{id\})+$/, 'expected a pattern of a name with {label} or {id}, such as *-{id}')
	.refine(text => /\{label\}|\{id\}/.test(text), {error: 'expected {label} or {id} somewhere in the pattern'});

/** `selector`: which nodes of the tailnet, as everywhere in the file. */
export function vastSchema<Selector extends z.ZodType>(selector: Selector) {
	return z
		.strictObject({
			api_key: secret.meta({
				description:
					'An API key of vast.ai, as `{file: PATH}` (read again for each request) or `{env: NAME}`. The right to read instances (`instance_read`) is enough.',
			}),
			url: httpUrl.default('https://console.vast.ai').meta({description: 'Where vast.ai answers.'}),
			interval: duration(30_000, 3_600_000).prefault('60s').meta({
				description:
					'How often all instances are read. vast.ai limits how often a key may ask and does not say how often.',
			}),
			timeout: duration(1000, 60_000)
				.prefault('15s')
				.meta({description: 'Deadline of each request; of all pages together six times that.'}),
			label: z
				.union([labelGlob, z.array(labelGlob).min(1).max(50)])
				.optional()
				.meta({description: 'Only instances whose label fits, with `*` and `?`; default all.'}),
			max_instances: z
				.int()
				.min(1)
				.max(10_000)
				.default(1000)
				.meta({description: 'So many instances are read at most, 25 per request.'}),
			join_grace: duration(0, 7_200_000).prefault('10m').meta({
				description:
					'So long a running instance may take until it is in the tailnet, before it counts as one that never joined.',
			}),
			nodes: selector.optional().meta({
				description:
					'The nodes of the tailnet that are instances. Without it an instance whose node is not found by name or address is unknown, never missing.',
			}),
			node_by: z.array(nodePattern).min(1).max(10).default(['{label}', '*-{id}']).meta({
				description:
					"Names that an instance's node may have: patterns with `{label}` and `{id}` of the instance, `*` and `?`.",
			}),
			pod_by: z
				.union(
					[
						z.strictObject({
							label: podLabel.meta({
								description:
									"What an instance's label is for a pod: a pattern with `{name}`, `{namespace}` and `{uid}` of the pod.",
							}),
						}),
						z.strictObject({
							annotation: annotationKey.meta({description: "An annotation of the pod that holds the instance's id."}),
						}),
					],
					{error: 'expected {label: PATTERN} or {annotation: KEY}'},
				)
				.prefault({label: '{name}'})
				.meta({
					description:
						'How the pod of an instance is found among `kubernetes.gpu_pods`. Instances without any label are only counted against pods that are left over.',
				}),
		})
		.meta({description: 'The instances rented at vast.ai. Only lists are read. See vast.md.'});
}

/** Makes the configuration of a block that passed the schema. */
export function normaliseVast(block: VastBlock): VastConfig {
	return {
		apiKey: block.api_key,
		url: block.url.replace(/\/+$/, ''),
		intervalMs: block.interval,
		timeoutMs: block.timeout,
		...(block.label === undefined ? {} : {labels: listOf(block.label)}),
		maxInstances: block.max_instances,
		joinGraceMs: block.join_grace,
		...(block.nodes === undefined ? {} : {nodes: block.nodes as NodeSelector}),
		nodeBy: block.node_by,
		podBy: block.pod_by,
	};
}

type VastBlock = Omit<z.output<ReturnType<typeof vastSchema<z.ZodType>>>, 'nodes'> & {nodes?: object | undefined};

function listOf(value: string | readonly string[]): readonly string[] {
	return typeof value === 'string' ? [value] : value;
}
