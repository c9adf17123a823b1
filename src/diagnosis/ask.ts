/** Asks everything around a link or a node at the same time: what is configured is run as it is, and what is known is read anew. */

import type {Check, Outcome} from '../engine/types.ts';
import {checkAddress} from '../net/guard.ts';
import {raceAbort} from '../net/shared.ts';
import {splitTarget} from '../net/target.ts';
import type {Clock} from '../util/clock.ts';
import {messageOf, oneLine} from '../util/errors.ts';
import {asSentence} from '../util/words.ts';
import type {Vantage} from '../vantages/types.ts';
import {askMagicDns, dialByAddress} from './aside.ts';
import type {BigPingQuestion} from './ask-big-pings.ts';
import type {PeerQuestion} from './ask-peer.ts';
import {planRuns} from './ask-plan.ts';
import type {Fresh} from './fresh.ts';
import type {Scene} from './scene.ts';
import type {Subject} from './types.ts';

/** What asking afresh needs of the daemon. */
export interface AskTools {
	clock: Pick<Clock, 'now' | 'wall' | 'after'>;
	vantages(): readonly Vantage[];
	/** Prefixes of tailnet addresses. */
	prefixes(): readonly string[];
	/** Embedded lab and tests only. */
	allowLoopback?: boolean;
	/** Reads headscale's health, nodes and keys anew; rejects only with the signal's reason. Undefined: none is configured. */
	refreshHeadscale(): ((signal: AbortSignal) => Promise<void>) | undefined;
	/** What tailscaled says of a peer, by its address or name; rejects for nothing that the world does. */
	askPeer(how: PeerQuestion): Promise<Fresh['peer']>;
	/** The same of large packets. */
	askBigPings(how: BigPingQuestion): Promise<Fresh['bigPing'] | undefined>;
	/** An error of ours. */
	onBug(text: string): void;
	/** For all of it, milliseconds; default 9000. */
	budgetMs?: number;
}

const usualBudgetMs = 9000;
/** Before the end of the budget, so that what timed out is an outcome. */
const runMarginMs = 1000;

/**
 * Asks around these scenes of one subject, all from one world, and ends within the budget. What fails, hangs or cannot be asked is
 * told in what comes back; nothing is thrown for it. When the signal aborts it ends early with what there is.
 */
export async function askAround(
	subject: Pick<Subject, 'kind'>,
	scenes: readonly Scene[],
	tools: AskTools,
	signal: AbortSignal,
): Promise<Fresh> {
	const {clock, budgetMs = usualBudgetMs} = tools;
	const begun = clock.now();
	const atMs = clock.wall();
	const unasked: string[] = [];
	const outcomes = new Map<string, Outcome>();
	const over = new AbortController();
	const cancel = clock.after(budgetMs, () => over.abort(new Error('The time for this diagnosis is over.')));
	const budget = AbortSignal.any([signal, over.signal]);
	const run = createRunner(tools, budget, budgetMs - runMarginMs, unasked);
	const [lead] = scenes;
	const of = lead && {
		vantage: tailscaledFor(lead).vantage,
		peer: lead.peer,
		...(subject.kind === 'check' && lead.check ? {key: lead.check.view.check.key} : {}),
	};
	const [known, aside] = await Promise.all([
		lead && askTailscaled(lead),
		// About one link.
		lead && subject.kind === 'check' ? askAside(lead) : undefined,
		refresh(),
		...planRuns(subject, scenes).map(async check => {
			const outcome = await run(check, sayCheck(check));
			if (outcome) outcomes.set(check.key, outcome);
		}),
	]);
	cancel();
	return {
		atMs,
		durationMs: clock.now() - begun,
		...(of ? {of} : {}),
		outcomes,
		...withoutNeedlessPings(),
		...aside,
		unasked: [...new Set(unasked)],
	};

	/** Where nothing small passes, how large things fare tells nothing. */
	function withoutNeedlessPings(): typeof known {
		const tunnel = lead?.tunnel && outcomes.get(lead.tunnel.view.check.key);
		if (tunnel?.verdict !== 'down' || !known) return known;
		const {bigPing: _needless, ...rest} = known;
		return rest;
	}

	async function refresh(): Promise<void> {
		const read = tools.refreshHeadscale();
		if (!read) return;
		await inTime('headscale', () => read(budget));
	}

	async function askTailscaled(first: Scene): Promise<Pick<Fresh, 'peer' | 'bigPing'>> {
		const {peer: name} = first;
		if (name === '') return {};
		const {vantage: vantageName, socketPath} = tailscaledFor(first);
		if (socketPath === undefined) {
			unasked.push(
				`What tailscaled on ${vantageName} knows of ${name}: only that of a local vantage with its socket is asked.`,
			);
			return {};
		}
		const scene = scenes.find(each => each.vantageName === vantageName) ?? first;
		const address = addressOf(scene, tools);
		const [peer, bigPing] = await Promise.all([
			inTime(`tailscaled on ${vantageName}`, () => tools.askPeer({socketPath, peer: address ?? name, signal: budget})),
			address !== undefined && mayHang(scene)
				? inTime(`big pings to ${name}`, () => tools.askBigPings({socketPath, address, signal: budget}))
				: undefined,
		]);
		return {...(peer ? {peer} : {}), ...(bigPing ? {bigPing} : {})};
	}

	/** Only our own can be asked: about the node behind a link of our own, or about a node itself. */
	function tailscaledFor({world, vantageName}: Scene): {vantage: string; socketPath: string | undefined} {
		const sockets = world.landmarks.tailscaledSockets ?? {};
		const isOwn = subject.kind === 'check' || Object.hasOwn(sockets, vantageName);
		const vantage = isOwn ? vantageName : (Object.keys(sockets)[0] ?? vantageName);
		return {vantage, socketPath: Object.hasOwn(sockets, vantage) ? sockets[vantage] : undefined};
	}

	async function askAside(scene: Scene): Promise<Pick<Fresh, 'byAddress' | 'byMagicDns'>> {
		const dial = dialByAddress(scene, tools.prefixes());
		const lookUp = askMagicDns(scene);
		const found = await Promise.all([
			dial && run(dial, `${dial.target.address} without any name`),
			lookUp && run(lookUp, `${lookUp.target.address} at MagicDNS itself`),
		]);
		const [byAddress, byMagicDns] = found.map(lookedAt);
		return {...(byAddress ? {byAddress} : {}), ...(byMagicDns ? {byMagicDns} : {})};
	}

	/** Nobody could look: that says nothing of the target. */
	function lookedAt(outcome: Outcome | undefined): Outcome | undefined {
		if (outcome?.verdict !== 'unknown') return outcome;
		unasked.push(asSentence(outcome.detail ?? 'Something could not be asked'));
		return undefined;
	}

	async function inTime<T>(what: string, ask: () => Promise<T>): Promise<T | undefined> {
		try {
			return await raceAbort(ask(), budget);
		} catch (error) {
			unasked.push(
				budget.aborted ? `${oneLine(what, 200)} did not answer in time.` : `${what}: ${asSentence(messageOf(error))}`,
			);
			if (!budget.aborted)
				tools.onBug(`asking for a diagnosis: ${String(error instanceof Error ? error.stack : error)}`);
			return undefined;
		}
	}
}

type Run = (check: Check, what: string) => Promise<Outcome | undefined>;

/** Runs of one asking. What was cut short by us, and not by the check's own deadline, is no outcome. */
function createRunner(tools: AskTools, budget: AbortSignal, longestMs: number, unasked: string[]): Run {
	const vantages = new Map(tools.vantages().map(vantage => [vantage.name, vantage]));
	return async (check, what) => {
		const vantage = vantages.get(check.vantage);
		if (!vantage) {
			unasked.push(`${what}: there is no vantage ${check.vantage} any more.`);
			return undefined;
		}
		const deadlineMs = Math.min(check.timeoutMs, longestMs);
		try {
			// Under its own key a run could be taken for the schedule's.
			const run = vantage.run({...check, key: `diagnosis/${check.key}`}, deadlineMs, budget);
			const outcome = await raceAbort(run, budget);
			const isCut = outcome.reason === 'timeout' && deadlineMs < check.timeoutMs;
			if (outcome.reason !== 'canceled' && !isCut) return {...outcome, key: check.key};
		} catch (error) {
			if (!budget.aborted)
				tools.onBug(`a run for a diagnosis: ${String(error instanceof Error ? error.stack : error)}`);
		}
		unasked.push(`${what} did not end within the ${Math.round(deadlineMs / 100) / 10} s that a diagnosis has for it.`);
		return undefined;
	};
}

function sayCheck({name, target, vantage}: Check): string {
	return `${name} ${target.name} from ${vantage}`;
}

/**
 * As headscale lists it, else as it was last dialled: the first that lies inside the tailnet. headscale may list any address, and nobody is
 * sent pings for that.
 */
function addressOf({node, check}: Scene, {prefixes, allowLoopback}: AskTools): string | undefined {
	const {target} = check?.view.check ?? {};
	const dialled =
		target?.via === 'tailnet'
			? [check?.outcome?.reading?.facts.address, splitTarget(target.address)?.host].filter(each => each !== undefined)
			: [];
	const rule = {via: 'tailnet' as const, prefixes: prefixes(), allowLoopback: allowLoopback ?? false};
	return [...(node?.node.addresses ?? []), ...dialled].find(address => {
		try {
			checkAddress(address, rule);
			return true;
		} catch {
			return false;
		}
	});
}

/** Small things pass, so that large ones are worth a try. */
function mayHang({tunnel, check}: Scene): boolean {
	const {reading, reason} = check?.outcome ?? {};
	return tunnel?.verdict === 'up' || (reason === 'timeout' && reading?.phases?.connect !== undefined);
}
