/** The `pools` of the file, and what they mean. */

import {z} from 'zod';
import type {NodeSelector} from '../inventory/select.ts';
import type {Complain} from './judge.ts';
import type {File} from './schema.ts';
import type {PoolConfig} from './types.ts';
import {name} from './values.ts';

const labelGlob = z
	.string()
	.regex(/^[^\u0000-\u001f\u007f]{1,100}$/, 'expected a label with * and ? as wildcards, such as june-*');

/** `selector`: which nodes of the tailnet, as everywhere in the file. */
export function poolsSchema<Selector extends z.ZodType>(selector: Selector) {
	const match = z.union(
		[
			z.strictObject({nodes: selector.meta({description: 'Nodes of the tailnet.'})}),
			z.strictObject({
				vast: z
					.strictObject({
						label: z
							.union([labelGlob, z.array(labelGlob).min(1).max(50)])
							.optional()
							.meta({description: 'Labels of instances, with `*` and `?`; default: all that are read.'}),
					})
					.meta({description: 'Instances of vast.ai, also those that are not in the tailnet.'}),
			}),
		],
		{error: 'expected {nodes: SELECTOR} or {vast: {label: …}}'},
	);
	return z
		.array(
			z.strictObject({
				name: name.meta({description: 'Label `pool`.'}),
				match: match.meta({description: 'Who belongs to it: `{nodes: SELECTOR}` or `{vast: {label: …}}`.'}),
				min: z.int().min(0).max(10_000).meta({description: 'So many must be usable.'}),
				checks: z.array(name).min(1).max(50).optional().meta({
					description:
						'Checks that must be up for a member to be usable: those aimed at its node, and those that run from it. Default: every check that the local vantage aims at its node.',
				}),
				gpu: z.boolean().optional().meta({
					description:
						'`true`: a member is only usable while a check of type `gpu` sees its GPUs; `false`: GPUs are not looked at. Default: where there is such a check.',
				}),
			}),
		)
		.max(100)
		.default([])
		.meta({description: 'Groups of GPU machines of which some number must be usable. See pools.md.'});
}

/** Makes the configuration of blocks that passed the schema. */
export function normalisePools(blocks: readonly PoolBlock[]): PoolConfig[] {
	return blocks.map(({name: pool, match, min, checks, gpu}) => ({
		name: pool,
		match:
			'nodes' in match
				? {kind: 'nodes', selector: match.nodes as NodeSelector}
				: {kind: 'vast', ...labelsOf(match.vast)},
		min,
		...(checks === undefined ? {} : {checks}),
		...(gpu === undefined ? {} : {gpu}),
	}));
}

/** What only shows when keys are held against each other. */
export function judgePools(file: File, complain: Complain): void {
	const names = new Set<string>();
	file.pools.forEach((pool, at) => {
		const here = ['pools', at];
		if (names.has(pool.name)) complain([...here, 'name'], `there is a pool named ${pool.name} already`);
		names.add(pool.name);
		if ('vast' in pool.match && !file.vast)
			complain([...here, 'match', 'vast'], 'instances come from vast.ai, and there is no vast block', ['vast']);
		if (!file.headscale)
			complain(
				[...here, 'match'],
				'members are found by their nodes, which come from headscale, and there is no headscale block',
				['headscale'],
			);
		(pool.checks ?? []).forEach((check, index) => {
			if (!file.checks.some(({name: known}) => known === check))
				complain([...here, 'checks', index], `there is no check named ${check}`, ['checks']);
		});
		if (!file.checks.some(check => typeOf(check, file) === 'tunnel'))
			complain(
				here,
				'a member is usable while its tunnel is up, and there is no check of type tunnel; add {name: tunnel, prober: tunnel, nodes: {}}',
				['checks'],
			);
		if (pool.gpu === true && !file.checks.some(check => typeOf(check, file) === 'gpu'))
			complain([...here, 'gpu'], 'there is no check of type gpu', ['checks']);
	});
}

type PoolBlock = z.output<ReturnType<typeof poolsSchema<z.ZodType>>>[number];

function typeOf({prober, module}: File['checks'][number], {modules}: File): string | undefined {
	return prober ?? (module === undefined ? undefined : (modules[module]?.prober ?? module));
}

function labelsOf({label}: {label?: string | readonly string[] | undefined}): {labels?: readonly string[]} {
	if (label === undefined) return {};
	return {labels: typeof label === 'string' ? [label] : label};
}
