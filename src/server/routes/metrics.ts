/** `/metrics`: the exposition from memory, chunk by chunk, no faster than the caller reads. */

import type {Response} from 'express';
import {messageOf} from '../../util/errors.ts';
import {refuse} from '../problem.ts';
import type {MakeRoute} from './types.ts';

/** Prometheus, its twin and a person are three; more at once are somebody's mistake, and each costs a rendering. */
const readersAtOnce = 8;
/** A reader that takes nothing for so long is gone for us. */
const stallMs = 15_000;

export const metricsRoute: MakeRoute = (view, log) => {
	let readers = 0;
	return {
		method: 'get',
		path: '/metrics',
		async handle(request, response) {
			if (readers >= readersAtOnce) {
				const detail = `${readers} callers are reading /metrics already; that is as many as tailprobe serves at once.`;
				refuse(request, response, 503, 'Service Unavailable', detail);
				return;
			}
			readers++;
			try {
				await stream(view.renderMetrics(), response);
			} catch (error) {
				// A half-written exposition must not look whole: cut it, so that the scrape fails.
				if (!response.headersSent) throw error;
				log('metrics_cut', {error: messageOf(error)});
				response.destroy();
			} finally {
				readers--;
			}
		},
	};
};

async function stream(chunks: AsyncIterable<string>, response: Response): Promise<void> {
	response.type('text/plain; version=0.0.4; charset=utf-8');
	for await (const chunk of chunks) {
		if (response.closed) return;
		if (!response.write(chunk)) await drained(response);
	}
	response.end();
}

/** Waits until the reader took what was written, left, or stalled and was sent away. */
async function drained(response: Response): Promise<void> {
	const {promise, resolve} = Promise.withResolvers<void>();
	const stalled = setTimeout(() => response.destroy(), stallMs);
	response.once('drain', resolve).once('close', resolve);
	await promise;
	clearTimeout(stalled);
	response.off('drain', resolve).off('close', resolve);
}
