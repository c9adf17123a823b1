/** What the agent's own configuration permits, whoever asks. Pure. */

import {filesNamed, variablesNamed} from '../config/file-paths.ts';
import type {Check, Via} from '../engine/types.ts';
import {matchesGlob} from '../inventory/select.ts';
import {isInside, parseAddress} from '../net/guard.ts';
import type {Probe} from '../probes/types.ts';
import {oneLine} from '../util/errors.ts';
import {aimOf} from './aim.ts';

/** All that is given must hold; a list holds when one of it does. */
export interface AllowRule {
	via: Via;
	/** Probe types; undefined: all. */
	types?: readonly string[];
	/** Globs of names as targets write them. With `prefixes` one of both is enough. */
	hosts?: readonly string[];
	/** Where addresses lie that targets write. */
	prefixes?: readonly string[];
	/** Undefined: any. */
	ports?: readonly {from: number; to: number}[];
}

export interface AllowList {
	rules: readonly AllowRule[];
	/** Absolute paths that options may name. */
	files: readonly string[];
	/** Environment variables that options may name. */
	env: readonly string[];
}

/** Why the check may not run here, as a sentence; undefined when it may. The guard of addresses comes besides, when it runs. */
export function refusalOf(check: Check, probe: Probe, {rules, files, env}: AllowList): string | undefined {
	const named = filesNamed(check.options).find(({path}) => !files.includes(path));
	if (named)
		return `The agent may not read ${oneLine(named.path, 100)} (${named.key}): its configuration lists under files what options may name.`;
	// Rented machines hold keys of their owner there.
	const variable = variablesNamed(check.options).find(name => !env.includes(name));
	if (variable !== undefined)
		return `The agent may not read the environment variable ${oneLine(variable, 100)}: its configuration lists under env what options may name.`;
	// Whoever has the secret could otherwise run any program of this machine.
	const {command} = (check.options ?? {}) as {command?: unknown};
	if (check.type === 'gpu' && command !== 'nvidia-smi' && !files.includes(String(command)))
		return `The agent may not run ${oneLine(String(command), 100)} (gpu.command): its configuration lists under files what options may name.`;
	const aim = aimOf(check.target.address, probe, check.options);
	if (!aim)
		return `The agent does not take ${oneLine(check.target.address, 100)} for a target of a ${check.type} probe.`;
	const forType = rules.filter(({types}) => types === undefined || types.includes(check.type));
	if (aim.kind === 'self')
		return forType.length > 0 ? undefined : `The agent's allow-list has no rule for ${check.type} checks.`;
	const {via} = check.target;
	const permits = (rule: AllowRule) =>
		rule.via === via && permitsHost(rule, aim.host) && permitsPort(rule.ports, aim.port);
	if (forType.some(permits)) return undefined;
	const where = `${oneLine(aim.host, 100)}${aim.port === undefined ? '' : ` port ${aim.port}`}`;
	return `The agent's allow-list has no rule for a ${check.type} check of ${where} by via: ${via}.`;
}

/** The list of a configuration without one: everything inside the tailnet, nothing beside it. */
export const defaultRules: readonly AllowRule[] = [{via: 'tailnet'}];

function permitsHost({hosts, prefixes}: AllowRule, host: string): boolean {
	if (hosts === undefined && prefixes === undefined) return true;
	if (parseAddress(host)) return prefixes !== undefined && isInside(host, prefixes);
	const name = host.replace(/\.$/, '');
	return hosts?.some(glob => matchesGlob(name, glob)) ?? false;
}

function permitsPort(ports: AllowRule['ports'], port: number | undefined): boolean {
	return ports === undefined || (port !== undefined && ports.some(({from, to}) => port >= from && port <= to));
}
