/** What a watch sends: one JSON object per line, over as many pieces as it likes. */

import {setImmediate as breathe} from 'node:timers/promises';
import {z} from 'zod';
import {lenient, text} from '../headscale/lenient.ts';
import {parseJson} from './client.ts';
import {KubernetesError, refusedBy} from './errors.ts';

/** An object is at most 1.5 MiB in etcd; JSON makes it longer. */
const maxLineBytes = 8 * 1024 * 1024;
/** Of one watch. Whoever sends more in some seconds keeps us from everything else. */
const maxWatchBytes = 64 * 1024 * 1024;
const sliceBytes = 256 * 1024;

/**
 * The lines of a body. The last one counts only with its line end: without, it was cut. Others get their turn in between. Throws a
 * KubernetesError when a line or all of them are too long.
 */
export async function* linesOf(body: AsyncIterable<Buffer>, tried: string): AsyncGenerator<Buffer> {
	let rest: Buffer[] = [];
	let restBytes = 0;
	let bytes = 0;
	let slice = 0;
	for await (const chunk of body) {
		bytes += chunk.length;
		slice += chunk.length;
		if (bytes > maxWatchBytes) throw new KubernetesError(`${tried} brought more than ${maxWatchBytes} bytes at once.`);
		let at = 0;
		for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, at)) {
			const piece = chunk.subarray(at, end);
			const line = rest.length === 0 ? piece : Buffer.concat([...rest, piece]);
			rest = [];
			restBytes = 0;
			at = end + 1;
			if (line.length > 0) yield line;
		}
		if (at < chunk.length) {
			rest.push(chunk.subarray(at));
			restBytes += chunk.length - at;
			if (restBytes > maxLineBytes)
				throw new KubernetesError(`${tried} brought an event of more than ${maxLineBytes} bytes.`);
		}
		if (slice > sliceBytes) {
			slice = 0;
			await breathe();
		}
	}
}

export interface WatchEvent {
	type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
	object: unknown;
	/** Where the next watch may go on. */
	version: string | undefined;
}

const eventSchema = z.object({type: z.string(), object: z.unknown()});
const statusSchema = z.object({code: lenient(z.int()), message: text});
const versionSchema = z.object({metadata: z.object({resourceVersion: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)})});

/** Throws a KubernetesError for what is no event, and for the event that says that the watch failed. */
export function parseEvent(line: Buffer, tried: string): WatchEvent {
	const event = eventSchema.safeParse(parseJson(line, tried));
	const type = event.data?.type;
	const object = event.data?.object;
	if (type === 'ERROR') {
		const {code, message} = statusSchema.safeParse(object).data ?? {};
		throw refusedBy(code ?? 500, tried, message ?? undefined);
	}
	if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED' && type !== 'BOOKMARK')
		throw new KubernetesError(`${tried} brought something that is no event of a watch.`);
	return {type, object, version: versionSchema.safeParse(object).data?.metadata.resourceVersion};
}

const pageSchema = z.object({
	metadata: z.object({
		resourceVersion: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
		continue: lenient(z.string().max(65_536)),
	}),
	// Not z.array: what is in it is looked at one by one.
	items: z.custom<unknown[]>(items => Array.isArray(items)).nullish(),
});

export interface Page {
	items: readonly unknown[];
	version: string;
	/** What to ask the next page with; undefined: this is the last. */
	next: string | undefined;
}

/** One page of a list. Throws a KubernetesError for what is none. */
export function parsePage(answer: unknown, tried: string): Page {
	const page = pageSchema.safeParse(answer);
	if (!page.success) throw new KubernetesError(`${tried} was answered with something that is no list.`);
	const {metadata, items} = page.data;
	return {items: items ?? [], version: metadata.resourceVersion, next: metadata.continue || undefined};
}
