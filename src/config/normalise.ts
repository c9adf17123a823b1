/** Makes the Config of a file that passed the schema: defaults that depend on other keys, modules resolved, words of the program. */

import {z} from 'zod';
import type {Via} from '../engine/types.ts';
import type {NodeSelector} from '../inventory/select.ts';
import {findProbe} from '../probes/registry.ts';
import type {Probe} from '../probes/types.ts';
import {normaliseHeadscaleCli} from './headscale-cli-schema.ts';
import {normaliseKubernetes} from './kubernetes-schema.ts';
import {normaliseVantage} from './normalise-vantage.ts';
import {normalisePools} from './pools-schema.ts';
import {builtInModules, type File, type FileCheck, moduleSchema} from './schema.ts';
import {tailnetFactsOf} from './tailnet-schema.ts';
import type {CheckConfig, Config, HeadscaleConfig, ModuleConfig, SecretReference} from './types.ts';
import {normaliseVast} from './vast-schema.ts';

/** Makes the Config of a file that passed the schema. */
export function normalise(file: File, written: unknown): Omit<Config, 'moduleFiles'> {
	const modules = readModules(file, written);
	return {
		web: {
			...file.web.listen,
			...(file.web.config_file === undefined ? {} : {configFile: file.web.config_file}),
			bearerTokens: file.web.bearer_tokens.map(({name, ...secret}) => ({name, secret: secret as SecretReference})),
		},
		log: file.log,
		...(file.headscale ? {headscale: normaliseHeadscale(file.headscale)} : {}),
		...(file.kubernetes ? {kubernetes: normaliseKubernetes(file.kubernetes)} : {}),
		...(file.vast ? {vast: normaliseVast(file.vast)} : {}),
		pools: normalisePools(file.pools),
		tailnet: tailnetFactsOf(file.tailnet),
		vantages: file.vantages.map(normaliseVantage),
		modules,
		checks: file.checks.map(check => normaliseCheck(check, modules)),
		adhoc: {
			allow: file.adhoc.allow,
			concurrency: file.adhoc.concurrency,
			concurrencyPerCaller: file.adhoc.concurrency_per_caller,
			rate: file.adhoc.rate,
		},
		limits: {maxSeries: file.limits.max_series},
		reload: file.reload,
	};
}

function normaliseHeadscale(headscale: NonNullable<File['headscale']>): HeadscaleConfig {
	return {
		url: headscale.url.replace(/\/+$/, ''),
		...(headscale.api_key === undefined ? {} : {apiKey: headscale.api_key}),
		...normaliseHeadscaleCli(headscale.cli),
		...(headscale.ca_file === undefined ? {} : {caFile: headscale.ca_file}),
		...(headscale.metrics_url === undefined ? {} : {metricsUrl: headscale.metrics_url}),
		intervalMs: headscale.interval,
		timeoutMs: headscale.timeout,
		restartGraceMs: headscale.restart_grace,
		inventorySchedule: headscale.inventory_schedule,
		expectUsers: [...new Set(headscale.expect_users)],
		lingerAfterMs: headscale.linger_after,
		maxAnswerBytes: headscale.max_answer,
	};
}

function readModules(file: File, written: unknown): Map<string, ModuleConfig> {
	const modules = new Map<string, ModuleConfig>();
	const sources = (written as {modules?: Record<string, Record<string, unknown>>} | null)?.modules ?? {};
	const builtIn = z.record(z.string(), moduleSchema).parse(builtInModules);
	for (const [moduleName, module] of Object.entries({...builtIn, ...file.modules})) {
		const type = module.prober;
		modules.set(moduleName, {
			name: moduleName,
			type,
			timeoutMs: module.timeout,
			via: module.via ?? 'tailnet',
			trustAdhoc: module.trust_adhoc,
			options: optionsOf(type, module),
			source: sources[moduleName] ?? (builtInModules[moduleName] as Record<string, unknown>),
		});
	}
	return modules;
}

/** A run must have ended well before its next slot, or a dead target would lose every second one. */
export const maxTimeoutShare = 0.9;

function normaliseCheck(check: FileCheck, modules: ReadonlyMap<string, ModuleConfig>): CheckConfig {
	const module = check.module === undefined ? undefined : modules.get(check.module);
	const type = module?.type ?? (check.prober as string);
	const probe = findProbe(type) as Probe;
	return {
		name: check.name,
		type,
		options: module ? module.options : optionsOf(type, check),
		via: check.via ?? defaultVia(check, probe) ?? 'tailnet',
		targets: (check.targets ?? []).map(nameTarget),
		...(check.nodes ? {nodes: {selector: check.nodes as NodeSelector, template: check.target ?? '{address}'}} : {}),
		...(check.from === undefined ? {} : {from: check.from}),
		intervalMs: check.interval,
		timeoutMs: check.timeout ?? Math.min(module?.timeoutMs ?? 5000, Math.floor(check.interval * maxTimeoutShare)),
		...(check.recheck === undefined ? {} : {recheckMs: check.recheck}),
		confirm: check.confirm,
		detail: check.detail ?? (check.nodes ? 'lean' : 'full'),
		histogram: check.histogram,
		...(check.objective === undefined ? {} : {objectiveMs: check.objective}),
		...(check.expect === 'unreachable' ? {expect: check.expect} : {}),
		critical: check.critical,
		...availabilityObjectiveOf(check, type),
	};
}

/** What users of these types notice at once. */
const typesOfServices: readonly string[] = ['http', 'http_warm', 'tcp', 'ws'];

function availabilityObjectiveOf(
	{availability_objective: written, expect}: FileCheck,
	type: string,
): Pick<CheckConfig, 'availabilityObjective'> {
	if (written === 'none') return {};
	if (written !== undefined) return {availabilityObjective: written};
	return typesOfServices.includes(type) && expect !== 'unreachable' ? {availabilityObjective: 0.99} : {};
}

function optionsOf(type: string, block: Record<string, unknown>): unknown {
	const written = block[type];
	return written ?? (findProbe(type) as Probe).options(z).parse({});
}

/** The target's name, derived from host and port where none was written. */
export function nameTarget(target: NonNullable<FileCheck['targets']>[number]): {name: string; address: string} {
	if (typeof target !== 'string') return {name: target.name, address: target.target};
	return {name: target.replace(/^[a-z]+:\/\//, '').replace(/[/?#].*$/, ''), address: target};
}

/** The way that needs no saying, or undefined where it must be said. */
export function defaultVia(check: FileCheck, probe: Probe): Via | undefined {
	if (probe.vias.length === 1) return probe.vias[0];
	return check.nodes ? 'tailnet' : undefined;
}
