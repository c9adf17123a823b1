/**
 * STUN binding requests and what answers them (RFC 8489). The requests name `tailnode` as their software and end with a fingerprint:
 * the STUN servers of headscale and of derper answer no others.
 */

import {randomBytes} from 'node:crypto';
import {SocketAddress} from 'node:net';
import {crc32} from 'node:zlib';
import {oneLine, TargetDownError} from '../util/errors.ts';

/** What the server saw us come from. */
export interface MappedAddress {
	/** Canonical; an IPv4 address that came inside an IPv6 one is written as what it is. */
	address: string;
	family: 4 | 6;
	port: number;
}

/** A request and the twelve bytes that its answer must bring back. */
export interface BindingRequest {
	bytes: Buffer;
	transactionId: Buffer;
}

/** A new request with an id that nobody can guess. */
export function bindingRequest(): BindingRequest {
	const transactionId = randomBytes(12);
	const head = Buffer.alloc(headerBytes);
	head.writeUInt16BE(requestType, 0);
	head.writeUInt16BE(4 + software.length + fingerprintBytes, 2);
	head.writeUInt32BE(cookie, 4);
	transactionId.copy(head, 8);
	const named = Buffer.concat([head, attributeHead(softwareType, software.length), software]);
	const fingerprint = Buffer.alloc(4);
	fingerprint.writeUInt32BE(fingerprintOf(named));
	return {bytes: Buffer.concat([named, attributeHead(fingerprintType, 4), fingerprint]), transactionId};
}

/** The transaction that a datagram answers, or undefined when it is no STUN answer at all. */
export function transactionOf(datagram: Buffer): Buffer | undefined {
	if (datagram.length < headerBytes || datagram.readUInt32BE(4) !== cookie) return undefined;
	const type = datagram.readUInt16BE(0);
	return type === successType || type === errorType ? datagram.subarray(8, headerBytes) : undefined;
}

/**
 * Reads an answer that transactionOf knows. Throws TargetDownError: `status` when the server answers with an error, `protocol` when
 * the answer is malformed; its message begins with "the answer".
 */
export function readBinding(datagram: Buffer): MappedAddress {
	if (datagram.length !== headerBytes + datagram.readUInt16BE(2) || datagram.length % 4 !== 0) {
		throw malformed(`says it is ${headerBytes + datagram.readUInt16BE(2)} bytes long and has ${datagram.length}`);
	}
	const attributes = readAttributes(datagram);
	checkFingerprint(datagram, attributes);
	if (datagram.readUInt16BE(0) === errorType) throw errorAnswer(attributes.find(({type}) => type === errorCodeType));
	const xored = attributes.find(({type}) => type === xorMappedType);
	const plain = attributes.find(({type}) => type === mappedType);
	if (xored) return readAddress(xored.value, datagram.subarray(4, headerBytes));
	if (plain) return readAddress(plain.value, noMask);
	throw malformed('does not say from which address we came');
}

const headerBytes = 20;
const fingerprintBytes = 8;
const cookie = 0x2112a442;
const requestType = 0x0001;
const successType = 0x0101;
const errorType = 0x0111;
const mappedType = 0x0001;
const errorCodeType = 0x0009;
const xorMappedType = 0x0020;
const softwareType = 0x8022;
const fingerprintType = 0x8028;
const software = Buffer.from('tailnode');
const noMask = Buffer.alloc(16);

interface Attribute {
	type: number;
	value: Buffer;
	/** Where it begins in the datagram. */
	at: number;
}

function readAttributes(datagram: Buffer): Attribute[] {
	const attributes: Attribute[] = [];
	let at = headerBytes;
	while (at < datagram.length) {
		const length = datagram.readUInt16BE(at + 2);
		const next = at + 4 + Math.ceil(length / 4) * 4;
		if (next > datagram.length) throw malformed('has an attribute that is longer than the answer');
		if (attributes.length === maxAttributes) throw malformed(`has more than ${maxAttributes} attributes`);
		attributes.push({type: datagram.readUInt16BE(at), value: datagram.subarray(at + 4, at + 4 + length), at});
		at = next;
	}
	return attributes;
}

const maxAttributes = 100;

function checkFingerprint(datagram: Buffer, attributes: readonly Attribute[]): void {
	const found = attributes.find(({type}) => type === fingerprintType);
	if (!found) return;
	const isRight =
		found.value.length === 4 && found.value.readUInt32BE() === fingerprintOf(datagram.subarray(0, found.at));
	if (!isRight || found !== attributes.at(-1)) throw malformed('has a wrong fingerprint');
}

function readAddress(value: Buffer, mask: Buffer): MappedAddress {
	const family = value[1] === 1 ? 4 : value[1] === 2 ? 6 : undefined;
	const size = family === 4 ? 4 : 16;
	if (family === undefined || value.length !== 4 + size) throw malformed('has a mapped address of no known form');
	const port = value.readUInt16BE(2) ^ mask.readUInt16BE(0);
	const bytes = Buffer.from([...value.subarray(4)].map((byte, index) => byte ^ (mask[index] ?? 0)));
	// Servers with one socket for both families say ::ffff:192.0.2.1, headscale's among them.
	const inner = size === 16 && bytes.subarray(0, 12).equals(v4Prefix) ? bytes.subarray(12) : bytes;
	if (port === 0 || inner.every(byte => byte === 0)) throw malformed('has a mapped address that nobody can have');
	if (inner.length === 4) return {address: inner.join('.'), family: 4, port};
	const groups = Array.from({length: 8}, (_, index) => inner.readUInt16BE(index * 2).toString(16));
	return {address: new SocketAddress({address: groups.join(':'), family: 'ipv6'}).address, family: 6, port};
}

const v4Prefix = Buffer.from('00000000000000000000ffff', 'hex');

function errorAnswer(attribute: Attribute | undefined): TargetDownError {
	const {value} = attribute ?? {};
	if (!value || value.length < 4) return malformed('is an error that does not say which');
	const code = ((value[2] ?? 0) & 7) * 100 + (value[3] ?? 0);
	const words = oneLine(value.subarray(4, 204).toString('utf8'), 80);
	return new TargetDownError('status', `the answer is the error ${code}${words === '' ? '' : ` "${words}"`}`);
}

function fingerprintOf(bytes: Buffer): number {
	return (crc32(bytes) ^ 0x5354554e) >>> 0;
}

function attributeHead(type: number, length: number): Buffer {
	const head = Buffer.alloc(4);
	head.writeUInt16BE(type, 0);
	head.writeUInt16BE(length, 2);
	return head;
}

function malformed(what: string): TargetDownError {
	return new TargetDownError('protocol', `the answer ${what}`);
}
