/** Tells the log what changed around the checks: vantages, nodes that come and go, headscale and its keys, the vantages' own tailscaled. */

import {isInGrace} from '../headscale/fresh.ts';
import type {HeadscaleState} from '../headscale/types.ts';
import type {HeadscaleFacts, PlatformView, TailscaledFacts} from '../inventory/platform-types.ts';
import type {HealthWarning} from '../tailscaled/types.ts';
import {type Clock, systemClock} from '../util/clock.ts';
import {oneLine} from '../util/errors.ts';
import type {Logger} from '../util/log.ts';
import {formatSpan} from '../util/readable.ts';
import type {VantageState} from '../vantages/types.ts';

/** Each may be called as often as one likes with what is so now: a line comes only when something changed. */
export interface ChangeLog {
	vantages(states: readonly VantageState[]): void;
	headscale(state: HeadscaleState): void;
	platform(view: PlatformView): void;
	/** Sentences that stand now; one counts as the same while only numbers in it change. Told when they stood at two looks. */
	problems(sentences: readonly string[]): void;
}

/** More names than this are told as a number. */
const namesTold = 10;
const problemLength = 600;
const dayMs = 86_400_000;
/** Our own API key ends within so long: told every day. */
const apiKeySoonMs = 14 * dayMs;

export function createChangeLog(log: Logger, clock: Pick<Clock, 'wall'> = systemClock): ChangeLog {
	const conditions = new Map<string, Pick<VantageState, 'condition' | 'type'> & {wasReached: boolean}>();
	let nodes: ReadonlySet<string> | undefined;
	let wasInGrace = false;
	/** What is known of a matter; what is not known at the moment changes nothing. */
	const known = new Map<string, unknown>();
	let keyToldAt: number | undefined;
	/** Of each vantage, the codes that its tailscaled warned of last. */
	const warned = new Map<string, ReadonlySet<string>>();
	/** Problems by what stays of them, whether they were told. */
	let standing: ReadonlyMap<string, {sentence: string; isTold: boolean}> = new Map();

	return {
		vantages(states) {
			for (const state of states) {
				const {name, group, type, condition, unsupported, detail} = state;
				const before = conditions.get(name);
				const remote = group === undefined ? {} : {group, ...waysOf(state)};
				if (condition === 'starting') continue;
				const wasReached = before?.wasReached ?? false;
				if (condition !== before?.condition) {
					if (unsupported)
						log.info({vantage: name, ...remote, detail}, 'vantage cannot be used, its checks are unknown');
					else if (condition !== 'sound')
						log.warn(
							{vantage: name, ...remote, detail},
							`vantage is ${condition === 'gone' && group !== undefined && !wasReached ? 'not reached' : condition}, its ${group === undefined || condition === 'sick' ? 'tailnet ' : ''}checks are unknown`,
						);
					else if (before && (group === undefined || wasReached))
						log.info({vantage: name, ...remote}, 'vantage is sound again');
					else if (group !== undefined) log.info({vantage: name, ...remote}, 'vantage is reached');
				} else if (condition !== 'gone' && type !== before?.type)
					log.warn({vantage: name, ...remote, before: before?.type}, 'vantage is reached by another way');
				conditions.set(name, {condition, type, wasReached: wasReached || condition !== 'gone'});
			}
			const now = new Set(states.map(({name}) => name));
			for (const name of conditions.keys()) {
				if (now.has(name)) continue;
				conditions.delete(name);
				log.info({vantage: name}, 'vantage is no more');
			}
		},
		headscale(state) {
			const inGrace = isInGrace(state, clock.wall());
			if (inGrace && !wasInGrace)
				log.info(
					{until: new Date(state.graceUntil ?? 0).toISOString()},
					'headscale restarted or came back, "offline" is not told for a while',
				);
			wasInGrace = inGrace;
			const list = state.nodes.value?.nodes;
			if (!list) return;
			const now = new Set(list.map(node => node.name));
			if (nodes) {
				tell(
					'nodes left the tailnet',
					[...nodes].filter(name => !now.has(name)),
				);
				tell(
					'nodes joined the tailnet',
					[...now].filter(name => !nodes?.has(name)),
				);
			}
			nodes = now;
		},
		platform({headscale, tailscaled}) {
			for (const facts of tailscaled) tellTailscaled(facts);
			if (!headscale) return;
			tellCertificate(headscale.certificate);
			tellUsers(headscale.missingUsers);
			tellApiKey(headscale.ownApiKeyExpiryMs);
		},
		problems(sentences) {
			const now = new Map(
				sentences.map(sentence => {
					const key = sentence.replace(/\d+/g, '#');
					return [key, {sentence, isTold: standing.has(key)}] as const;
				}),
			);
			const begun = [...now].flatMap(([key, {sentence, isTold}]) =>
				isTold && !standing.get(key)?.isTold ? [sentence] : [],
			);
			const over = [...standing].flatMap(([key, {sentence, isTold}]) => (isTold && !now.has(key) ? [sentence] : []));
			if (begun.length > 0) log.warn(told(begun), begun.length === 1 ? 'a problem' : 'problems');
			if (over.length > 0) log.info(told(over), over.length === 1 ? 'a problem is over' : 'problems are over');
			standing = now;
		},
	};

	function told(sentences: readonly string[]): {problem: string} | {count: number; problems: string[]} {
		const [first = ''] = sentences;
		return sentences.length === 1
			? {problem: oneLine(first, problemLength)}
			: {count: sentences.length, problems: sentences.slice(0, namesTold).map(each => oneLine(each, problemLength))};
	}

	function tell(message: string, names: readonly string[]): void {
		if (names.length > 0) log.info({count: names.length, nodes: names.slice(0, namesTold)}, message);
	}

	/** Calls with the value when it is another than before; `before` is undefined at the first time. */
	function onChange<T extends string | boolean>(
		matter: string,
		value: T | undefined,
		call: (before: T | undefined) => void,
	): void {
		const before = known.get(matter) as T | undefined;
		if (value === undefined || value === before) return;
		known.set(matter, value);
		call(before);
	}

	function tellTailscaled({vantage, backendState, online, warnings}: TailscaledFacts): void {
		if (warnings) tellWarnings(vantage, warnings);
		onChange(`${vantage} state`, backendState, before => {
			if (backendState !== 'Running')
				log.warn({vantage, state: backendState}, 'the own tailscaled is not connected to the tailnet');
			else if (before !== undefined) log.info({vantage}, 'the own tailscaled is connected to the tailnet again');
		});
		if (backendState !== 'Running') return;
		onChange(`${vantage} online`, online, before => {
			if (online === false) log.warn({vantage}, 'the own tailscaled lost its control server');
			else if (before !== undefined) log.info({vantage}, 'the own tailscaled has its control server again');
		});
	}

	/** Those that the page shows too. One that stays is told once, whatever its words become. */
	function tellWarnings(vantage: string, warnings: readonly HealthWarning[]): void {
		const grave = warnings.filter(({severity}) => severity === 'high' || severity === 'medium');
		const before = warned.get(vantage) ?? new Set();
		for (const {code, severity, says} of grave)
			if (!before.has(code)) log.warn({vantage, code, severity, ...(says && {says})}, 'the own tailscaled warns');
		const now = new Set(grave.map(({code}) => code));
		const over = [...before].filter(code => !now.has(code));
		if (over.length > 0) log.info({vantage, codes: over}, 'the own tailscaled no longer warns');
		warned.set(vantage, now);
	}

	function tellCertificate(certificate: HeadscaleFacts['certificate']): void {
		onChange('certificate', certificate?.trusted, before => {
			if (certificate?.trusted === false)
				log.warn({fault: certificate.fault ?? 'other'}, "headscale's certificate is not trusted");
			else if (before !== undefined) log.info("headscale's certificate is trusted again");
		});
	}

	function tellUsers(missing: HeadscaleFacts['missingUsers']): void {
		onChange('users', missing && JSON.stringify(missing), before => {
			if (missing && missing.count > 0)
				log.warn(
					{count: missing.count, users: missing.names.slice(0, namesTold)},
					'expected users are missing in headscale',
				);
			else if (before !== undefined) log.info('no expected user is missing in headscale any more');
		});
	}

	function tellApiKey(expiryMs: number | undefined): void {
		const now = clock.wall();
		if (expiryMs === undefined || expiryMs >= now + apiKeySoonMs) return;
		onChange('API key', `${expiryMs} ${expiryMs <= now}`, () => {
			keyToldAt = undefined;
		});
		if (keyToldAt !== undefined && now - keyToldAt < dayMs) return;
		keyToldAt = now;
		const expires = new Date(expiryMs).toISOString();
		if (expiryMs <= now) log.warn({expired: expires}, 'the API key with which headscale is read has expired');
		else log.warn({expires, in: formatSpan(expiryMs - now)}, 'the API key with which headscale is read expires soon');
	}
}

/** The way in use, or else those that were tried. */
function waysOf({type, condition, ways = []}: VantageState): {way: string} | {ways: string[]} {
	if (condition !== 'gone') return {way: type};
	return {ways: ways.flatMap(way => (way.condition === 'idle' ? [] : [way.type]))};
}
