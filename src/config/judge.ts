/** Mistakes that only show when several places of the file are held against each other, and targets that no probe could use. */

import {isIP} from 'node:net';
import {splitTarget} from '../net/target.ts';
import {parseHostPort, parseTargetUrl} from '../net/url.ts';
import {findProbe} from '../probes/registry.ts';
import type {Probe} from '../probes/types.ts';
import {oneLine} from '../util/errors.ts';
import {withArticle} from '../util/words.ts';
import {judgeHeadscaleCli} from './headscale-cli-schema.ts';
import {judgeReach, judgeUnreachable} from './judge-reach.ts';
import {judgeVantages} from './judge-vantages.ts';
import {judgeKubernetes} from './kubernetes-schema.ts';
import {defaultVia, maxTimeoutShare, nameTarget} from './normalise.ts';
import {judgePools} from './pools-schema.ts';
import {builtInModules, type File, type FileCheck, proberNames} from './schema.ts';

/** A mistake in the file: where, and what was expected. */
export interface Mistake {
	path: readonly (string | number)[];
	message: string;
	/** What the mistake speaks of, where that is elsewhere: when one was taken out for being wrong in itself, this is no mistake of its own. */
	about?: readonly Path[];
}

/** A place in the file. */
export type Path = readonly (string | number)[];
/** Notes a mistake. */
export type Complain = (path: Path, message: string, ...about: Path[]) => void;

/** Every mistake of a file whose single values are right. `allowLoopback`: only the embedded lab and tests may aim there. */
export function judgeFile(file: File, {allowLoopback = false} = {}): Mistake[] {
	const mistakes: Mistake[] = [];
	const complain: Complain = (path, message, ...about) =>
		mistakes.push({path, message, ...(about.length === 0 ? {} : {about})});
	judgeHeadscaleCli(file, complain);
	if (file.headscale?.expect_users.length && !file.headscale.api_key && !file.headscale.cli)
		complain(['headscale', 'expect_users'], 'users are only listed with an api_key or a cli', ...waysToList);
	judgeKubernetes(file, complain);
	judgeVantages(file, complain, {allowLoopback});
	judgePools(file, complain);
	for (const [name, module] of Object.entries(file.modules)) judgeBlocks(module, ['modules', name], complain);
	const names = new Set<string>();
	file.checks.forEach((check, at) => {
		const here = ['checks', at];
		if (names.has(check.name)) complain([...here, 'name'], `there is a check named ${check.name} already`);
		names.add(check.name);
		judgeKeys(check, here, complain);
		judgeBlocks(check, here, complain);
		judgeReferences(check, file, here, complain);
		const probe = findProbe(proberOf(check, file) ?? '');
		if (!probe) return;
		judgeWay(check, probe, here, complain);
		if (probe.address === 'self') {
			for (const key of ['targets', 'nodes', 'target'] as const)
				if (check[key] !== undefined)
					complain(
						[...here, key],
						`${withArticle(probe.type)} check looks at the machine of its vantage, so ${key} has no effect`,
					);
			return;
		}
		if (!check.targets?.length && !check.nodes)
			complain(here, 'the check has neither targets nor nodes', [...here, 'targets']);
		judgeTargets(check, probe, optionsOf(check, file, probe), here, complain);
		judgeReach(check, probe, file, {here, allowLoopback, complain});
		judgeEffect(check, probe, here, complain);
	});
	return mistakes;
}

const waysToList: readonly Path[] = [
	['headscale', 'api_key'],
	['headscale', 'cli'],
];

function judgeKeys(check: FileCheck, here: Path, complain: Complain): void {
	if (check.module !== undefined && check.prober !== undefined)
		complain([...here, 'module'], 'expected either module or prober, not both');
	if (check.module === undefined && check.prober === undefined)
		complain(here, 'the check says neither module nor prober', [...here, 'prober']);
	if (check.target !== undefined && !check.nodes)
		complain([...here, 'target'], '`target` is the pattern for `nodes`; list fixed ones under `targets`');
	if (check.timeout !== undefined && check.timeout > check.interval * maxTimeoutShare)
		complain(
			[...here, 'timeout'],
			'expected at most nine tenths of the interval: a run must end before the next begins',
		);
	if (check.recheck !== undefined && check.recheck >= check.interval)
		complain([...here, 'recheck'], 'expected less than the interval');
}

function judgeBlocks(
	value: {prober?: string | undefined; module?: string | undefined} & Record<string, unknown>,
	here: Path,
	complain: Complain,
): void {
	for (const type of proberNames) {
		if (value[type] === undefined) continue;
		if (value.module !== undefined) complain([...here, type], `the options belong into the module ${value.module}`);
		else if (value.prober !== undefined && value.prober !== type)
			complain([...here, type], `the prober is ${value.prober}, so ${withArticle(type)} block has no effect`);
	}
}

function judgeReferences(check: FileCheck, file: File, here: Path, complain: Complain): void {
	const vantages = file.vantages.map(vantage => vantage.name);
	if (check.module !== undefined && proberOf(check, file) === undefined) {
		const known = [...new Set([...Object.keys(builtInModules), ...Object.keys(file.modules)])].join(', ');
		complain([...here, 'module'], `there is no module named ${check.module}; expected one of ${known}`, [
			'modules',
			check.module,
		]);
	}
	(check.from ?? []).forEach((from, index) => {
		if (!vantages.includes(from))
			complain([...here, 'from', index], `there is no vantage named ${from}; expected one of ${vantages.join(', ')}`);
	});
	if (check.nodes && !file.headscale)
		complain([...here, 'nodes'], 'nodes come from headscale, and there is no headscale block', ['headscale']);
	else if (check.nodes && !file.headscale?.api_key && !file.headscale?.cli)
		complain(
			[...here, 'nodes'],
			'headscale cannot be asked for its nodes: set headscale.api_key to {file: PATH} or {env: NAME}, or headscale.cli',
			...waysToList,
		);
}

function judgeWay(check: FileCheck, probe: Probe, here: Path, complain: Complain): void {
	const way = check.via ?? defaultVia(check, probe);
	if (way === undefined)
		complain(here, 'the check does not say how its targets are reached; expected via: tailnet or via: direct');
	else if (!probe.vias.includes(way))
		complain([...here, 'via'], `${withArticle(probe.type)} check goes by ${probe.vias.join(' or ')}, not by ${way}`);
}

function judgeEffect(check: FileCheck, probe: Probe, here: Path, complain: Complain): void {
	if (check.expect === 'unreachable') {
		for (const key of ['histogram', 'objective'] as const)
			if (check[key] !== undefined && check[key] !== false)
				complain([...here, key], `a check that expects unreachable has no latency, so ${key} has no effect`);
		for (const path of judgeUnreachable(check, probe))
			complain(
				[...here, ...path],
				`a check that expects unreachable is down whatever is answered, so ${path.at(-1)} has no effect`,
			);
		return;
	}
	if (probe.durationIsLatency) return;
	for (const key of ['histogram', 'objective'] as const)
		if (check[key] !== undefined && check[key] !== false)
			complain([...here, key], `checks of type ${probe.type} have times of their own, so ${key} has no effect`);
}

function judgeTargets(check: FileCheck, probe: Probe, options: unknown, here: Path, complain: Complain): void {
	if (check.nodes && check.target === undefined && (probe.address !== 'host' || probe.form))
		complain(
			[...here, 'nodes'],
			`${withArticle(probe.type)} check needs a pattern such as target: "${exampleOf(probe)}"`,
		);
	if (check.target !== undefined) {
		const filled = check.target.replaceAll('{node}', 'node').replaceAll('{address}', '100.64.0.1');
		const mistake =
			filled === check.target
				? 'expected {node} or {address} somewhere in the pattern'
				: judgeAddress(filled, probe, options);
		if (mistake) complain([...here, 'target'], mistake);
	}
	const names = new Set<string>();
	(check.targets ?? []).forEach((target, index) => {
		const place = [...here, 'targets', index];
		const {name, address} = nameTarget(target);
		const host = splitTarget(address)?.host;
		const mistake = judgeAddress(address, probe, options);
		if (mistake) complain(place, mistake);
		else if (typeof target === 'string' && isIP(host ?? '') !== 0)
			complain(place, 'an address makes a poor label; expected {name: NAME, target: …}');
		if (names.has(name)) complain(place, `there is a target named ${name} already; expected {name: NAME, target: …}`);
		names.add(name);
	});
}

function proberOf(check: FileCheck, file: File): string | undefined {
	if (check.module === undefined) return check.prober;
	const builtIn = builtInModules[check.module] as {prober: string} | undefined;
	return file.modules[check.module]?.prober ?? builtIn?.prober;
}

/** The options of the check's own block or of its module's; undefined where they are not known here. */
function optionsOf(check: FileCheck, file: File, probe: Probe): unknown {
	if (check.module === undefined) return (check as Record<string, unknown>)[probe.type] ?? {};
	return (file.modules[check.module] as Record<string, unknown> | undefined)?.[probe.type];
}

/** Why this cannot be a target of that probe; undefined when it can. Used for the file and for ad hoc targets. */
export function judgeAddress(address: string, probe: Probe, options?: unknown): string | undefined {
	if (/[\s\u0000-\u001f\u007f]/.test(address)) return 'expected a target without blanks or control characters';
	// First of all, so that no message repeats them.
	if (/^[^?#]*@/.test(address)) return 'expected a target without user name and password';
	if (probe.form) return probe.form.faultOf(address, options);
	const parts = splitTarget(address);
	if (probe.address === 'self')
		return address === 'self' ? undefined : 'expected self: it looks at the machine of its vantage';
	const expected = `expected a target such as ${exampleOf(probe).replace('{node}', 'june-orchestrator')}, got ${JSON.stringify(address.slice(0, 200))}`;
	if (!parts || parts.host.startsWith('-')) return expected;
	if (parts.port !== undefined && (parts.port < 1 || parts.port > 65_535)) return 'expected a port between 1 and 65535';
	const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(address);
	if (probe.address === 'url') {
		const schemes = probe.schemes ?? ['http', 'https'];
		if (isUrl && !schemes.some(scheme => address.toLowerCase().startsWith(`${scheme}://`))) return expected;
		return faultOf(parseTargetUrl(address, schemes));
	}
	if (isUrl || /[/?#@]/.test(address)) return expected;
	if (probe.address === 'host_port') return parts.port === undefined ? expected : faultOf(parseHostPort(address));
	if (parts.port !== undefined) return expected;
	// A host is judged like that of a host:port, so that no other spelling of an address gets through.
	return faultOf(parseHostPort(`${isIP(parts.host) === 6 ? `[${parts.host}]` : parts.host}:1`));
}

function faultOf(parsed: {ok: true} | {ok: false; detail: string}): string | undefined {
	return parsed.ok ? undefined : oneLine(parsed.detail, 300);
}

function exampleOf(probe: Probe): string {
	if (probe.form) return probe.form.example;
	if (probe.address === 'self') return 'self';
	const scheme = probe.schemes?.[0] ?? 'http';
	return {url: `${scheme}://{node}:8080/healthz`, host_port: '{node}:8080', host: '{node}'}[probe.address];
}
