/** Ad hoc probes: the same run as on schedule, from any vantage, but only to where the configuration lets callers reach. */

import {isDeepStrictEqual} from 'node:util';
import {stringify} from 'yaml';
import {findConfigured, type KnownVantages, sayNoVantage} from './adhoc-check.ts';
import {judgeAddress} from './config/judge.ts';
import type {Config, ModuleConfig} from './config/types.ts';
import {buildCheck} from './engine/plan.ts';
import type {Check, Outcome, Target} from './engine/types.ts';
import {ownMetrics} from './metrics/core.ts';
import type {Exposition} from './metrics/exposition.ts';
import {noLabels} from './metrics/label-set.ts';
import {findProbe} from './probes/registry.ts';
import type {AdhocAnswer, AdhocRequest, ModuleView} from './server/types.ts';
import {oneLine} from './util/errors.ts';
import type {Logger} from './util/log.ts';
import {redact} from './util/redact.ts';
import {withArticle} from './util/words.ts';
import type {Vantage} from './vantages/types.ts';
import {noteWithheld, type Withheld, withheldKeys} from './withheld.ts';

export interface AdhocOptions {
	exposition: Exposition;
	log: Logger;
	config(): Config;
	checks(): readonly Check[];
	vantages(): readonly Vantage[];
}

const defaultTimeoutMs = 5000;
/** blackbox_exporter's bound for a probe without any timeout. */
const maxTimeoutMs = 120_000;

export function createAdhoc(options: AdhocOptions): {probe(request: AdhocRequest): Promise<AdhocAnswer>} {
	const count = options.exposition.counter(ownMetrics.adhoc);
	const unknownModules = options.exposition.counter(ownMetrics.unknownModule);
	for (const verdict of ['up', 'down', 'unknown']) count.inc(noLabels, 0, verdict);
	let underWay = 0;
	const underWayOf = new Map<string, number>();

	return {probe};

	async function probe(request: AdhocRequest): Promise<AdhocAnswer> {
		const {adhoc: limits} = options.config();
		const task = request.check === undefined ? planByModule(request) : planByCheck(request);
		if ('kind' in task) return task;
		const callerKey = request.callerKey ?? request.caller;
		const underWayHere = underWayOf.get(callerKey) ?? 0;
		const tooMany = objectToNumber(underWay, underWayHere, limits);
		if (tooMany !== undefined) return {kind: 'busy', detail: tooMany};

		const {vantage, check, timeoutMs, module} = task;
		underWay++;
		underWayOf.set(callerKey, underWayHere + 1);
		try {
			const found = await vantage.run(check, timeoutMs, request.signal);
			const outcome = task.module ? noteWithheld(found, task.withheld, task.module) : found;
			count.inc(noLabels, 1, outcome.verdict);
			options.log.info(auditFields(request, check, module, outcome), 'ad hoc probe');
			return {kind: 'ran', check, outcome, timeoutMs, ...(module ? {module: viewModule(module)} : {})};
		} finally {
			underWay--;
			const left = (underWayOf.get(callerKey) ?? 1) - 1;
			if (left > 0) underWayOf.set(callerKey, left);
			else underWayOf.delete(callerKey);
		}
	}

	function planByModule(request: AdhocRequest): Task | Refusal {
		const config = options.config();
		const module = config.modules.get(request.module);
		if (!module) {
			unknownModules.inc(noLabels);
			const known = [...config.modules.keys()].join(', ');
			return refuse('module', `There is no module named ${oneLine(request.module, 60)}; there are ${known}.`);
		}
		const vantage = options.vantages().find(candidate => request.from === undefined || candidate.name === request.from);
		if (!vantage) return refuse('from', sayNoVantage(request.from ?? '', knownVantages()));
		const type = findProbe(module.type);
		const mistake = type
			? judgeAddress(request.target, type, module.options)
			: `the probe type ${module.type} is not known`;
		if (mistake) return refuse('target', `The target cannot be probed by a ${module.type} probe: ${mistake}.`);
		const named = withHostname(module, request.hostname);
		if (typeof named === 'string') return refuse('hostname', named);

		// As blackbox_exporter: the module's timeout, cut by the caller's; without either it is ours, which people can wait for.
		const askedMs = request.timeoutMs ?? module.timeoutMs ?? defaultTimeoutMs;
		const timeoutMs = Math.min(module.timeoutMs ?? askedMs, askedMs, maxTimeoutMs);
		return {vantage, module, timeoutMs, ...aim(request.target, module, named.options, vantage.name, timeoutMs)};
	}

	function knownVantages(): KnownVantages {
		return {
			vantages: options.vantages().map(({name}) => name),
			groups: options.config().vantages.flatMap(({name, type}) => (type === 'remote' ? [name] : [])),
			membersOf: wanted => options.vantages().flatMap(({name, state}) => (state().group === wanted ? [name] : [])),
		};
	}

	/** The check as the schedule runs it: only where it leads to was chosen by the configuration, not by the caller. */
	function planByCheck(request: AdhocRequest): Task | Refusal {
		const gone = options.vantages().filter(vantage => vantage.state().condition === 'gone');
		const found = findConfigured(request, {
			configured: options.config().checks,
			checks: options.checks(),
			gone: new Set(gone.map(({name}) => name)),
			...knownVantages(),
		});
		if ('kind' in found) return found;
		const vantage = options.vantages().find(({name}) => name === found.vantage);
		if (!vantage) return refuse('from', `There is no vantage named ${found.vantage} any more.`);
		const timeoutMs = Math.min(found.timeoutMs, request.timeoutMs ?? found.timeoutMs);
		const check = {...found, key: `adhoc/${vantage.name}/${found.name}/${found.target.name}`};
		return {vantage, check, timeoutMs};
	}

	/**
	 * A configured target is reached as configured, any other only inside the tailnet and what `adhoc.allow` adds. What may be secret in a
	 * module goes only to targets of checks with those options, unless the module is trusted.
	 */
	function aim(
		address: string,
		module: ModuleConfig,
		probeOptions: unknown,
		vantage: string,
		timeoutMs: number,
	): {check: Check; withheld: Withheld} {
		const config = options.config();
		const same = options.checks().filter(check => check.type === module.type && check.target.address === address);
		const target: Target = same[0]?.target ?? {
			name: 'adhoc',
			address,
			via: module.via,
			peer: '',
			only: module.via === 'tailnet' ? config.tailnet.prefixes : config.adhoc.allow,
		};
		const probe = findProbe(module.type);
		// What a module holds is meant for the targets of checks that use it, not for those of its neighbours.
		const isWhole = module.trustAdhoc || same.some(check => isDeepStrictEqual(check.options, module.options));
		const sent = isWhole ? probeOptions : (probe?.harmless?.(probeOptions) ?? probeOptions);
		const withheld: Withheld = {
			keys: withheldKeys(probeOptions, sent),
			unjudged: isWhole ? undefined : probe?.unjudged?.(probeOptions),
		};
		const check = buildCheck(
			`adhoc/${vantage}/${module.name}`,
			{
				name: 'adhoc',
				type: module.type,
				options: sent,
				via: target.via,
				intervalMs: maxTimeoutMs,
				timeoutMs,
				confirm: 1,
				detail: 'full',
				histogram: false,
			},
			vantage,
			target,
		);
		return {check, withheld};
	}
}

type Refusal = AdhocAnswer & {kind: 'bad_request'};

/** What is to be run: by a module, or a check as configured. */
type Task = {vantage: Vantage; check: Check; timeoutMs: number} & (
	| {module: ModuleConfig; withheld: Withheld}
	| {module?: undefined}
);

function objectToNumber(all: number, ofCaller: number, limits: Config['adhoc']): string | undefined {
	if (all >= limits.concurrency)
		return `${all} ad hoc probes are under way, which is the limit (adhoc.concurrency). Try again in a moment.`;
	if (ofCaller >= limits.concurrencyPerCaller)
		return `${ofCaller} of your ad hoc probes are under way, which is the limit (adhoc.concurrency_per_caller). Try again in a moment.`;
	return undefined;
}

/** Who asked for what, and what came of it: on one line each, without what may be secret in a target. */
function auditFields(request: AdhocRequest, check: Check, module: ModuleConfig | undefined, outcome: Outcome) {
	const {caller, callerAddress: address, hostname} = request;
	return {
		caller,
		...(address === undefined || address === caller ? {} : {address}),
		// A query may hold a token, and what stands before an @ a password.
		target: oneLine(
			(request.target || check.target.name)
				.replace(/[?#].*$/s, '?…')
				.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/]*@/i, '$1…@'),
			200,
		),
		...(hostname ? {hostname: oneLine(hostname, 200)} : {}),
		...(module ? {module: module.name} : {check: check.name}),
		vantage: check.vantage,
		verdict: outcome.verdict,
		...(outcome.reason === undefined ? {} : {reason: outcome.reason}),
		...(outcome.withheld === undefined ? {} : {withheld: outcome.withheld}),
		duration_ms: Math.round(outcome.durationMs),
	};
}

/** blackbox_exporter's `hostname` parameter: the Host header of probes that send one, and the name that TLS asks for. */
function withHostname(module: ModuleConfig, hostname: string | undefined): {options: unknown} | string {
	if (hostname === undefined || hostname === '') return {options: module.options};
	const {headers, tls_config: tls, ...rest} = module.options as {headers?: Headers; tls_config?: object};
	if (headers === undefined && tls === undefined)
		return `The hostname parameter is for probes that send a Host header or speak TLS; ${module.name} is ${withArticle(module.type)} module.`;
	if (!/^[A-Za-z0-9._-]{1,253}(?::\d{1,5})?$/.test(hostname) || hostname.startsWith('-'))
		return 'The hostname parameter is no host name.';
	const configured = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'host')?.[1];
	if (configured !== undefined && configured !== hostname)
		return `The module ${module.name} sets the Host header itself; leave out the hostname parameter.`;
	return {
		options: {
			...rest,
			...(headers === undefined ? {} : {headers: {...headers, Host: hostname}}),
			...(tls === undefined ? {} : {tls_config: {server_name: hostname.replace(/:\d+$/, ''), ...tls}}),
		},
	};
}

type Headers = Record<string, string>;

function viewModule(module: ModuleConfig): ModuleView {
	return {name: module.name, prober: module.type, text: stringify({[module.name]: redact(module.source)})};
}

function refuse(field: Refusal['field'], detail: string): Refusal {
	return {kind: 'bad_request', field, detail};
}
