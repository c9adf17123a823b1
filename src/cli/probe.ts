/** `tailprobe probe`: one probe, asked of a running daemon or run right here, drawn for a person or told as JSON. */

import {parseArgs} from 'node:util';
import {describeKnown, findAlike} from '../server/alike.ts';
import {describeProbe, type ProbeJson} from '../server/json.ts';
import {messageOf, UserError} from '../util/errors.ts';
import {askDaemon, type Question} from './ask-daemon.ts';
import type {Daemon} from './call-daemon.ts';
import {daemonOptions, readDaemon, readTimeout, shownDaemon} from './daemon-options.ts';
import {drawProbe} from './draw.ts';
import {usageExitCode} from './run-command.ts';
import {drawOptions, formatJson, processTerminal, type Terminal, tellMistakes} from './terminal.ts';

export const probeUsage = `Usage: tailprobe probe [--url URL | --config FILE] [--from VANTAGE] [--module MODULE]
                       [--timeout 5s] [--token-file FILE] [--ca-file FILE]
                       [--json] TARGET
       tailprobe probe --check NAME [the same but --module] [TARGET]

Runs one probe now and draws its phases; with --check that check as it is
configured, at TARGET, the name or address of one of its targets. Asks the daemon at --url, by default
$TAILPROBE_URL or http://127.0.0.1:9753; with --config it needs no daemon. A
daemon that asks who you are takes a token from --token-file, by default
$TAILPROBE_TOKEN_FILE, or NAME:PASSWORD@ in the URL. One at https:// with a
certificate of your own authority is believed by --ca-file, a PEM file, by
default $TAILPROBE_CA_FILE.

Exit status: 0 up, 1 down, 2 unknown or nobody could be asked, 64 wrong usage.
`;

/** Runs the command; answers its exit status. Throws only what is a bug. */
export async function runProbe(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
	return tellMistakes(
		terminal,
		async () => {
			const wanted = readArguments(args, terminal);
			if (wanted === 'help') {
				terminal.write(probeUsage);
				return 0;
			}
			const {daemon, question} = wanted;
			const probe = daemon ? await askDaemon(daemon, question) : await probeHere(question, wanted.config);
			const asked = daemon ? shownDaemon(daemon.url) : undefined;
			terminal.write(wanted.json ? formatJson(probe) : drawProbe(probe, asked, drawOptions(terminal, widest)));
			return exitCodes[probe.outcome.verdict];
		},
		args.includes('--json'),
	);
}

const exitCodes = {up: 0, down: 1, unknown: 2};
const defaultModule = 'http_2xx';
const widest = 80;

type Wanted = {question: Question; json: boolean} & ({daemon: Daemon} | {daemon?: undefined; config: string});

function readArguments(args: readonly string[], terminal: Terminal): Wanted | 'help' {
	const {values, positionals} = parse(args);
	if (values.help) return 'help';
	const [target = '', ...more] = positionals;
	if (more.length > 0) throw usageError(`One TARGET at a time, not ${positionals.length}.`);
	if (target === '' && !values.check) throw usageError('TARGET is missing.');
	if (values.check !== undefined && values.module !== undefined)
		throw usageError('--check runs a check with options of its own, --module those of a module: give one of them.');
	if (values.url !== undefined && values.config !== undefined)
		throw usageError('--url asks a daemon and --config needs none: give one of them.');
	if (values['ca-file'] !== undefined && values.config !== undefined)
		throw usageError('--ca-file is for a daemon at https://, and --config needs none: give one of them.');
	const timeoutMs = readTimeout(values.timeout, usageError);
	const question: Question = {
		target,
		...(values.check ? {check: values.check} : {module: values.module ?? defaultModule}),
		...(values.from === undefined ? {} : {from: values.from}),
		...(timeoutMs === undefined ? {} : {timeoutMs}),
	};
	const json = values.json ?? false;
	if (values.config !== undefined) return {question, json, config: values.config};
	return {question, json, daemon: readDaemon(values, terminal, usageError)};
}

function parse(args: readonly string[]) {
	const text = {type: 'string'} as const;
	const flag = {type: 'boolean'} as const;
	const options = {
		...daemonOptions,
		config: text,
		from: text,
		module: text,
		check: text,
		timeout: text,
		json: flag,
		help: {...flag, short: 'h'},
	} as const;
	try {
		return parseArgs({args: [...args], options, allowPositionals: true});
	} catch (error) {
		throw usageError(`${messageOf(error)}.`);
	}
}

function usageError(message: string): UserError {
	return new UserError(`${message}\n\n${probeUsage.trimEnd()}`, usageExitCode);
}

async function probeHere(
	{target, module = '', check, from, timeoutMs}: Question,
	configPath: string,
): Promise<ProbeJson> {
	const {probeOnce} = await import('../probe-once.ts');
	const request = {
		target,
		module,
		...(check === undefined ? {} : {check}),
		...(from === undefined ? {} : {from}),
		...(timeoutMs === undefined ? {} : {timeoutMs}),
		caller: 'command line',
	};
	const {answer, checks} = await probeOnce({configPath, request});
	if (answer.kind === 'ran') {
		const {check: run} = answer;
		return describeProbe(answer, answer.module ? findAlike(run, checks).map(known => describeKnown(run, known)) : []);
	}
	throw new UserError(answer.detail, answer.kind === 'bad_request' ? usageExitCode : exitCodes.unknown);
}
