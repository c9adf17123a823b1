/**
 * Who gets a rendering of /metrics of their own, and who shares one. A caller has two places, so that nobody who asks often takes
 * those of others; whoever finds none waits for the next rendering that all who wait share. So nobody is sent away, and no more than
 * eight are rendered at a time.
 */

import type {Response} from 'express';

/** Prometheus, its twin and a person are three; each rendering costs the main thread some time. */
const ownAtOnce = 6;
const ownPerCaller = 2;
/** A second one, so that one who reads slowly keeps up nobody who waits. */
const sharedAtOnce = 2;
/** Whoever kept a shared rendering waiting for so long in all makes room when others wait for one. */
const patienceMs = 2000;
const lookAgainMs = 250;

/** One answer under way. */
export interface Reader {
	readonly response: Response;
	/** Who asks, as limits count. */
	readonly caller: string;
	/** Time that it kept us waiting until now. */
	slowMs: number;
	/** Since when it has taken nothing of what was written to it, on the monotonic clock; undefined while it keeps up. */
	stalledAt: number | undefined;
}

export type Read = (chunks: AsyncIterable<Buffer>, isShared: boolean) => Promise<void>;

export interface Renderings {
	/**
	 * Calls `read` with a rendering for this reader as soon as there is one, and never when the reader leaves before. Chunks are
	 * rendered when the first of its readers gets there, and kept until the last one did. `isShared`: there may be many such readers.
	 */
	serve(reader: Reader, read: Read): Promise<void>;
}

export function createRenderings(render: () => AsyncIterable<string>): Renderings {
	const own = new Set<Reader>();
	const shared = new Set<Set<Reader>>();
	/** Those who wait, with what begins their reading. */
	const waiting = new Map<Reader, (chunks: AsyncIterable<Buffer>) => void>();
	let lookAgain: NodeJS.Timeout | undefined;

	return {
		async serve(reader, read) {
			const mine = [...own].filter(({caller}) => caller === reader.caller).length;
			if (own.size >= ownAtOnce || mine >= ownPerCaller) return serveShared(reader, read);
			own.add(reader);
			try {
				await read(share(render(), 1)(), false);
			} finally {
				own.delete(reader);
			}
		},
	};

	async function serveShared(reader: Reader, read: Read): Promise<void> {
		const {promise, resolve} = Promise.withResolvers<AsyncIterable<Buffer> | undefined>();
		const leave = () => {
			waiting.delete(reader);
			resolve(undefined);
		};
		reader.response.once('close', leave);
		waiting.set(reader, resolve);
		beginShared();
		const chunks = await promise;
		reader.response.off('close', leave);
		if (!chunks) return;
		try {
			await read(chunks, true);
		} finally {
			for (const readers of shared) if (readers.delete(reader) && readers.size === 0) shared.delete(readers);
			beginShared();
		}
	}

	/** For all who wait, if there is room, and as soon as there is some. */
	function beginShared(): void {
		clearTimeout(lookAgain);
		if (waiting.size === 0) return;
		if (shared.size >= sharedAtOnce) {
			cutSlow();
			lookAgain = setTimeout(beginShared, lookAgainMs).unref();
			return;
		}
		shared.add(new Set(waiting.keys()));
		const chunksFor = share(render(), waiting.size);
		for (const begin of waiting.values()) begin(chunksFor());
		waiting.clear();
	}

	function cutSlow(): void {
		const now = performance.now();
		for (const {response, slowMs, stalledAt} of [...shared].flatMap(readers => [...readers]))
			if (stalledAt !== undefined && slowMs + now - stalledAt > patienceMs) response.destroy();
	}
}

/** A chunk, and the way to what follows: whatever all have passed is held by nobody. */
interface Link {
	chunk: Buffer;
	next(): Promise<Link | undefined>;
}

/** Hands out what is to be read `readers` times, from the beginning; ends the source early when the last of them stops. */
function share(source: AsyncIterable<string>, readers: number): () => AsyncGenerator<Buffer> {
	const chunks = source[Symbol.asyncIterator]();
	const first = nextOf(chunks);
	let left = readers;
	return async function* () {
		try {
			for (let link = await first(); link; link = await link.next()) yield link.chunk;
		} finally {
			if (--left === 0) await chunks.return?.();
		}
	};
}

function nextOf(chunks: AsyncIterator<string>): Link['next'] {
	let next: Promise<Link | undefined> | undefined;
	const read = async () => {
		const {done, value} = await chunks.next();
		return done ? undefined : {chunk: Buffer.from(value), next: nextOf(chunks)};
	};
	return () => (next ??= read());
}
