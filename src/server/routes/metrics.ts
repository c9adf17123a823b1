/** `/metrics`: the exposition from memory, chunk by chunk, no faster than the caller reads. */

import type {Response} from 'express';
import {messageOf} from '../../util/errors.ts';
import {refuse} from '../problem.ts';
import type {MakeRoute} from './types.ts';

/** Prometheus, its twin and a person are three; more at once are somebody's mistake, and each costs a rendering. */
const readersAtOnce = 8;
/** A reader that takes nothing for so long is gone for us. */
const stallMs = 15_000;

/** One answer under way. */
interface Reader {
	response: Response;
	/** Since when it has taken nothing of what was written to it, on the monotonic clock; undefined while it keeps up. */
	stalledAt: number | undefined;
}

export const metricsRoute: MakeRoute = (view, log) => {
	const readers = new Set<Reader>();
	return {
		method: 'get',
		path: '/metrics',
		async handle(request, response) {
			if (readers.size >= readersAtOnce && !cutSlowest(readers)) {
				const detail = `${readers.size} callers are reading /metrics already; that is as many as tailprobe serves at once.`;
				response.set('Retry-After', '1');
				refuse(request, response, 503, 'Service Unavailable', detail);
				return;
			}
			const reader: Reader = {response, stalledAt: undefined};
			readers.add(reader);
			try {
				await stream(view.renderMetrics(), reader);
			} catch (error) {
				// A half-written exposition must not look whole: cut it, so that the scrape fails.
				if (!response.headersSent) throw error;
				log('an answer of /metrics broke off', {error: messageOf(error)});
				response.destroy();
			} finally {
				readers.delete(reader);
			}
		},
	};
};

/** Whoever has taken nothing for longest makes room; false when all keep up. So nobody keeps others out by reading slowly. */
function cutSlowest(readers: Set<Reader>): boolean {
	const stalled = [...readers].filter(reader => reader.stalledAt !== undefined);
	const [slowest] = stalled.toSorted((a, b) => (a.stalledAt ?? 0) - (b.stalledAt ?? 0));
	if (!slowest) return false;
	readers.delete(slowest);
	slowest.response.destroy();
	return true;
}

async function stream(chunks: AsyncIterable<string>, reader: Reader): Promise<void> {
	const {response} = reader;
	response.type('text/plain; version=0.0.4; charset=utf-8');
	for await (const chunk of chunks) {
		if (response.closed) return;
		if (!response.write(chunk)) await drained(reader);
	}
	response.end();
}

/** Waits until the reader took what was written, left, or stalled and was sent away. */
async function drained(reader: Reader): Promise<void> {
	const {response} = reader;
	const {promise, resolve} = Promise.withResolvers<void>();
	reader.stalledAt = performance.now();
	const stalled = setTimeout(() => response.destroy(), stallMs);
	response.once('drain', resolve).once('close', resolve);
	await promise;
	reader.stalledAt = undefined;
	clearTimeout(stalled);
	response.off('drain', resolve).off('close', resolve);
}
