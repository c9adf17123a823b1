/** Looking up headscale's name: each name is asked for once at a time, by all requests together. */

import type {LookupAddress} from 'node:dns';
import {lookup} from 'node:dns/promises';
import type {LookupFunction} from 'node:net';

const running = new Map<string, Promise<LookupAddress[]>>();

/**
 * The system's look-up, shared among requests for the same name: a dead name occupies one of the two places that the process has for
 * look-ups, for many seconds.
 */
export const sharedLookup: LookupFunction = (hostname, options, callback) => {
	const flight = running.get(hostname) ?? lookup(hostname, {all: true});
	running.set(hostname, flight);
	const forget = () => running.delete(hostname);
	flight.then(forget, forget);
	flight.then(
		addresses => {
			if (options.all) callback(null, addresses);
			else callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 0);
		},
		error => callback(error, ''),
	);
};
