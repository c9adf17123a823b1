/**
 * The web configuration file while we run. It is read again when it changes; one that cannot be used shuts the door (500) until it
 * is right again: a revoked password must not go on working because of a slip in the file, and an emptied file must open nothing. One
 * that is not there yet at the start is awaited in the same way.
 */

import {howToBring} from '../../config/secrets.ts';
import {parseWebConfig, type WebConfig} from '../../config/web-config.ts';
import {noSuchFile, readTextNow} from '../../util/changing-file.ts';
import {messageOf, UserError} from '../../util/errors.ts';
import {shownPath} from '../../util/shown-path.ts';
import type {Log} from '../routes/types.ts';

export interface WebSettings {
	/** What is in force now; undefined while the file cannot be used. Looks at the file, never waits. */
	now(): WebConfig | undefined;
	/** What is wrong with the file at present, as sentences. */
	problems(): readonly string[];
}

type State = {text: string; web: WebConfig} | {text: string | undefined; mistakes: readonly string[]};

/** A longer one is not read. */
export const maxWebConfigBytes = 1024 * 1024;

/**
 * Without a path nothing is asked of anybody. A file that is not there yet, as of a Secret that is made later, keeps the door shut until
 * it is. Throws a UserError with every mistake when it is there at the start and wrong.
 */
export function createWebSettings(path: string | undefined, log: Log): WebSettings {
	if (path === undefined) {
		const none: WebConfig = {headers: {}, users: new Map()};
		return {now: () => none, problems: () => []};
	}
	let current: State | undefined;
	const atStart = load(path);
	if ('mistakes' in atStart && atStart.text !== undefined)
		throw new UserError(
			`The web configuration cannot be used:\n${atStart.mistakes.map(mistake => `  ${mistake}`).join('\n')}`,
			78,
		);
	/** undefined: nothing was yet. */
	let inForce = 'web' in atStart ? atStart.web : undefined;
	current = atStart;
	if ('mistakes' in atStart) tellShut(atStart.mistakes);

	return {
		now() {
			const state = look(path);
			return 'web' in state ? state.web : undefined;
		},
		problems() {
			const state = look(path);
			return 'mistakes' in state
				? state.mistakes.map(
						mistake =>
							`Nobody is let in, as the web configuration cannot be used: ${mistake}${mistake.endsWith(`${noSuchFile}.`) ? ` ${howToBring}` : ''}`,
					)
				: [];
		},
	};

	function look(from: string): State {
		const loaded = load(from);
		if (loaded === current) return loaded;
		// Of what is awaited nothing may be in force that is only half there.
		if (!inForce && 'web' in loaded && loaded.text.trim() === '')
			return awaitMore(loaded.text, `${shownPath(from)} is empty.`);
		const dropped = 'web' in loaded && inForce ? whatOnlyRestartsChange(inForce, loaded.web, from) : [];
		const next: State = dropped.length > 0 ? {text: loaded.text, mistakes: dropped} : loaded;
		if ('mistakes' in next) tellShut(next.mistakes);
		else
			log(
				'the web configuration was read again',
				{users: next.web.users.size, tls: next.web.tls !== undefined},
				'info',
			);
		if ('web' in next) inForce = next.web;
		current = next;
		return next;
	}

	function awaitMore(text: string, mistake: string): State {
		current = {text, mistakes: [mistake]};
		return current;
	}

	function tellShut(mistakes: readonly string[]): void {
		log('the web configuration cannot be used, nobody is let in', {mistakes});
	}

	/** Answers `current` itself while nothing changed. */
	function load(from: string): State {
		let text: string;
		try {
			text = readTextNow(from, maxWebConfigBytes);
		} catch (error) {
			const mistake = messageOf(error);
			return current && 'mistakes' in current && current.mistakes[0] === mistake
				? current
				: {text: undefined, mistakes: [mistake]};
		}
		if (current?.text === text) return current;
		const parsed = parseWebConfig(text, from);
		return parsed.ok ? {text, web: parsed.web} : {text, mistakes: parsed.mistakes};
	}
}

/**
 * Nothing that is in force may be dropped by a change of the file, which may be one in the middle of being written: what is missing
 * there would let in more than before. docs/security.md says why the rest may change.
 */
function whatOnlyRestartsChange(before: WebConfig, after: WebConfig, path: string): string[] {
	const say = (isDropped: boolean, sentence: string) => (isDropped ? [`${path}: ${sentence}`] : []);
	const gone = (value: (web: WebConfig) => unknown) => value(before) !== undefined && value(after) === undefined;
	const isMissing = [
		...say(
			before.users.size > 0 && after.users.size === 0,
			'basic_auth_users has nobody any more; restart tailprobe to ask for no password',
		),
		...say(
			gone(({rate}) => rate),
			'rate_limit is gone; restart tailprobe to have no limit',
		),
	];
	if (!before.tls || !after.tls)
		return [
			...isMissing,
			...say(
				before.tls !== after.tls,
				'tls_server_config came or went; restart tailprobe to change between HTTP and HTTPS',
			),
		];
	return [
		...isMissing,
		...say(before.tls.clientAuth !== after.tls.clientAuth, 'client_auth_type changed; restart tailprobe for that'),
		...say(
			gone(({tls}) => tls?.allowedSans),
			'client_allowed_sans is gone; restart tailprobe to let in every certificate of the authority',
		),
		...say(
			before.tls.minVersion === 'TLSv1.3' && after.tls.minVersion !== 'TLSv1.3',
			'min_version is lower than before; restart tailprobe for that',
		),
		...say(
			gone(({tls}) => tls?.ciphers),
			'cipher_suites is gone; restart tailprobe to offer all',
		),
		...say(
			gone(({tls}) => tls?.curves),
			'curve_preferences is gone; restart tailprobe to offer all',
		),
	];
}
