/**
 * One question of DNS as bytes, and the answer read from bytes. Every name, record and number of records is bounded, because a
 * message of 64 KB can otherwise keep a reader busy for a third of a second: names may point to each other.
 */

import {TargetDownError} from '../util/errors.ts';
import {className, rcodes, typeName} from './dns-codes.ts';
import {readName} from './dns-names.ts';
import {readData} from './dns-records.ts';

export interface DnsQuestion {
	/** Full name; a final dot makes no difference. */
	name: string;
	type: number;
	class: number;
}

export interface DnsRecord {
	/** With final dot, special characters escaped. */
	name: string;
	/** `A`; `TYPE123` where there is no name. */
	type: string;
	class: string;
	ttl: number;
	/** What it holds, as zone files write it. */
	data: string;
}

export interface DnsMessage {
	/** `NXDOMAIN` */
	rcode: string;
	/** The server left records out because they did not fit; none are read then. */
	truncated: boolean;
	answers: readonly DnsRecord[];
	authorities: readonly DnsRecord[];
	additionals: readonly DnsRecord[];
}

/** The question as a message. Throws TypeError on a name that faultOfName would refuse. */
export function encodeQuery(question: DnsQuestion, id: number, recursionDesired: boolean): Buffer {
	const labels = question.name.replace(/\.$/, '').split('.').filter(Boolean);
	if (faultOfName(question.name) !== undefined) throw new TypeError('this name cannot be asked for');
	const header = Buffer.alloc(12);
	header.writeUInt16BE(id, 0);
	header.writeUInt16BE(recursionDesired ? 0x0100 : 0, 2);
	header.writeUInt16BE(1, 4);
	const tail = Buffer.alloc(5);
	tail.writeUInt16BE(question.type, 1);
	tail.writeUInt16BE(question.class, 3);
	const name = labels.map(label => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]));
	return Buffer.concat([header, ...name, tail]);
}

/** Why this is no name that can be asked for, as a clause; undefined when it is one. `.` is the root. */
export function faultOfName(name: string): string | undefined {
	if (name === '.') return undefined;
	const labels = name.replace(/\.$/, '').split('.');
	if (!/^[\x21-\x7e]+$/.test(name) || name.includes('\\')) return 'has a character that no name has';
	if (labels.includes('')) return 'has two dots in a row, or one at its beginning';
	if (labels.some(label => label.length > 63)) return 'has a part of more than 63 characters';
	return labels.join('.').length > 253 ? 'is longer than 253 characters' : undefined;
}

/** Whether the bytes are an answer to this very query: an answer at all, with its id, to its question. */
export function answersQuery(bytes: Buffer, query: Buffer): boolean {
	if (bytes.length < 12 || bytes.readUInt16BE(0) !== query.readUInt16BE(0)) return false;
	// An answer (the first bit) to a query (the four bits behind it).
	if (((bytes[2] ?? 0) & 0xf8) !== 0x80) return false;
	// A server that could not make sense of the question may leave it out.
	if (bytes.readUInt16BE(4) === 0) return ((bytes[3] ?? 0) & 0x0f) !== 0;
	const end = query.length;
	const typeAt = end - 4;
	return (
		bytes.readUInt16BE(4) === 1 &&
		bytes.length >= end &&
		bytes.compare(query, typeAt, end, typeAt, end) === 0 &&
		bytes.toString('latin1', 12, typeAt).toLowerCase() === query.toString('latin1', 12, typeAt).toLowerCase()
	);
}

/** Reads an answer to which answersQuery said yes. Throws TargetDownError (`protocol`), its message beginning with "the answer". */
export function readMessage(bytes: Buffer): DnsMessage {
	const flags = bytes.readUInt16BE(2);
	const truncated = (flags & 0x0200) !== 0;
	const counts = [6, 8, 10].map(at => bytes.readUInt16BE(at));
	const total = counts.reduce((sum, count) => sum + count, 0);
	const read = {rcode: rcodes[flags & 0x0f] ?? '', truncated};
	if (truncated) return {...read, answers: [], authorities: [], additionals: []};
	if (total > maxRecords) throw malformed(`has ${total} records; at most ${maxRecords} are read`);
	try {
		let at = bytes.readUInt16BE(4) === 0 ? 12 : readName(bytes, 12).end + 4;
		const [answers = [], authorities = [], additionals = []] = counts.map(count =>
			Array.from({length: count}, () => {
				const {record, end} = readRecord(bytes, at);
				at = end;
				return record;
			}),
		);
		return {...read, answers, authorities, additionals};
	} catch (error) {
		if (error instanceof RangeError) throw malformed(`is malformed: ${error.message}`);
		throw error;
	}
}

/** The record as a line of a zone file, its parts separated by tabs. */
export function recordText({name, ttl, class: klass, type, data}: DnsRecord): string {
	return `${name}\t${ttl}\t${klass}\t${type}\t${data}`;
}

const maxRecords = 1000;

function readRecord(bytes: Buffer, at: number): {record: DnsRecord; end: number} {
	const {name, end: fixed} = readName(bytes, at);
	const from = fixed + 10;
	if (from > bytes.length) throw new RangeError('it ends within a record');
	const type = bytes.readUInt16BE(fixed);
	const to = from + bytes.readUInt16BE(fixed + 8);
	if (to > bytes.length) throw new RangeError('a record is longer than the message');
	const record = {
		name,
		type: typeName(type),
		class: className(bytes.readUInt16BE(fixed + 2)),
		ttl: bytes.readUInt32BE(fixed + 4),
		data: readData(bytes, type, from, to),
	};
	return {record, end: to};
}

function malformed(what: string): TargetDownError {
	return new TargetDownError('protocol', `the answer ${what}`);
}
