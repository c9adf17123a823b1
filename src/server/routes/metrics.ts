/** `/metrics`: the exposition from memory, chunk by chunk, no faster than the caller reads; packed for who takes gzip, as Prometheus. */

import {messageOf} from '../../util/errors.ts';
import {callerOf} from '../door/caller.ts';
import {pack} from '../packing.ts';
import {createRenderings, type Reader} from '../renderings.ts';
import type {MakeRoute} from './types.ts';

/** A reader that takes nothing for so long is gone for us. */
const stallMs = 15_000;
/** A family of metrics may be megabytes; no reader has more than so much lying in its connection. */
const pieceBytes = 65_536;

export const metricsRoute: MakeRoute = (view, log) => {
	const renderings = createRenderings(() => view.renderMetrics());
	return {
		method: 'get',
		path: '/metrics',
		async handle(request, response) {
			const reader: Reader = {response, caller: callerOf(request).key, slowMs: 0, stalledAt: undefined};
			try {
				await renderings.serve(reader, (chunks, isShared) => {
					response.vary('Accept-Encoding');
					// A twentieth of the bytes. Those who share are without number, and each packing costs time of its own.
					if (isShared || request.acceptsEncodings('gzip', 'identity') !== 'gzip') return stream(chunks, reader);
					response.set('Content-Encoding', 'gzip');
					return stream(pack(chunks), reader);
				});
			} catch (error) {
				// A half-written exposition must not look whole: cut it, so that the scrape fails.
				if (!response.headersSent) {
					response.removeHeader('Content-Encoding');
					throw error;
				}
				log('an answer of /metrics broke off', {error: messageOf(error)});
				response.destroy();
			}
		},
	};
};

async function stream(chunks: AsyncIterable<Buffer>, reader: Reader): Promise<void> {
	const {response} = reader;
	response.type('text/plain; version=0.0.4; charset=utf-8');
	for await (const chunk of chunks) {
		for (let from = 0; from < chunk.length; from += pieceBytes) {
			if (response.closed) return;
			if (!response.write(chunk.subarray(from, from + pieceBytes))) await drained(reader);
		}
	}
	response.end();
}

/** Waits until the reader took what was written, left, or stalled and was sent away. */
async function drained(reader: Reader): Promise<void> {
	const {response} = reader;
	const {promise, resolve} = Promise.withResolvers<void>();
	const begunAt = performance.now();
	reader.stalledAt = begunAt;
	const stalled = setTimeout(() => response.destroy(), stallMs);
	response.once('drain', resolve).once('close', resolve);
	await promise;
	reader.slowMs += performance.now() - begunAt;
	reader.stalledAt = undefined;
	clearTimeout(stalled);
	response.off('drain', resolve).off('close', resolve);
}
