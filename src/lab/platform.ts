/** The June platform of the lab as data: its tailnet nodes, and the services on them. */

export const domain = 'tail.ozzu.world';

/** A tailnet of its own inside 127.0.0.0/8, so that a name that leads elsewhere is seen. */
export const prefix = '127.77.0.0/16';

export const nodeNames = [
	'june-orchestrator',
	'livekit',
	'june-gpu-00000001',
	'june-gpu-00000002',
	'prober',
	'june-gpu-00000001-k4v9zq2m',
] as const;
export type NodeName = (typeof nodeNames)[number];

export interface LabNode {
	name: NodeName;
	/** What the machine calls itself. */
	hostname: string;
	/** Decimal id at headscale. */
	id: string;
	address: string;
	/** Where the other end of a direct tunnel seems to be. */
	endpoint: string;
	/** Base round trip of a direct tunnel from the prober. */
	rttMs: number;
	/** GPU machines join with an ephemeral key. */
	ephemeral: boolean;
	peerApiPort: number;
	/** How long ago it joined when the lab starts. */
	ageMs: number;
}

const hourMs = 3_600_000;

export const nodes: readonly LabNode[] = [
	aNode(1, 'june-orchestrator', {rttMs: 1, ephemeral: false, ageMs: 720 * hourMs}),
	aNode(2, 'livekit', {rttMs: 1, ephemeral: false, ageMs: 720 * hourMs}),
	aNode(3, 'june-gpu-00000001', {rttMs: 4, ephemeral: true, ageMs: 26 * hourMs}),
	aNode(4, 'june-gpu-00000002', {rttMs: 4, ephemeral: true, ageMs: 3 * hourMs}),
	aNode(5, 'prober', {rttMs: 0, ephemeral: false, ageMs: 720 * hourMs}),
	// The first GPU machine once more, where it joined again: headscale gives it another name then.
	aNode(6, 'june-gpu-00000001-k4v9zq2m', {rttMs: 4, ephemeral: true, ageMs: 0, hostname: 'june-gpu-00000001'}),
];

/** Those that look too, by an agent of their own. */
export const gpuNodeNames = ['june-gpu-00000001', 'june-gpu-00000002', 'june-gpu-00000001-k4v9zq2m'] as const;
export type GpuNodeName = (typeof gpuNodeNames)[number];

/** In the tailnet only where a fault says so. */
export const rejoinedName: GpuNodeName = 'june-gpu-00000001-k4v9zq2m';

/** The node that tailprobe itself runs on. */
export const ownName: NodeName = 'prober';

export const serviceIds = [
	'orchestrator',
	'auth',
	'livekit',
	'tts1',
	'tts2',
	'stt1',
	'stt2',
	'tts1-rejoined',
	'stt1-rejoined',
] as const;
export type ServiceId = (typeof serviceIds)[number];

/** Services of a kind share a port, as one target pattern is written for all of them. */
export type ServiceKind = 'orchestrator' | 'auth' | 'livekit' | 'tts' | 'stt';

export interface LabService {
	id: ServiceId;
	kind: ServiceKind;
	node: NodeName;
	/** The port it has on the real platform, taken where it is free. */
	usualPort: number;
	/** Least and most time an answer takes. */
	answersInMs: readonly [number, number];
	/** Behind TLS. */
	tls?: true;
}

export const services: readonly LabService[] = [
	{id: 'orchestrator', kind: 'orchestrator', node: 'june-orchestrator', usualPort: 8080, answersInMs: [2, 6]},
	{id: 'auth', kind: 'auth', node: 'june-orchestrator', usualPort: 8443, answersInMs: [2, 6], tls: true},
	{id: 'livekit', kind: 'livekit', node: 'livekit', usualPort: 7880, answersInMs: [0, 1]},
	{id: 'tts1', kind: 'tts', node: 'june-gpu-00000001', usualPort: 8000, answersInMs: [5, 15]},
	{id: 'tts2', kind: 'tts', node: 'june-gpu-00000002', usualPort: 8000, answersInMs: [5, 15]},
	{id: 'stt1', kind: 'stt', node: 'june-gpu-00000001', usualPort: 8001, answersInMs: [5, 15]},
	{id: 'stt2', kind: 'stt', node: 'june-gpu-00000002', usualPort: 8001, answersInMs: [5, 15]},
	{id: 'tts1-rejoined', kind: 'tts', node: rejoinedName, usualPort: 8000, answersInMs: [5, 15]},
	{id: 'stt1-rejoined', kind: 'stt', node: rejoinedName, usualPort: 8001, answersInMs: [5, 15]},
];

/** Extra time of a round trip that goes through the relay. */
export const relayRttMs = 70;

export function findNode(name: NodeName): LabNode {
	const found = nodes.find(node => node.name === name);
	if (!found) throw new Error(`the lab has no node ${name}`);
	return found;
}

function aNode(
	number: number,
	name: NodeName,
	rest: Pick<LabNode, 'rttMs' | 'ephemeral' | 'ageMs'> & {hostname?: string},
): LabNode {
	return {
		name,
		hostname: name,
		id: String(number),
		address: `127.77.0.${number}`,
		endpoint: `10.77.0.${number + 2}:41641`,
		peerApiPort: 40_000 + number * 1117,
		...rest,
	};
}
