/** The head of an answer as curl writes it (`-i`). Pure. */

import type {Header} from '../../net/http1-reader.ts';

export interface ToldHead {
	statusText: string;
	headers: Header[];
	/** What stands behind it. */
	body: Buffer;
}

/** The final head of the output, interim answers passed over; undefined where it did not come whole, or is too long. */
export function readHead(output: Buffer): ToldHead | undefined {
	const start = output.subarray(0, mostHeadBytes);
	let at = 0;
	for (let heads = 0; heads < 20; heads++) {
		const end = headEnd(start, at);
		if (end === undefined) return undefined;
		const [first = '', ...lines] = output.toString('latin1', at, end.from).split(/\r?\n/);
		const match = /^HTTP\/[\d.]+ (\d{3})(?: (.*))?$/.exec(first);
		if (!match) return undefined;
		at = end.to;
		if (match[1]?.startsWith('1') && match[1] !== '101') continue;
		const headers = lines.flatMap((line): Header[] => {
			const colon = line.indexOf(':');
			return colon <= 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()]];
		});
		return {statusText: match[2] ?? '', headers, body: output.subarray(at)};
	}
	return undefined;
}

/** Of all heads together, as in process. */
const mostHeadBytes = 65_536;

function headEnd(output: Buffer, at: number): {from: number; to: number} | undefined {
	const crlf = output.indexOf('\r\n\r\n', at);
	const lf = output.indexOf('\n\n', at);
	if (crlf >= 0 && (lf < 0 || crlf < lf)) return {from: crlf, to: crlf + 4};
	return lf < 0 ? undefined : {from: lf, to: lf + 2};
}
