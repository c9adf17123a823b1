/** The agent: the local vantage alone, with a small listener in front of it that one daemon at a time may use. */

import type {Outcome} from '../engine/types.ts';
import {systemClock} from '../util/clock.ts';
import {messageOf, UserError} from '../util/errors.ts';
import {createLog, type Logger} from '../util/log.ts';
import {version} from '../util/version.ts';
import {createLocalVantage} from '../vantages/local.ts';
import {type AgentConfig, insistOnAgent, loadAgentConfig, parseAgentConfig} from './config.ts';
import {boundAgentConnections} from './connections.ts';
import {createGate} from './gate.ts';
import {createHandler, type Refused} from './handler.ts';
import {createCheckList} from './list.ts';
import {listenAt, listenInTailnet} from './listening.ts';
import {begunAt, createOutbox, jsonOf} from './outbox.ts';
import {newNonce} from './proof.ts';
import {readCheck} from './read-check.ts';
import {createRefusalLog} from './refusal-log.ts';
import {keepSecret} from './secret-keeper.ts';
import {createSyncDesk} from './sync.ts';
import {createWaitLog} from './waiting.ts';
import {type AgentState, runRequestSchema, syncRequestSchema} from './wire.ts';

export interface AgentOptions {
	/** The configuration file. */
	configPath?: string;
	/** Or its text. */
	configText?: string;
	/** Loopback targets are allowed. Only the embedded lab and tests may say so: no configuration can. */
	allowLoopback?: boolean;
	log?: Logger;
}

export interface Agent {
	/** What is listened at now, with the port that was taken. */
	places(): readonly {address: string; port: number}[];
	stop(): Promise<void>;
}

/** Ad hoc runs at a time. */
const maxRuns = 100;
/** Outcomes that nobody fetched. */
const maxKept = {count: 10_000, bytes: 6 * 1024 * 1024};

/** Starts everything. Throws a UserError that lists every mistake of the configuration, or says why the port cannot be had. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
	const config = insistOnAgent(load(options));
	const {allowLoopback = false} = options;
	const log = options.log ?? createLog(config.log);
	const clock = systemClock;
	const boot = newNonce();
	const secret = keepSecret(config.secret, {clock, graceMs: config.secretGraceMs});
	const fault = secret.problem();
	if (fault !== undefined) throw new UserError(fault, exitConfig);
	const onBug = (error: unknown) =>
		log.error({error: error instanceof Error ? error.stack : String(error)}, 'internal error, please report it');

	const outbox = createOutbox({
		clock,
		historyMs: config.limits.historyMs,
		maxCount: maxKept.count,
		maxBytes: maxKept.bytes,
	});
	const vantage = createLocalVantage({
		place: placeOf(config, allowLoopback),
		onOutcomes: keep,
		onAddresses: () => listening?.use(vantage.addresses()),
		onBug,
		onThreadDeath: (why, delayMs) =>
			log.error({why, restart_in_ms: delayMs}, 'the measuring thread ended and is started again'),
	});
	const list = createCheckList({
		clock,
		allow: config.allow,
		limits: config.limits,
		assign: checks => vantage.assign(checks),
		onOutcomes: keep,
		onCutOff: () =>
			log.warn({after_ms: config.limits.cutOffMs}, 'no daemon was heard for so long: measuring ends until one comes'),
	});
	const desk = createSyncDesk({
		clock,
		list,
		outbox,
		state,
		onDaemon: () => log.info('a daemon has taken up this agent'),
		onList: ({running, denied, nonsense, why}) =>
			log.info(
				{checks: running, denied, ...(nonsense ? {nonsense} : {}), ...(why ? {why} : {})},
				'a list of checks came',
			),
	});

	let runs = 0;
	const refusals = createRefusalLog(log, clock);
	const connections = boundAgentConnections();
	const isOurs = (address: string) =>
		allowLoopback || vantage.addresses().length === 0 || vantage.addresses().includes(address);
	const handler = createHandler({
		clock,
		boot,
		gate: createGate({boot, now: clock.now, secrets: secret.accepted, isOurs}),
		connections,
		secrets: secret.accepted,
		isOurs,
		sync,
		run,
		onRefused: refusals.note,
		onBug,
	});
	const {host, port} = config.listen;
	const how = {
		clock,
		port,
		prefixes: config.tailnet.prefixes,
		connections,
		handler,
		onListening: (address: string, taken: number) =>
			log.info({address, port: taken, version}, 'the agent listens for its daemon'),
		onFailure: (address: string, why: string, retryMs: number) =>
			log.warn({address, port, why, retry_in_ms: retryMs}, 'the agent cannot listen there yet'),
	};
	const waits = host === 'tailnet' ? createWaitLog({log, prefixes: config.tailnet.prefixes}) : undefined;
	const watcher = setInterval(watch, watchMs);
	let condition = '';
	let told: string | undefined;
	let listening: Awaited<ReturnType<typeof listenAt>> | undefined;
	try {
		listening = host === 'tailnet' ? listenInTailnet(how) : await listenAt(host, how);
	} catch (error) {
		await stop();
		throw error;
	}
	listening.use(vantage.addresses());
	return {
		places: () => listening?.places() ?? [],
		async stop() {
			log.info({runs_in_flight: vantage.state().runsInFlight}, 'the agent is ending');
			await stop();
		},
	};

	function keep(outcomes: readonly Outcome[]): void {
		outbox.add(outcomes.filter(({key}) => list.has(key)));
		desk.wake();
	}

	function watch(): void {
		const {condition: now, detail} = vantage.state();
		waits?.note({condition: now, ...(detail === undefined ? {} : {detail}), addresses: vantage.addresses()});
		if (now !== condition) {
			condition = now;
			desk.wake();
		}
		const problem = secret.problem();
		if (problem !== told && problem !== undefined) log.error({why: problem}, 'the secret cannot be used');
		told = problem;
	}

	function state(): AgentState {
		const {
			condition: now,
			detail,
			latenessMs,
			runsInFlight,
			facts,
			skippedSlots,
			threadRestarts,
			...rest
		} = vantage.state();
		return {
			condition: now,
			...(detail === undefined ? {} : {detail}),
			latenessMs,
			runsInFlight,
			facts,
			version,
			addresses: vantage.addresses(),
			runs: list.withDenied(rest.runs),
			skippedSlots,
			threadRestarts,
			denied: list.denied(),
			dropped: outbox.dropped(),
		};
	}

	async function sync(json: unknown, signal: AbortSignal): Promise<string | Refused> {
		const read = syncRequestSchema.safeParse(json);
		if (!read.success) return {status: 400, refused: 'request'};
		const answer = await desk.answer(read.data as never, signal);
		return answer ?? {status: 409, refused: 'superseded'};
	}

	async function run(json: unknown, signal: AbortSignal): Promise<string | Refused> {
		const read = runRequestSchema.safeParse(json);
		const wanted = read.success ? readCheck(read.data.check, config.allow) : undefined;
		if (!read.success || !wanted || wanted.kind === 'nonsense') return {status: 400, refused: 'request'};
		if (wanted.kind === 'denied') {
			const {check, reason, detail} = wanted;
			const outcome = {
				key: check.key,
				durationMs: 0,
				latenessMs: 0,
				late: false,
				kind: 'adhoc',
				verdict: 'unknown',
				reason,
				detail,
			};
			return JSON.stringify({outcome: {...outcome, ageMs: 0}});
		}
		if (runs >= maxRuns) return {status: 429, refused: 'busy'};
		runs++;
		try {
			const outcome = await vantage.run(wanted.check, read.data.deadlineMs, signal);
			const ageMs = Math.max(0, Math.round(clock.now() - begunAt(outcome, clock)));
			return `{"outcome":{"ageMs":${ageMs},${jsonOf(outcome).slice(1)}}`;
		} finally {
			runs--;
		}
	}

	async function stop(): Promise<void> {
		clearInterval(watcher);
		connections.destroyAll();
		refusals.stop();
		await Promise.all([listening?.stop(), list.stop(), vantage.stop()]);
	}
}

/** How often the condition is looked at, for the daemon and the log, and the secret, for the log. */
const watchMs = 1000;
/** EX_CONFIG of sysexits. */
const exitConfig = 78;

function load({configPath, configText}: AgentOptions): ReturnType<typeof parseAgentConfig> {
	if (configText !== undefined) return parseAgentConfig(configText, configPath ?? 'agent.yaml');
	if (configPath === undefined) throw new TypeError('an agent needs a configuration');
	try {
		return loadAgentConfig(configPath);
	} catch (error) {
		throw new UserError(`The configuration of the agent cannot be read: ${messageOf(error)}`, exitConfig);
	}
}

function placeOf({tailscaledSocket, socks5, tailnet}: AgentConfig, allowLoopback: boolean) {
	return {
		vantage: 'agent',
		...(tailscaledSocket === undefined ? {} : {tailscaled: tailscaledSocket}),
		...(socks5 === undefined ? {} : {socks5}),
		tailnet,
		allowLoopback,
	};
}
