/**
 * Basic auth. What is right is remembered, so that a scrape costs no bcrypt; what is not known yet is compared elsewhere, one at a
 * time, from a short queue, and each address has only so many wrong tries. A flood can thus neither burn a core nor lock out
 * whoever is known already.
 */

import {createHmac, randomBytes} from 'node:crypto';
import type {Worker} from 'node:worker_threads';
import {costOf} from '../../config/web-config.ts';
import type {Clock} from '../../util/clock.ts';
import {messageOf} from '../../util/errors.ts';
import {startOwnWorker} from '../../util/own-worker.ts';
import {createTokenBuckets} from '../../util/token-bucket.ts';
import type {PasswordAnswer, PasswordQuestion} from './password-thread.ts';

export type PasswordVerdict =
	| {kind: 'right'}
	| {kind: 'wrong'}
	/** Not looked at: too many wrong tries from there, or too many are waiting. */
	| {kind: 'too_many_attempts' | 'overloaded'; retryAfterSeconds: number};

export interface Passwords {
	/** `place` is what wrong tries are counted by. Never rejects. */
	check(user: string, password: string, users: ReadonlyMap<string, string>, place: string): Promise<PasswordVerdict>;
	stop(): Promise<void>;
}

/** Wrong tries of one place: ten at once, then one in six seconds. */
const attempts = {count: 10, perMs: 60_000};
const maxPlaces = 4096;
/** More are not kept waiting: at a tenth of a second each the last one would wait for some seconds. */
const maxWaiting = 32;
/** Of those from one place. */
const maxWaitingOfPlace = 4;
/** Right ones that are remembered. */
const maxRemembered = 1000;

export function createPasswords({clock, onBug}: {clock: Clock; onBug(text: string): void}): Passwords {
	const secret = randomBytes(32);
	const remembered = new Set<string>();
	const wrongTries = createTokenBuckets({clock, maxKeys: maxPlaces});
	const underWay = new Map<string, Promise<PasswordVerdict>>();
	const waitingOf = new Map<string, number>();
	const waiting: {question: PasswordQuestion; settle: (answer: PasswordAnswer | undefined) => void}[] = [];
	let asked: (typeof waiting)[number] | undefined;
	let worker: Worker | undefined;
	let cancelRest = () => {};
	let resting = false;
	let stopped = false;
	let nextId = 1;

	return {
		check(user, password, users, place) {
			const known = users.get(user);
			const hash = known ?? dummyHash(user, users);
			const mark = markOf(user, hash, password);
			if (known !== undefined && remembered.has(mark)) return Promise.resolve({kind: 'right'});
			// The same credentials many times at once, as from a Prometheus with many targets, are one question.
			const begun = underWay.get(mark);
			if (begun) return begun;
			const verdict = ask(password, hash, known !== undefined, mark, place).finally(() => underWay.delete(mark));
			underWay.set(mark, verdict);
			return verdict;
		},
		async stop() {
			stopped = true;
			cancelRest();
			abandon();
			await worker?.terminate();
		},
	};

	async function ask(
		password: string,
		hash: string,
		isUser: boolean,
		mark: string,
		place: string,
	): Promise<PasswordVerdict> {
		const waitingHere = waitingOf.get(place) ?? 0;
		if (stopped || waiting.length >= maxWaiting || waitingHere >= maxWaitingOfPlace)
			return {kind: 'overloaded', retryAfterSeconds: 1};
		const waitMs = wrongTries.take(place, attempts);
		if (waitMs > 0) return {kind: 'too_many_attempts', retryAfterSeconds: Math.ceil(waitMs / 1000)};
		waitingOf.set(place, waitingHere + 1);
		const {promise, resolve} = Promise.withResolvers<PasswordAnswer | undefined>();
		waiting.push({question: {id: nextId++, password, hash}, settle: resolve});
		pump();
		const answer = await promise;
		const left = (waitingOf.get(place) ?? 1) - 1;
		if (left > 0) waitingOf.set(place, left);
		else waitingOf.delete(place);
		if (!answer || (isUser && answer.right)) wrongTries.giveBack(place, attempts);
		if (!answer) return {kind: 'overloaded', retryAfterSeconds: 1};
		if (!isUser || !answer.right) return {kind: 'wrong'};
		remember(mark);
		return {kind: 'right'};
	}

	function pump(): void {
		if (asked || resting || stopped) return;
		asked = waiting.shift();
		if (!asked) return;
		worker ??= start();
		worker.postMessage(asked.question);
	}

	function start(): Worker {
		const young = startOwnWorker('./password-thread.ts', import.meta.url, {
			resourceLimits: {maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64},
			name: 'passwords',
		});
		young.unref();
		young.on('message', (answer: PasswordAnswer) => {
			asked?.settle(answer);
			asked = undefined;
			if (answer.right) return pump();
			// After a wrong one it rests for as long as that took: a flood gets half a core at most.
			resting = true;
			cancelRest = clock.after(answer.tookMs, () => {
				resting = false;
				pump();
			});
		});
		young.on('error', error => onBug(`passwords: ${messageOf(error)}`));
		young.on('exit', () => {
			worker = undefined;
			abandon();
		});
		return young;
	}

	/** Without an answer they may try again. */
	function abandon(): void {
		asked?.settle(undefined);
		asked = undefined;
		for (const {settle} of waiting.splice(0)) settle(undefined);
	}

	function remember(mark: string): void {
		if (remembered.size >= maxRemembered) remembered.delete(remembered.values().next().value as string);
		remembered.add(mark);
	}

	/** Each part is told with its length, so that no two different triples have the same mark. */
	function markOf(...parts: string[]): string {
		const hmac = createHmac('sha256', secret);
		for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:`).update(part);
		return hmac.digest('base64');
	}

	/** A hash that nothing matches and that costs what a real one would; the same for each try of that name. */
	function dummyHash(user: string, users: ReadonlyMap<string, string>): string {
		const hashes = [...users.values()];
		const at = createHmac('sha256', secret).update(user).digest().readUInt32BE() % Math.max(1, hashes.length);
		const cost = String(costOf(hashes[at] ?? '$2b$10$')).padStart(2, '0');
		return `$2b$${cost}$${'.'.repeat(53)}`;
	}
}
