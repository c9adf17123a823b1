/** Holds a DNS answer against what was wanted. */

import type {DownReason} from '../../engine/types.ts';
import {type DnsMessage, type DnsRecord, recordText} from '../../net/dns-message.ts';
import {compilePattern} from '../../net/patterns.ts';
import {oneLine} from '../../util/errors.ts';
import {type DnsOptions, maxJudgedCharacters, type RecordRules} from './options.ts';

export interface Fault {
	reason: DownReason;
	/** Goes on after the response code in the sentence. */
	detail: string;
}

/** The first thing that is wrong with the answer, or undefined. */
export function judgeMessage(message: DnsMessage, options: DnsOptions): Fault | undefined {
	const {valid_rcodes: wanted} = options;
	if (!wanted.includes(message.rcode)) {
		return {reason: 'status', detail: `${meanings[message.rcode] ?? ''}; wanted ${wanted.slice(0, 10).join(' or ')}`};
	}
	return (
		judgeRecords(message.answers, options.validate_answer_rrs, 'answer') ??
		judgeRecords(message.authorities, options.validate_authority_rrs, 'authority') ??
		judgeRecords(message.additionals, options.validate_additional_rrs, 'additional')
	);
}

/** What a response code says to somebody who does not know it. */
const meanings: Record<string, string> = {
	NXDOMAIN: ' (there is no such name)',
	SERVFAIL: ' (it could not find out)',
	REFUSED: ' (it does not answer us, or not for this name)',
	FORMERR: ' (it did not understand the question)',
	NOTIMP: ' (it does not answer this kind of question)',
};

function judgeRecords(records: readonly DnsRecord[], rules: RecordRules, section: string): Fault | undefined {
	const {
		fail_if_matches_regexp: unwanted,
		fail_if_all_match_regexp: notAll,
		fail_if_not_matches_regexp: each,
		fail_if_none_matches_regexp: some,
	} = rules;
	if (unwanted.length + notAll.length + each.length + some.length === 0) return undefined;
	if (records.length === 0) {
		const needed = each[0] ?? some[0];
		return needed === undefined
			? undefined
			: fault(`without ${section} records; wanted one that matches ${shown(needed)}`);
	}
	const lines = records.map(recordText);
	if (lines.reduce((sum, line) => sum + line.length, 0) > maxJudgedCharacters) {
		return fault(`with more than ${maxJudgedCharacters} characters of ${section} records, which is too much to judge`);
	}
	for (const line of lines) {
		const matched = unwanted.find(source => matches(source, line));
		if (matched !== undefined) {
			return fault(`with the ${section} record ${shown(line)}, which matches ${shown(matched)}; it must not`);
		}
		const missed = each.find(source => !matches(source, line));
		if (missed !== undefined) {
			return fault(`with the ${section} record ${shown(line)}, which does not match ${shown(missed)}`);
		}
	}
	if (notAll.length > 0 && lines.every(line => notAll.every(source => matches(source, line)))) {
		return fault(`with only ${section} records that match ${shown(notAll[0] ?? '')}; one must not`);
	}
	if (some.length > 0 && !lines.some(line => some.some(source => matches(source, line)))) {
		return fault(`with ${section} records of which none matches ${shown(some[0] ?? '')}`);
	}
	return undefined;
}

function matches(source: string, line: string): boolean {
	return compilePattern(source).test(line);
}

function shown(text: string): string {
	return `"${oneLine(text, 80)}"`;
}

function fault(detail: string): Fault {
	return {reason: 'content', detail: ` ${detail}`};
}
