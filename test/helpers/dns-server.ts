/** A real DNS server (UDP), on loopback unless told otherwise, that answers from a table and counts what it is asked. */

import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import type {AddressInfo} from 'node:net';
import {decode, encode, RECURSION_AVAILABLE, RECURSION_DESIRED} from 'dns-packet';

/** Addresses of a name; an rcode; or no answer at all. A name that is not in the table does not exist. */
export type DnsRecord = readonly string[] | 'nodata' | 'servfail' | 'refused' | 'silent';

export interface DnsServer {
	/** `address:port`. */
	address: string;
	/** `A name` or `AAAA name`, in the order in which they came. */
	questions: string[];
	records: Record<string, DnsRecord>;
	close(): Promise<void>;
}

const rcodes = {nodata: 0, servfail: 2, refused: 5};

export async function startDnsServer(
	records: Record<string, DnsRecord>,
	{host = '127.0.0.1', port = 0}: {host?: string; port?: number} = {},
): Promise<DnsServer> {
	const socket = createSocket('udp4');
	const server: DnsServer = {address: '', questions: [], records, close};
	socket.on('message', (message, from) => {
		const {id, questions = []} = decode(message);
		const question = questions[0];
		if (!question) return;
		server.questions.push(`${question.type} ${question.name}`);
		const record = server.records[question.name];
		if (record === 'silent') return;
		const wanted = question.type === 'AAAA' ? ':' : '.';
		const addresses = Array.isArray(record) ? record.filter(address => address.includes(wanted)) : [];
		const rcode = record === undefined ? 3 : typeof record === 'string' ? rcodes[record] : 0;
		const answer = encode({
			type: 'response',
			id: id ?? 0,
			flags: RECURSION_DESIRED | RECURSION_AVAILABLE | rcode,
			questions,
			answers: addresses.map(data => ({
				type: question.type === 'AAAA' ? 'AAAA' : 'A',
				name: question.name,
				ttl: 600,
				data,
			})),
		});
		socket.send(answer, from.port, from.address);
	});
	socket.bind(port, host);
	await once(socket, 'listening');
	server.address = `${host}:${(socket.address() as AddressInfo).port}`;
	return server;

	async function close() {
		socket.close();
		await once(socket, 'close');
	}
}
