/** What a run says about its answer. */

import type {Reading} from '../../engine/types.ts';
import type {Exchange} from '../../net/http1.ts';
import {oneLine} from '../../util/errors.ts';
import {isForEveryReader} from '../shared/answer-readers.ts';
import {type Findings, inMs} from '../shared/failed-reading.ts';
import {shownBodyBytes} from './hop.ts';
import {judgeAnswer} from './judge.ts';
import type {HttpOptions} from './options.ts';
import type {Hop} from './redirect.ts';
import {type Unpacked, unpackAnswer, wantedCoding} from './unpacked.ts';

/** The reading of a run that this answer ends: up, or what is wrong with it. Rejects with the signal's reason. */
export async function finalReading(
	answer: Exchange,
	hop: Hop,
	options: HttpOptions,
	findings: Findings,
	signal: AbortSignal,
): Promise<Reading> {
	const {clock, values, facts} = findings;
	facts.phase = 'transfer';
	const elapsedMs = clock.elapsedMs();
	const read: Unpacked = wantedCoding(options) === undefined ? {answer} : await unpackAnswer(answer, options, signal);
	if (read.unpackedBytes !== undefined) values.uncompressed_body_bytes = read.unpackedBytes;
	const fault = judgeAnswer(read.answer, hop.url.protocol === 'https:', options, read.fault);
	const known = {phases: clock.seconds(), values, facts};
	if (!fault) return {ok: true, ...known};
	const beginning = beginningOf(read.answer, hop, options);
	if (beginning) facts.body_start = beginning;
	if (fault.byPattern) values.failed_due_to_regex = 1;
	const status = `${answer.status} ${oneLine(answer.statusText, 40).replaceAll('`', '')}`.trim();
	const detail = `${describeHop(hop)} answered ${status} after ${inMs(elapsedMs)}${fault.detail}`;
	return {ok: false, reason: fault.reason, detail: oneLine(detail, 300), ...known};
}

/** What was tried: `GET http://livekit:7880/`. */
export function describeHop({request, shown, redirects, from}: Hop): string {
	const what = `${request.method} ${shown}`;
	return redirects === 0 ? what : `${what} (redirect ${redirects} from ${from})`;
}

/**
 * The first words of a body that is text, on one line. '' when a request of the run carried a query, a body or anything that may
 * prove who we are: servers say the path again that they do not know, and the answer may not be for every reader.
 */
function beginningOf({body}: Exchange, {queried}: Hop, options: HttpOptions): string {
	if (queried || options.body !== undefined || options.body_file !== undefined || !isForEveryReader(options)) return '';
	const text = oneLine(oneLine(body.subarray(0, shownBodyBytes).toString(), shownBodyBytes).replace(/\s+/g, ' '), 80);
	return text.includes('\ufffd') ? '' : text;
}
