/** Tells the log when what is read begins and ends to fail: one line for the parts of one system that fail for the same cause. */

import type {Failure} from '../sources/read.ts';
import type {Clock} from '../util/clock.ts';
import type {Logger} from '../util/log.ts';
import {formatSpan} from '../util/readable.ts';

/** How the last try of a part went. */
export interface SourceTry {
	/** `headscale-nodes`, `tailscaled-status`, … */
	name: string;
	/** Whose part it is: `headscale`, `tailscaled`. */
	system: string;
	vantage?: string;
	/** Which of several addresses of the system it is read from. */
	place?: string;
	/** A sentence, when it failed. */
	error?: string | undefined;
	failure?: Failure | undefined;
}

export interface SourceLog {
	/** After each try. What belongs together is gathered for a second, then told. */
	tried(source: SourceTry): void;
	/** Tells at once what is gathered. */
	flush(): void;
}

/** Parts that fail for one cause, from the first that began to the last that ended. */
interface Incident {
	system: string;
	vantage: string | undefined;
	cause: string;
	detail: string;
	sinceMs: number;
	untilMs?: number;
	/** Names of all that ever failed in it, of those that fail now, and of those that no line has told. */
	names: Set<string>;
	failing: Set<string>;
	untold: Set<string>;
}

const gatherMs = 1000;

export function createSourceLog(log: Logger, clock: Clock): SourceLog {
	const incidents = new Map<string, Incident>();
	/** Of each failing part: where it is counted, and another cause that its last try had. */
	const failing = new Map<string, {key: string; cause: string; other?: string | undefined}>();
	let ended: Incident[] = [];
	let cancel: (() => void) | undefined;

	return {
		tried(source) {
			const {error, system, vantage, name} = source;
			const part = JSON.stringify([system, vantage, name]);
			const known = failing.get(part);
			if (error === undefined) {
				if (known) leave(part, known.key, name, true);
				return;
			}
			const cause = source.failure ?? 'own';
			if (!known) begin(part, cause, source, error);
			else if (known.cause === cause) known.other = undefined;
			else if (known.other !== cause) known.other = cause;
			else {
				// Twice in a row: it is no slip between two ways to fail.
				leave(part, known.key, name, false);
				begin(part, cause, source, error);
			}
		},
		flush,
	};

	function begin(part: string, cause: string, {name, system, vantage, place}: SourceTry, detail: string): void {
		if (ended.some(incident => incident.system === system && incident.vantage === vantage)) flush();
		const key = JSON.stringify([system, vantage, place, cause === 'own' ? withoutNumbers(detail) : cause]);
		const open = incidents.get(key);
		const incident = open ?? {
			...{system, vantage, cause, detail, sinceMs: clock.wall()},
			...{names: new Set<string>(), failing: new Set<string>(), untold: new Set<string>()},
		};
		incidents.set(key, incident);
		failing.set(part, {key, cause});
		incident.failing.add(name);
		// That the others are not answered either goes without saying, and each comes at its own time.
		if (cause !== 'unanswered' || !open || incident.untold.size > 0) {
			if (incident.untold.size === 0) incident.detail = detail;
			incident.untold.add(name);
		}
		incident.names.add(name);
		if (incident.untold.size > 0) gather();
	}

	function leave(part: string, key: string, name: string, isSound: boolean): void {
		failing.delete(part);
		const incident = incidents.get(key);
		incident?.failing.delete(name);
		if (!incident || incident.failing.size > 0) return;
		incidents.delete(key);
		// What goes on failing in another way does not work again.
		if (isSound || incident.untold.size > 0) ended.push({...incident, untilMs: clock.wall()});
		gather();
	}

	function gather(): void {
		cancel ??= clock.after(gatherMs, flush);
	}

	function flush(): void {
		cancel?.();
		cancel = undefined;
		const begun = [...incidents.values(), ...ended].filter(({untold}) => untold.size > 0);
		for (const alike of groupBy(begun, ({system, vantage, cause, detail}) => [
			...[system, vantage, cause === 'own' ? withoutNumbers(detail) : cause],
		])) {
			const names = alike.flatMap(({untold}) => [...untold]);
			log.warn(
				{...whoseOf(alike, names), detail: alike[0]?.detail},
				names.length > 1 ? 'sources fail' : 'source fails',
			);
			for (const {untold} of alike) untold.clear();
		}
		for (const alike of groupBy(ended, ({system, vantage}) => [system, vantage])) {
			const names = [...new Set(alike.flatMap(incident => [...incident.names]))].filter(
				name => !failing.has(JSON.stringify([alike[0]?.system, alike[0]?.vantage, name])),
			);
			if (names.length === 0) continue;
			const sinceMs = Math.min(...alike.map(incident => incident.sinceMs));
			const untilMs = Math.max(...alike.map(incident => incident.untilMs ?? 0));
			log.info(
				{...whoseOf(alike, names), failed_for: formatSpan(untilMs - sinceMs)},
				names.length > 1 ? 'sources work again' : 'source works again',
			);
		}
		ended = [];
	}
}

function whoseOf([first]: readonly Incident[], names: readonly string[]) {
	return {
		...(names.length === 1 ? {source: names[0]} : {source: first?.system, sources: names}),
		...(first?.vantage === undefined ? {} : {vantage: first.vantage}),
	};
}

function groupBy(incidents: readonly Incident[], keyOf: (incident: Incident) => readonly unknown[]): Incident[][] {
	return [...Map.groupBy(incidents, incident => JSON.stringify(keyOf(incident))).values()];
}

/** What two requests for different things differ in is left out. */
function withoutNumbers(detail: string): string {
	return detail.replace(/\b(?:GET |HEAD )?https?:\/\/\S*[^\s:.,;]/g, '').replace(/\d+/g, '#');
}
