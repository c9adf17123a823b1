/** The lab's MagicDNS: names of the tailnet, over UDP and TCP on one port of 127.0.0.1. */

import {createSocket} from 'node:dgram';
import {createServer} from 'node:net';
import dnsPacket from 'dns-packet';
import {listen} from './listening.ts';
import {domain, nodes} from './platform.ts';
import type {World} from './world.ts';

const noSuchName = 3;
const refused = 5;

/** Starts it on a free port and returns that. */
export async function startMagicDns(world: World): Promise<number> {
	const respond = (question: Uint8Array): Buffer | undefined => {
		const {magicDns, tailscaled} = world.conditions;
		return magicDns.answers && tailscaled === 'running' ? answerQuestion(question, world) : undefined;
	};

	const tcp = createServer(socket => {
		let pending = Buffer.alloc(0);
		socket.on('error', () => socket.destroy());
		socket.on('data', (data: Buffer) => {
			pending = Buffer.concat([pending, data]);
			if (pending.length < 2 || pending.length < 2 + pending.readUInt16BE()) return;
			const answer = respond(pending.subarray(2, 2 + pending.readUInt16BE()));
			pending = Buffer.alloc(0);
			if (answer) socket.write(Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 255]), answer]));
		});
	});

	for (let attempt = 0; ; attempt++) {
		const udp = createSocket('udp4');
		udp.on('message', (question, from) => {
			const answer = respond(question);
			if (answer) udp.send(answer, from.port, from.address);
		});
		const port = await new Promise<number>((resolve, reject) => {
			udp.once('error', reject).bind(0, '127.0.0.1', () => resolve(udp.address().port));
		});
		try {
			return await listen(tcp, '127.0.0.1', port);
		} catch (error) {
			udp.close();
			if (attempt === 20) throw error;
		}
	}
}

function answerQuestion(bytes: Uint8Array, world: World): Buffer | undefined {
	let asked: dnsPacket.Packet;
	try {
		asked = dnsPacket.decode(Buffer.from(bytes));
	} catch {
		return undefined;
	}
	const question = asked.questions?.[0];
	if (!question || asked.type === 'response') return undefined;
	const name = question.name.toLowerCase();
	const node = nodes.find(candidate => `${candidate.name}.${domain}` === name);
	const {magicDns, nodes: conditionOf} = world.conditions;
	const isKnown = node && conditionOf[node.name].member && conditionOf[node.name].visible;
	const member = isKnown && !magicDns.unknown.includes(node.name) ? node : undefined;
	const inTailnet = name === domain || name.endsWith(`.${domain}`);
	const status = inTailnet ? (member || name === domain ? 0 : noSuchName) : refused;
	const address = member && (magicDns.wrongAddress[member.name] ?? member.address);
	return dnsPacket.encode({
		type: 'response',
		id: asked.id ?? 0,
		flags:
			dnsPacket.RECURSION_DESIRED |
			dnsPacket.RECURSION_AVAILABLE |
			(inTailnet ? dnsPacket.AUTHORITATIVE_ANSWER : 0) |
			status,
		questions: [question],
		answers:
			address !== undefined && question.type === 'A' ? [{type: 'A', name: question.name, ttl: 600, data: address}] : [],
	});
}
