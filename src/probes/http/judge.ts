/** Holds an answer against what was wanted. */

import type {DownReason} from '../../engine/types.ts';
import type {Exchange} from '../../net/http1.ts';
import {compilePattern} from '../../net/patterns.ts';
import {oneLine} from '../../util/errors.ts';
import type {HttpOptions} from './options.ts';

export interface Fault {
	reason: DownReason;
	/** Goes on after the status in the sentence. */
	detail: string;
	/** A pattern decided. */
	byPattern: boolean;
}

/** The first thing that is wrong with the answer, or undefined. `secure`: it came over TLS; `packing`: what is wrong with its coding. */
export function judgeAnswer(
	answer: Exchange,
	secure: boolean,
	options: HttpOptions,
	packing?: Fault,
): Fault | undefined {
	return (
		judgeStatus(answer, options) ??
		judgeTls(secure, options) ??
		judgeHeaders(answer, options) ??
		packing ??
		judgeSize(answer, options) ??
		judgeBody(answer, options)
	);
}

/** Whether the body has to be kept for judging it. */
export function needsBody(options: HttpOptions): boolean {
	return options.fail_if_body_matches_regexp.length > 0 || options.fail_if_body_not_matches_regexp.length > 0;
}

function judgeStatus({status, version}: Exchange, options: HttpOptions): Fault | undefined {
	const {valid_status_codes: codes, valid_http_versions: versions} = options;
	const fine = codes.length === 0 ? status >= 200 && status < 300 : codes.includes(status);
	if (!fine) return fault('status', `; wanted ${codes.length === 0 ? '2xx' : codes.slice(0, 10).join(', ')}`);
	if (versions.length > 0 && !versions.includes(`HTTP/${version}`)) {
		return fault('status', ` in HTTP/${version}; wanted ${versions.join(', ')}`);
	}
	return undefined;
}

function judgeTls(secure: boolean, options: HttpOptions): Fault | undefined {
	if (secure && options.fail_if_ssl) return fault('protocol', ' over TLS; wanted no TLS (fail_if_ssl)');
	if (!secure && options.fail_if_not_ssl) return fault('protocol', ' without TLS; wanted TLS (fail_if_not_ssl)');
	return undefined;
}

function judgeHeaders({headers}: Exchange, options: HttpOptions): Fault | undefined {
	const valuesOf = (wanted: string) => {
		const lower = wanted.toLowerCase();
		return headers.filter(([name]) => name.toLowerCase() === lower).map(([, value]) => value);
	};
	for (const {header, regexp, allow_missing: allowMissing} of options.fail_if_header_matches) {
		const values = valuesOf(header);
		if (values.length === 0 && !allowMissing) return patternFault(` without the header ${header}`);
		if (values.some(value => compilePattern(regexp).test(value))) {
			return patternFault(` with a header ${header} that matches ${shown(regexp)}; it must not`);
		}
	}
	for (const {header, regexp, allow_missing: allowMissing} of options.fail_if_header_not_matches) {
		const values = valuesOf(header);
		if (values.length === 0) {
			if (allowMissing) continue;
			return patternFault(` without the header ${header}`);
		}
		if (!values.some(value => compilePattern(regexp).test(value))) {
			return patternFault(` with a header ${header} that does not match ${shown(regexp)}`);
		}
	}
	return undefined;
}

function judgeSize({truncated}: Exchange, options: HttpOptions): Fault | undefined {
	if (!truncated) return undefined;
	return fault('content', ` with a body of more than ${options.body_size_limit} bytes (body_size_limit)`);
}

function judgeBody({body}: Exchange, options: HttpOptions): Fault | undefined {
	if (!needsBody(options)) return undefined;
	const text = body.toString();
	const unwanted = options.fail_if_body_matches_regexp.find(source => compilePattern(source).test(text));
	if (unwanted !== undefined) return patternFault(` with a body that matches ${shown(unwanted)}; it must not`);
	const missed = options.fail_if_body_not_matches_regexp.find(source => !compilePattern(source).test(text));
	if (missed !== undefined) return patternFault(` with a body that does not match ${shown(missed)}`);
	return undefined;
}

function shown(pattern: string): string {
	return `"${oneLine(pattern, 80)}"`;
}

function fault(reason: DownReason, detail: string): Fault {
	return {reason, detail, byPattern: false};
}

function patternFault(detail: string): Fault {
	return {reason: 'content', detail, byPattern: true};
}
