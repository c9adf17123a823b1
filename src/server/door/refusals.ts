/** What the front door refuses: counted always, told to the log now and then, so that a flood fills no disk. */

import type {Request} from 'express';
import type {Clock} from '../../util/clock.ts';
import {oneLine} from '../../util/errors.ts';
import type {Log} from '../routes/types.ts';
import {callerOf} from './caller.ts';

/** Why a request was refused. The list is closed: it is a label value. */
export const refusalKinds = [
	'host',
	'cross_site',
	'no_auth_configured',
	'unauthenticated',
	'wrong_credentials',
	'certificate',
	'too_many_attempts',
	'overloaded',
	'rate',
	'caller_rate',
	'busy',
	'web_config',
	'connections',
] as const;
export type RefusalKind = (typeof refusalKinds)[number];

export interface Refusals {
	/** Counts it; `fields` say for the log who was refused what. */
	note(kind: RefusalKind, fields: Record<string, string>): void;
}

/** Who asked for what, for the log. */
export function describeRequest(request: Request): Record<string, string> {
	const {name, address} = callerOf(request);
	return {
		caller: name ?? address,
		...(name === undefined ? {} : {address}),
		method: request.method,
		path: oneLine(request.path, 100),
	};
}

/** Of each kind at most one line in so long; it says how many were left out since the one before. */
const quietMs = 10_000;

export function createRefusals({
	count,
	log,
	clock,
}: {
	count(kind: RefusalKind, by: number): void;
	log: Log;
	clock: Clock;
}): Refusals {
	const told = new Map<RefusalKind, {at: number; leftOut: number}>();
	for (const kind of refusalKinds) count(kind, 0);

	return {
		note(kind, fields) {
			count(kind, 1);
			const before = told.get(kind);
			if (before && clock.now() - before.at < quietMs) {
				before.leftOut++;
				return;
			}
			told.set(kind, {at: clock.now(), leftOut: 0});
			log(kind === 'connections' ? 'a connection was cut' : 'a request was refused', {
				kind,
				...fields,
				...(before && before.leftOut > 0 ? {left_out_before: before.leftOut} : {}),
			});
		},
	};
}
