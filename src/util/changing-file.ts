/**
 * Small files that change under us (rotated secrets, certificates, bodies, resolv.conf): read again when they changed, and only then.
 * Only regular files are read, and never beyond a bound: a pipe would hold a thread for ever, a device fill the memory.
 */

import {type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, statSync} from 'node:fs';
import {open, stat} from 'node:fs/promises';
import {isMainThread} from 'node:worker_threads';
import {messageOf, UserError} from './errors.ts';
import {shownPath} from './shown-path.ts';

/**
 * The content, the same object as long as no byte of it changed since; whoever asks while a look is under way gets what that finds.
 * Rejects with an Error whose message is a clause (`there is no such file`) and shows nothing of the content. A disk that does not
 * answer holds nobody: what was read before is taken, or it is told, in less than half of `runMs`, which is what the whole run has.
 */
export function readChanging(path: string, maxBytes: number, runMs = Number.POSITIVE_INFINITY): Promise<Buffer> {
	const key = keyOf(path, maxBytes);
	return withoutWaitingLong(looks.get(key) ?? beginLook(key, path, maxBytes), key, runMs);
}

async function lookAt(key: string, path: string, maxBytes: number): Promise<Buffer> {
	try {
		const mark = markOf(await stat(path, {bigint: true}), maxBytes);
		return settledAs(key, mark) ?? (await readAside(path, maxBytes));
	} catch (error) {
		throw clauseOf(error);
	}
}

/** What is said of a file that is not there. */
export const noSuchFile = 'there is no such file';

/** The same without waiting, where nobody can: a look at a file of a local disk takes some microseconds. */
export function readChangingNow(path: string, maxBytes: number): Buffer {
	const key = keyOf(path, maxBytes);
	try {
		const mark = markOf(statSync(path, {bigint: true}), maxBytes);
		return settledAs(key, mark) ?? readHere(path, maxBytes);
	} catch (error) {
		throw clauseOf(error);
	}
}

/** The text as it is now. Throws a UserError that names the file, never its content. */
export function readTextNow(path: string, maxBytes: number): string {
	try {
		return readChangingNow(path, maxBytes).toString();
	} catch (error) {
		throw new UserError(`${shownPath(path)} cannot be read: ${messageOf(error)}.`, 78);
	}
}

/** Whoever waits has a deadline, and it is not the target's fault when the file cannot be looked at. */
async function withoutWaitingLong(look: Look, key: string, runMs: number): Promise<Buffer> {
	const patienceMs = files.has(key) ? Math.min(knownMs, runMs / 5) : Math.min(unknownMs, runMs / 2.5);
	const steps = Math.max(1, Math.floor(patienceMs / stepMs));
	const hasPassed = ({steps: passed}: Look) => passed >= steps;
	if (hasPassed(look) || (!running.has(look) && [...running].every(hasPassed))) return withoutLooking(key);
	const {promise, resolve} = Promise.withResolvers<undefined>();
	const waiter = {steps, giveUp: () => resolve(undefined)};
	look.waiting.add(waiter);
	try {
		return (await Promise.race([look.content, promise])) ?? withoutLooking(key);
	} finally {
		look.waiting.delete(waiter);
	}
}

function withoutLooking(key: string): Buffer {
	const known = files.get(key);
	if (known) return known.content;
	throw new Error('the disk of this machine does not answer');
}

/** A look at one file, for all who want it meanwhile. */
interface Look {
	content: Promise<Buffer>;
	/** How long it has taken, until `unknownMs`. */
	steps: number;
	waiting: Set<{steps: number; giveUp(): void}>;
	/** Called when it is its turn. */
	start(): void;
}

function beginLook(key: string, path: string, maxBytes: number): Look {
	const {promise: turn, resolve: start} = Promise.withResolvers<void>();
	const look: Look = {content: turn.then(() => lookAt(key, path, maxBytes)), steps: 0, waiting: new Set(), start};
	// In steps: a thread that stood still finds its timer due before the answer that came meanwhile, and must not take that for silence.
	const timer = setInterval(() => {
		look.steps++;
		for (const {steps, giveUp} of look.waiting) if (steps <= look.steps) giveUp();
		if (look.steps * stepMs >= unknownMs) clearInterval(timer);
	}, stepMs);
	const end = () => {
		clearInterval(timer);
		looks.delete(key);
		running.delete(look);
		startNext();
	};
	look.content.then(end, end);
	looks.set(key, look);
	startNext();
	return look;
}

function startNext(): void {
	for (const look of looks.values()) {
		if (running.size >= looksAtOnce) return;
		if (running.has(look)) continue;
		running.add(look);
		look.start();
	}
}

/** By path and bound, in their order. */
const looks = new Map<string, Look>();
const running = new Set<Look>();
/** A look at a disk that hangs keeps one of the four threads that the whole program has for files, and one of them has to stay free. */
const looksAtOnce = isMainThread ? 1 : 2;
const stepMs = 10;
/** How long a look at a file may take of a run that has the file already. */
const knownMs = 100;
/** Only a disk is so slow, not a busy machine. */
const unknownMs = 1000;

interface Known {
	mark: string;
	/** A file that changed lately may change again without that being seen: file systems count in steps. */
	isSettled: boolean;
	content: Buffer;
}

/** By path and bound, the one that was read longest ago first. */
const files = new Map<string, Known>();
const maxFiles = 200;
const settledMs = 2000;
const chunkBytes = 64 * 1024;
/** What was a file a moment ago may be a pipe now: without it, opening one waits for a writer. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK;

function keyOf(path: string, maxBytes: number): string {
	return `${maxBytes} ${path}`;
}

/** Tells versions of a file apart; throws for what is not to be read. */
function markOf(found: BigIntStats, maxBytes: number): string {
	if (!found.isFile()) throw new Error('it is no file');
	if (found.size > maxBytes) throw tooLarge(maxBytes);
	const {dev, ino, size, mtimeNs, ctimeNs} = found;
	return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

function settledAs(key: string, mark: string): Buffer | undefined {
	const known = files.get(key);
	return known?.mark === mark && known.isSettled ? known.content : undefined;
}

async function readAside(path: string, maxBytes: number): Promise<Buffer> {
	const handle = await open(path, flags);
	try {
		const found = await handle.stat({bigint: true});
		const mark = markOf(found, maxBytes);
		const chunks: Buffer[] = [];
		// `end` is the last byte that is read: one more than may be there.
		for await (const chunk of handle.createReadStream({end: maxBytes, autoClose: false})) chunks.push(chunk);
		return keep(keyOf(path, maxBytes), mark, found, Buffer.concat(chunks), maxBytes);
	} finally {
		await handle.close();
	}
}

function readHere(path: string, maxBytes: number): Buffer {
	const descriptor = openSync(path, flags);
	try {
		const found = fstatSync(descriptor, {bigint: true});
		const mark = markOf(found, maxBytes);
		const chunks: Buffer[] = [];
		for (let bytes = 0; bytes <= maxBytes; ) {
			const chunk = Buffer.alloc(Math.min(chunkBytes, maxBytes + 1 - bytes));
			const length = readSync(descriptor, chunk);
			if (length === 0) break;
			chunks.push(chunk.subarray(0, length));
			bytes += length;
		}
		return keep(keyOf(path, maxBytes), mark, found, Buffer.concat(chunks), maxBytes);
	} finally {
		closeSync(descriptor);
	}
}

function keep(key: string, mark: string, {ctimeMs}: BigIntStats, bytes: Buffer, maxBytes: number): Buffer {
	if (bytes.length > maxBytes) throw tooLarge(maxBytes);
	const before = files.get(key);
	const content = before?.content.equals(bytes) ? before.content : bytes;
	files.delete(key);
	for (const oldest of files.keys()) {
		if (files.size < maxFiles) break;
		files.delete(oldest);
	}
	files.set(key, {mark, isSettled: Date.now() - Number(ctimeMs) > settledMs, content});
	return content;
}

function tooLarge(maxBytes: number): Error {
	return new Error(`it is larger than ${maxBytes} bytes`);
}

function clauseOf(error: unknown): Error {
	const code = error instanceof Error && 'code' in error ? error.code : undefined;
	return new Error(code === 'ENOENT' ? noSuchFile : messageOf(error));
}
