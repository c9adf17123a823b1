/** What every answer brings to the reading: also one that redirects, and one whose body never came to its end. */

import type {AnswerHead} from '../../net/http1.ts';
import type {Findings} from '../shared/failed-reading.ts';
import type {Hop} from './redirect.ts';

/** Notes an answer in place of the one before it. */
export function noteAnswer(answer: AnswerHead, hop: Hop, {values, facts}: Findings): void {
	values.status_code = answer.status;
	values.body_bytes = answer.bodyBytes;
	facts.http_version = answer.version;
	facts.final_url = hop.shown;
	if (hop.redirects > 0) {
		delete values.content_length;
		delete values.last_modified_seconds;
	}
	for (const [name, value] of answer.headers) noteHeader(name, value, values);
}

function noteHeader(name: string, value: string, values: Record<string, number>): void {
	if (name.length === 14 && name.toLowerCase() === 'content-length') values.content_length = Number(value);
	if (name.length !== 13 || name.toLowerCase() !== 'last-modified') return;
	const seconds = Date.parse(value) / 1000;
	if (Number.isFinite(seconds)) values.last_modified_seconds = seconds;
}
