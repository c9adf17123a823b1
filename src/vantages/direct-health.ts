/**
 * Whether silence by `via: direct` may be believed. Nobody vouches for our own network there, so witnesses are asked: what answered
 * other direct checks of this vantage before, and the tailscaled that may be beside us.
 */

import {isIP} from 'node:net';
import type {Check, Outcome, Reason} from '../engine/types.ts';
import {createShared} from '../net/shared.ts';
import {splitTarget} from '../net/target.ts';
import {answersTcp, anyOf} from './answers.ts';
import type {SelfCheck} from './self-check.ts';
import {notBelieved} from './unknown-outcome.ts';
import {findWayOut, type WayOut} from './way-out.ts';

export interface DirectHealth {
	/** The outcome as it stands, or unknown (`vantage`) when our own network explains it. To be asked before the expectation is judged. */
	excuse(check: Check, outcome: Outcome): Promise<Outcome>;
	/** Remembers what answered a scheduled run as a witness; anything else is passed over. */
	note(check: Check, outcome: Outcome): void;
}

export interface DirectHealthOptions {
	/** undefined: no tailscaled here. */
	selfCheck: SelfCheck | undefined;
	stopping: AbortSignal;
	/** For tests: the kernel's answer. */
	wayOut?: (address: string) => Promise<WayOut>;
	/** For tests: whether a witness answers. */
	knock?: typeof answersTcp;
	/** For the witnesses' answers, milliseconds. */
	witnessMs?: number;
}

/** Failures in which nothing came back. Who refuses or resets has answered. */
const silent: ReadonlySet<Reason> = new Set(['resolve', 'unreachable', 'timeout', 'loss']);
const witnessesKept = 8;
const witnessesAsked = 4;
/** A host that was not heard for so long while others were is no witness any more. */
const staleMs = 15 * 60_000;
/** A run that began while we were blind may have failed for that, though we see again by its end. */
const afterglowMs = 5000;

export function createDirectHealth(options: DirectHealthOptions): DirectHealth {
	const {selfCheck, stopping, wayOut = findWayOut, knock = answersTcp, witnessMs = 1500} = options;
	/** By address, oldest first. */
	const witnesses = new Map<string, {port: number; heardAt: number}>();
	/** When each device, or everything (''), was last found to lead nowhere. */
	const blindAt = new Map<string, number>();
	const ask = createShared(askWitnesses, {freshMs: 500, timeoutMs: witnessMs});

	return {
		async excuse(check, outcome) {
			const {verdict, reason, reading, durationMs} = outcome;
			if (verdict !== 'down' || reason === undefined || !silent.has(reason) || reading?.facts.answered === 'true')
				return outcome;
			const address = reading?.facts.address ?? '';
			const {device, fault} = isIP(address) === 0 ? {device: ''} : await wayOut(address);
			const why = fault === undefined ? await doubt(check, address) : `${fault}: our own network is at fault`;
			if (why !== undefined) {
				// A missing route concerns that address alone.
				if (fault === undefined || device !== '')
					blindAt.set(device === '' || fault === undefined ? '' : device, now());
				return unknown(outcome, why);
			}
			const lastBlindAt = Math.max(blindAt.get('') ?? -Infinity, blindAt.get(device) ?? -Infinity);
			if (now() - lastBlindAt >= durationMs + afterglowMs) return outcome;
			return unknown(outcome, 'our own network was not sound a moment ago');
		},
		note({target}, {kind, reading}) {
			const {answered, address = ''} = reading?.facts ?? {};
			if (kind === 'adhoc' || target.via !== 'direct' || answered !== 'true' || isIP(address) === 0) return;
			const known = witnesses.get(address);
			// Only a connection shows a port that can be asked again; a kept one has no such phase in its later runs.
			const port = reading?.phases?.connect === undefined ? known?.port : portOf(target.address);
			if (port === undefined) return;
			witnesses.delete(address);
			witnesses.set(address, {port, heardAt: now()});
			for (const [old, {heardAt}] of witnesses)
				if (witnesses.size > witnessesKept || now() - heardAt > staleMs) witnesses.delete(old);
		},
	};

	/** Why silence from there says nothing about it, as a clause; undefined when it is to be believed. */
	async function doubt({expect}: Check, address: string): Promise<string | undefined> {
		const asked = ask(stopping);
		const looked = selfCheck?.look(stopping, 'full');
		looked?.catch(() => {});
		const {answer, silentHosts} = await asked;
		if (answer) return undefined;
		const network = (await looked)?.network;
		if (network === 'answers') return undefined;
		if (network === 'silent')
			return 'our own network is gone: neither the own relay nor any peer answers, nor anything else';
		const others = silentHosts.filter(host => host !== address).length;
		// What must stay closed is proven by silence alone, so that a single witness that fell silent is enough to doubt it.
		const hosts = others + (expect === undefined && silentHosts.includes(address) ? 1 : 0);
		if (others === 0 || hosts < (expect === undefined ? 2 : 1)) return undefined;
		return `nothing that answered from here lately answers any more (${hosts === 1 ? 'one other host' : `${hosts} hosts`}): our own network is at fault`;
	}

	async function askWitnesses(signal: AbortSignal): Promise<{answer: boolean; silentHosts: readonly string[]}> {
		const asked = [...witnesses].slice(-witnessesAsked);
		const answer = await anyOf(asked.map(([host, {port}]) => knock(host, port, signal)));
		return {answer, silentHosts: asked.map(([host]) => host)};
	}
}

function unknown(outcome: Outcome, why: string): Outcome {
	const detail = `${notBelieved} ${why}.`;
	return {...outcome, verdict: 'unknown', reason: 'vantage', detail};
}

const defaultPorts: Record<string, number> = {http: 80, ws: 80, https: 443, wss: 443};

function portOf(address: string): number | undefined {
	const scheme = /^([a-z]+):\/\//i.exec(address)?.[1]?.toLowerCase() ?? '';
	return splitTarget(address)?.port ?? defaultPorts[scheme];
}

function now(): number {
	return performance.now();
}
