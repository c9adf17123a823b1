/** An agent's configuration file: every mistake at once, each with its place. */

import {dirname, resolve} from 'node:path';
import {withAbsolutePaths} from '../config/file-paths.ts';
import type {Mistake} from '../config/judge.ts';
import {mistakesOf} from '../config/mistakes.ts';
import {placeOf, tailnetFactsOf} from '../config/tailnet-schema.ts';
import type {SecretReference, TailscaledPlace} from '../config/types.ts';
import {maxFileBytes, readYaml} from '../config/yaml-file.ts';
import {isInside} from '../net/guard.ts';
import type {TailnetFacts} from '../probes/types.ts';
import {readTextNow} from '../util/changing-file.ts';
import {UserError} from '../util/errors.ts';
import type {LogOptions} from '../util/log.ts';
import type {AllowList, AllowRule} from './allow.ts';
import {type AgentFile, agentFileSchema, agentPort, parseAgentListen} from './config-schema.ts';

/** Checked, with defaults filled in and durations in milliseconds. */
export interface AgentConfig extends TailscaledPlace {
	/** Host `tailnet`: the addresses that tailscaled tells. */
	listen: {host: string; port: number};
	secret: SecretReference;
	secretGraceMs: number;
	tailnet: TailnetFacts;
	allow: AllowList;
	limits: {checks: number; historyMs: number; cutOffMs: number};
	log: LogOptions;
}

export type LoadedAgent = {ok: true; config: AgentConfig} | {ok: false; mistakes: readonly string[]};

/** Throws only a UserError when the file cannot be read at all. */
export function loadAgentConfig(path: string): LoadedAgent {
	return parseAgentConfig(readTextNow(path, maxFileBytes), path);
}

/** `path` is for the messages, and its folder is what relative paths in the text start at. */
export function parseAgentConfig(text: string, path: string): LoadedAgent {
	const read = readYaml(text, path);
	if (!read.ok) return read;
	const {describe, offsetAt, written} = read.file;
	const parsed = agentFileSchema.safeParse(written ?? {});
	const mistakes = parsed.success
		? judge(parsed.data)
		: parsed.error.issues.flatMap(issue => mistakesOf(issue, agentFileSchema, written));
	if (parsed.success && mistakes.length === 0)
		return {ok: true, config: normalise(withAbsolutePaths(parsed.data, dirname(resolve(path))))};
	const inOrder = mistakes.toSorted((a, b) => offsetAt(a.path) - offsetAt(b.path));
	if (isForDaemon(written)) inOrder.unshift({path: [], message: looksForDaemon});
	return {ok: false, mistakes: inOrder.map(describe)};
}

function isForDaemon(written: unknown): boolean {
	return (
		typeof written === 'object' &&
		written !== null &&
		['checks', 'vantages', 'headscale'].some(key => Object.hasOwn(written, key))
	);
}

const looksForDaemon =
	"this looks like a daemon's configuration: it is for `tailprobe serve --config FILE`, and `tailprobe check-config FILE` judges it";

/** The configuration, or a UserError that lists every mistake. */
export function insistOnAgent(loaded: LoadedAgent): AgentConfig {
	if (loaded.ok) return loaded.config;
	const count = loaded.mistakes.length === 1 ? 'a mistake' : `${loaded.mistakes.length} mistakes`;
	const list = loaded.mistakes.map(mistake => `  ${mistake}`).join('\n');
	throw new UserError(`The configuration of the agent has ${count}:\n${list}`, wrongConfigExitCode);
}

/** EX_CONFIG of sysexits. */
const wrongConfigExitCode = 78;

/** Mistakes that show when several places are held against each other. */
function judge(file: AgentFile): Mistake[] {
	const mistakes: Mistake[] = [];
	const {host} = listenOf(file);
	const place = file.listen === undefined ? ['tailscaled'] : ['listen'];
	if (host === 'tailnet' && file.tailscaled === false)
		mistakes.push({
			path: place,
			message: 'the addresses of the tailnet are told by tailscaled: give its socket, or listen on ADDRESS:PORT',
		});
	if (host !== 'tailnet' && !isInside(host, ['127.0.0.0/8', '::1/128', ...file.tailnet.prefixes]))
		mistakes.push({
			path: place,
			message:
				'expected an address of loopback or inside tailnet.prefixes: what is said here is not encrypted by itself',
		});
	file.allow.forEach(({via, hosts, prefixes}, at) => {
		if (via === 'direct' && !hosts && !prefixes)
			mistakes.push({
				path: ['allow', at],
				message:
					'a rule for via: direct must say which hosts or prefixes: it would open everything this machine reaches',
			});
	});
	return mistakes;
}

function normalise(file: AgentFile): AgentConfig {
	return {
		listen: listenOf(file),
		secret: file.secret,
		secretGraceMs: file.secret_grace,
		...placeOf(file.tailscaled),
		tailnet: tailnetFactsOf(file.tailnet),
		allow: {rules: file.allow.map(ruleOf), files: file.files, env: file.env},
		limits: {checks: file.limits.checks, historyMs: file.limits.history, cutOffMs: file.limits.cut_off},
		log: file.log,
	};
}

function listenOf({listen, tailscaled}: AgentFile): {host: string; port: number} {
	const written = listen === undefined ? undefined : parseAgentListen(listen);
	const isUserspace = tailscaled !== false && tailscaled.socks5 !== undefined;
	return written ?? {host: isUserspace ? '127.0.0.1' : 'tailnet', port: agentPort};
}

function ruleOf({via, types, hosts, prefixes, ports}: AgentFile['allow'][number]): AllowRule {
	return {
		via,
		...(types === undefined ? {} : {types}),
		...(hosts === undefined ? {} : {hosts}),
		...(prefixes === undefined ? {} : {prefixes}),
		...(ports === undefined ? {} : {ports}),
	};
}
