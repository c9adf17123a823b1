/** The tailscaled of every vantage that has one, as the daemon holds them, and what they know of the clients in the tailnet. */

import {type SourceReading, sourceReading} from '../collectors/sources.ts';
import type {VantageConfig} from '../config/types.ts';
import type {TailnetNode} from '../inventory/types.ts';
import {createSourceLog} from '../sinks/source-log.ts';
import {afterTry, type Brought, isFresh, type Read} from '../sources/read.ts';
import {systemClock} from '../util/clock.ts';
import {messageOf} from '../util/errors.ts';
import type {Logger} from '../util/log.ts';
import {type ClientVersions, createClientVersions} from './client-versions.ts';
import {readText, TailscaledError} from './local-get.ts';
import {startTailscaledReader, type TailscaledReader} from './reader.ts';
import {parseWhoisVersion} from './status.ts';
import {type ClientVersion, type Part, partIntervalsMs, type TailscaledState} from './types.ts';

export interface TailscaledReading {
	vantage: string;
	state: TailscaledState;
}

export interface TailscaledSource {
	readings(): readonly TailscaledReading[];
	/** A version for each node of the list, undefined where it is not known; undefined while nothing of it can be told. */
	clientVersions(): readonly (ClientVersion | undefined)[] | undefined;
	/** `tailscaled-status`, …; with the vantage's name behind where several have a tailscaled. */
	sources(): SourceReading[];
	/** tailscaled's own metrics text while the last read of it succeeded; of the first vantage that has a tailscaled, when none is named. */
	originalMetrics(vantage?: string): string | undefined;
	/** Every part of every tailscaled was tried once. */
	tried(): boolean;
	/** Takes over a new configuration: what is unchanged goes on undisturbed. */
	configure(vantages: readonly VantageConfig[]): void;
	stop(): Promise<void>;
}

export interface TailscaledSourceOptions {
	vantages: readonly VantageConfig[];
	log: Logger;
	/** The nodes of the tailnet as far as known, whose versions are then asked for. */
	nodes(): readonly TailnetNode[];
}

const parts = Object.keys(partIntervalsMs) as Part[];
const whoisIntervalMs = 15_000;
const whoisLimits = {timeoutMs: 2000, maxBytes: 256 * 1024};

/** Starts reading. */
export function startTailscaled({vantages, log, nodes}: TailscaledSourceOptions): TailscaledSource {
	const running = new Map<string, {socket: string; reader: TailscaledReader}>();
	const ending = new Set<Promise<void>>();
	const stopping = new AbortController();
	const sourceLog = createSourceLog(log, systemClock);
	const versions: ClientVersions = createClientVersions(systemClock);
	let whois: Read<true> = {};
	let whoisFlight: Promise<void> = Promise.resolve();
	let whoisVantage: string | undefined;
	let isAsking = false;
	let cancelWhois = () => {};
	/** Vantages whose tailscaled did not tell its status at the last try. */
	const away = new Set<string>();
	configure(vantages);
	askVersions();

	return {
		readings: () => [...running].map(([vantage, {reader}]) => ({vantage, state: reader.state()})),
		clientVersions() {
			const known = nodes();
			const fresh = isFresh(whois.succeededAt, whoisIntervalMs, systemClock.wall());
			return fresh && known.length > 0 ? versions.of(known) : undefined;
		},
		sources() {
			const own = [...running].flatMap(([vantage, {reader}]) =>
				parts.map(part => sourceReading(nameOf(part, vantage), reader.state()[part], partIntervalsMs[part])),
			);
			return whois.triedAt === undefined ? own : [...own, sourceReading('tailscaled-whois', whois, whoisIntervalMs)];
		},
		originalMetrics(vantage = running.keys().next().value) {
			const read = vantage === undefined ? undefined : running.get(vantage)?.reader.state().metrics;
			if (!read || read.error !== undefined) return undefined;
			return isFresh(read.succeededAt, partIntervalsMs.metrics, systemClock.wall()) ? read.value?.text : undefined;
		},
		tried: () => [...running.values()].every(({reader}) => parts.every(part => reader.state()[part].triedAt)),
		configure,
		async stop() {
			stopping.abort();
			cancelWhois();
			for (const name of [...running.keys()]) end(name);
			await Promise.all([...ending, whoisFlight]);
			sourceLog.flush();
		},
	};

	function configure(wanted: readonly VantageConfig[]): void {
		const sockets = new Map(
			wanted.flatMap(vantage => (vantage.type === 'local' ? [[vantage.name, vantage.tailscaledSocket]] : [])),
		);
		for (const [name, {socket}] of running) if (sockets.get(name) !== socket) end(name);
		for (const [vantage, socket] of sockets) {
			if (socket === undefined || running.has(vantage)) continue;
			const onRead = (part: Part, {error, failure}: Read<unknown>) => {
				sourceLog.tried({name: `tailscaled-${part}`, system: 'tailscaled', vantage, error, failure});
				if (part !== 'status') return;
				if (error !== undefined) away.add(vantage);
				else if (away.delete(vantage)) hurryVersions();
			};
			running.set(vantage, {socket, reader: startTailscaledReader({socket, clock: systemClock, onRead})});
		}
	}

	function end(vantage: string): void {
		const ended = running.get(vantage)?.reader.stop();
		running.delete(vantage);
		if (!ended) return;
		ending.add(ended);
		void ended.finally(() => ending.delete(ended));
	}

	/** One tailscaled knows the whole tailnet: the first that is connected is asked. */
	function askVersions(): void {
		const slot = systemClock.now();
		isAsking = true;
		whoisFlight = refreshVersions().then(() => {
			isAsking = false;
			if (stopping.signal.aborted) return;
			const wait = slot + (whois.triedAt === undefined ? 1000 : whoisIntervalMs) - systemClock.now();
			cancelWhois = systemClock.after(wait, askVersions);
		});
	}

	/** A tailscaled came back: what could not be asked while it was away is asked now. */
	function hurryVersions(): void {
		if (isAsking || whois.error === undefined) return;
		cancelWhois();
		askVersions();
	}

	async function refreshVersions(): Promise<void> {
		const known = nodes();
		const connected = [...running].find(
			([, {reader}]) => reader.state().status.value?.backendState === 'Running' && !reader.state().status.error,
		);
		if (!connected || known.length === 0) return;
		const [vantage, {socket}] = connected;
		const triedAt = systemClock.wall();
		const begun = systemClock.now();
		let brought: Brought<true> = {value: true};
		try {
			await versions.refresh(known, address => askVersion(socket, address, stopping.signal));
		} catch (thrown) {
			brought = {error: messageOf(thrown), failure: thrown instanceof TailscaledError ? thrown.failure : undefined};
		}
		if (stopping.signal.aborted) return;
		const times = {triedAt, endedAt: systemClock.wall(), seconds: (systemClock.now() - begun) / 1000};
		whois = afterTry(whois, times, brought);
		const {error, failure} = whois;
		const source = {name: 'tailscaled-whois', system: 'tailscaled'};
		// Another vantage is asked now: nothing of the one before stands any more.
		if (whoisVantage !== undefined && whoisVantage !== vantage) sourceLog.tried({...source, vantage: whoisVantage});
		whoisVantage = vantage;
		sourceLog.tried({...source, vantage, error, failure});
	}

	/** Names stay as they are documented for the usual daemon, which has one tailscaled. */
	function nameOf(part: Part, vantage: string): string {
		return running.size === 1 ? `tailscaled-${part}` : `tailscaled-${part}-${vantage}`;
	}
}

async function askVersion(socket: string, address: string, signal: AbortSignal): Promise<ClientVersion | undefined> {
	try {
		return parseWhoisVersion(await readText(socket, `whois?addr=${encodeURIComponent(address)}`, whoisLimits, signal));
	} catch (error) {
		// Nobody of this address is among those whom our node may see.
		if (error instanceof TailscaledError && error.status === 404) return undefined;
		throw error;
	}
}
