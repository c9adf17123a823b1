/** The long poll of the daemon: outcomes as soon as there are some, at most about once a second; one at a time, the last one wins. */

import type {Clock} from '../util/clock.ts';
import {startPause} from '../util/pause.ts';
import type {CheckList, ListCounts} from './list.ts';
import type {Outbox} from './outbox.ts';
import type {AgentState, SyncRequest} from './wire.ts';
import {gatherMs, syncSpacingMs, wireLimits} from './wire.ts';

export interface SyncDesk {
	/** The answer as JSON text; undefined: another daemon has taken over. The signal tells that nobody waits any more. */
	answer(
		request: SyncRequest & {list?: {checks?: readonly unknown[]}},
		signal: AbortSignal,
	): Promise<string | undefined>;
	/** There is something new: outcomes, or a condition. */
	wake(): void;
}

export interface SyncDeskOptions {
	clock: Clock;
	list: CheckList;
	outbox: Outbox;
	state(): AgentState;
	/** Another daemon speaks, or the first one. */
	onDaemon(): void;
	onList(counts: ListCounts): void;
}

export function createSyncDesk(options: SyncDeskOptions): SyncDesk {
	const {clock, list, outbox} = options;
	let daemon: string | undefined;
	let answeredAt = Number.NEGATIVE_INFINITY;
	/** Wakes whoever waits at present. */
	let wake = () => {};
	let turn = 0;

	return {
		async answer(request, signal) {
			if (request.daemon !== daemon) {
				daemon = request.daemon;
				options.onDaemon();
			}
			const mine = ++turn;
			// Whoever still waits is told at once that its turn is over.
			wake();
			outbox.acknowledge(request.ack);
			if (request.list) takeList(request.list);
			const isWanting = request.list !== undefined && request.list.version !== list.version();
			const endsAt = clock.now() + request.waitMs;
			while (!isWanting && !signal.aborted && mine === turn && !hasNews(request)) {
				const leftMs = endsAt - clock.now();
				if (leftMs <= 0) break;
				await nextNews(Math.min(leftMs, gatherLeftMs(request) ?? leftMs), signal);
			}
			// Not before a moment after the last one, so that what comes together goes together.
			const spareMs = Math.min(answeredAt + syncSpacingMs, endsAt) - clock.now();
			if (!isWanting && spareMs > 0 && mine === turn) await startPause(clock, spareMs, signal).over;
			if (mine !== turn || signal.aborted) return undefined;
			answeredAt = clock.now();
			return answerText(request);
		},
		wake: () => wake(),
	};

	function takeList({version, checks}: {version: string; checks?: readonly unknown[]}): void {
		if (version === list.version()) list.affirm();
		else if (checks) options.onList(list.take(version, checks));
	}

	function hasNews({max, seen}: SyncRequest): boolean {
		const gatherLeft = gatherLeftMs({max});
		return (gatherLeft !== undefined && gatherLeft <= 0) || (seen !== undefined && seen !== options.state().condition);
	}

	/** Undefined: there is nothing to be gathered. A page that is full waits for no more. */
	function gatherLeftMs({max}: Pick<SyncRequest, 'max'>): number | undefined {
		const since = max > 0 ? outbox.waitingSince() : undefined;
		if (since === undefined) return undefined;
		return outbox.size() >= max ? 0 : since + gatherMs - clock.now();
	}

	function answerText({max}: SyncRequest): string {
		const {outcomes, more} = outbox.page(max, wireLimits.pageBytes);
		const rest = JSON.stringify({list: list.version(), more: max > 0 && more, state: options.state()});
		return `{"outcomes":[${outcomes.join()}],${rest.slice(1)}`;
	}

	function nextNews(limitMs: number, signal: AbortSignal): Promise<void> {
		const news = startPause(clock, limitMs, signal);
		wake = news.end;
		return news.over;
	}
}
