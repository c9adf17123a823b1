/** Sends a page of ours to a browser, packed for those who take that: a large one is a tenth then. */

import {gzipSync} from 'node:zlib';
import type {Request, Response} from 'express';

/** Some milliseconds for a page of half a megabyte, on this thread: the others look at files, and a disk may hang. */
const quickly = {level: 1};
const worthPackingBytes = 4096;

export function sendPage(request: Request, response: Response, page: string, status = 200): void {
	response.status(status).type('text/html').set({
		// With no referrer at all a browser would not say where the POST of a form comes from.
		'Referrer-Policy': 'same-origin',
		Vary: 'Accept-Encoding',
	});
	const isPacked = page.length > worthPackingBytes && request.acceptsEncodings('gzip', 'identity') === 'gzip';
	if (isPacked) response.set('Content-Encoding', 'gzip').send(gzipSync(page, quickly));
	else response.send(page);
}
