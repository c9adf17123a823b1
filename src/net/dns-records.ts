/** What a DNS record holds, written as zone files write it. Types without a form here are written as RFC 3597 has it. */

import {SocketAddress} from 'node:net';
import {quoteText, readName} from './dns-names.ts';

/** The data between `from` and `to` of a message. Throws RangeError when it is not what its type wants. */
export function readData(bytes: Buffer, type: number, from: number, to: number): string {
	const reader = new DataReader(bytes, from, to);
	const text = (readers[type] ?? unknownData)(reader);
	reader.finish();
	return text;
}

/** Reads fields of one record, never beyond its end; names may point to the message before it. */
class DataReader {
	readonly #bytes: Buffer;
	readonly #to: number;
	#at: number;

	constructor(bytes: Buffer, from: number, to: number) {
		this.#bytes = bytes;
		this.#at = from;
		this.#to = to;
	}

	get left(): number {
		return this.#to - this.#at;
	}

	number(size: 1 | 2 | 4): number {
		return this.bytes(size).readUIntBE(0, size);
	}

	bytes(size: number): Buffer {
		if (size > this.left) throw new RangeError('a record is shorter than its type wants');
		this.#at += size;
		return this.#bytes.subarray(this.#at - size, this.#at);
	}

	name(): string {
		const {name, end} = readName(this.#bytes, this.#at);
		if (end > this.#to) throw new RangeError('a record is shorter than its type wants');
		this.#at = end;
		return name;
	}

	text(): string {
		return quoteText(this.bytes(this.number(1)).toString('latin1'));
	}

	finish(): void {
		if (this.left > 0) throw new RangeError('a record is longer than its type wants');
	}
}

const oneName = (reader: DataReader) => reader.name();

const readers: Record<number, (reader: DataReader) => string> = {
	// A
	1: reader => [...reader.bytes(4)].join('.'),
	// NS, CNAME, PTR, DNAME
	2: oneName,
	5: oneName,
	12: oneName,
	39: oneName,
	// SOA
	6: reader => {
		const names = `${reader.name()} ${reader.name()}`;
		return `${names} ${[1, 2, 3, 4, 5].map(() => reader.number(4)).join(' ')}`;
	},
	// MX
	15: reader => `${reader.number(2)} ${reader.name()}`,
	// TXT
	16: reader => {
		const texts: string[] = [];
		while (reader.left > 0) texts.push(reader.text());
		return texts.join(' ');
	},
	// AAAA
	28: reader => {
		const groups = Array.from({length: 8}, () => reader.number(2).toString(16));
		return new SocketAddress({address: groups.join(':'), family: 'ipv6'}).address;
	},
	// SRV
	33: reader => `${reader.number(2)} ${reader.number(2)} ${reader.number(2)} ${reader.name()}`,
	// DS
	43: reader =>
		`${reader.number(2)} ${reader.number(1)} ${reader.number(1)} ${reader.bytes(reader.left).toString('hex').toUpperCase()}`,
	// DNSKEY
	48: reader =>
		`${reader.number(2)} ${reader.number(1)} ${reader.number(1)} ${reader.bytes(reader.left).toString('base64')}`,
	// CAA
	257: reader => {
		const flags = reader.number(1);
		const tag = reader.bytes(reader.number(1)).toString('latin1');
		if (!/^[A-Za-z0-9]+$/.test(tag)) throw new RangeError('a CAA record has a tag that is none');
		return `${flags} ${tag} ${quoteText(reader.bytes(reader.left).toString('latin1'))}`;
	},
};

function unknownData(reader: DataReader): string {
	const {left} = reader;
	const hex = reader.bytes(left).toString('hex').toUpperCase();
	return left === 0 ? '\\# 0' : `\\# ${left} ${hex}`;
}
