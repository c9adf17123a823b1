/** What travels between the lab's servers, the process that started them, and other terminals. Plain data. */

import type {ServicePorts} from './services.ts';

export type Command = {do: 'break'; fault: string} | {do: 'heal'; fault?: string} | {do: 'status'};

export type Answer = {ok: true; status: LabStatus} | {ok: false; message: string};

export interface LabStatus {
	/** Process of the lab's servers. */
	pid: number;
	/** Milliseconds since 1970. */
	startedAt: number;
	/** Faults that are on, and since when (milliseconds since 1970). */
	active: {name: string; since: number}[];
	/** Page of the daemon that watches the lab; absent while there is none. */
	url?: string | undefined;
}

/** First message to the servers' process. */
export interface StartMessage {
	kind: 'start';
	/** Its own directory, private; it goes with the process. */
	directory: string;
	/** Where other terminals may command it; absent: nowhere. */
	controlPath?: string;
	usualPorts: boolean;
}

export type ToServers =
	| StartMessage
	| {kind: 'command'; id: number; command: Command}
	/** A daemon watches the lab: its page, for whoever asks for the status. */
	| {kind: 'watched'; url: string};

/** Where everything listens. */
export interface LabFacts {
	headscaleUrl: string;
	headscaleMetricsUrl: string;
	servicePorts: ServicePorts;
	/** `address:port` of MagicDNS. */
	dnsServer: string;
	derpUrl: string;
	/** `address:port` of the STUN server beside the relay. */
	stunServer: string;
	/** Path of the LocalAPI socket. */
	tailscaledSocket: string;
	/** PEM of the authority that vouches for the service behind TLS. */
	caFile: string;
	/** On 127.0.0.1, where nothing should answer: it plays the public address of the first GPU machine. */
	publicPort: number;
	/** File with the key for headscale's API. */
	apiKeyFile: string;
	/** Where the agents of the GPU machines listen. */
	agentPort: number;
	/** File with what they and the daemon prove that they have. */
	agentSecretFile: string;
	vastUrl: string;
	/** File with the key for vast.ai. */
	vastKeyFile: string;
}

export type FromServers =
	| {kind: 'started'; facts: LabFacts}
	| {kind: 'failed'; message: string; exitCode: number}
	| {kind: 'answer'; id: number; answer: Answer}
	| {kind: 'switched'; fault: string; on: boolean};

/** A command out of whatever came in, or undefined. */
export function readCommand(value: unknown): Command | undefined {
	if (typeof value !== 'object' || value === null || !('do' in value)) return undefined;
	const fault = 'fault' in value ? value.fault : undefined;
	if (fault !== undefined && typeof fault !== 'string') return undefined;
	if (value.do === 'break') return fault === undefined ? undefined : {do: 'break', fault};
	if (value.do === 'heal') return fault === undefined ? {do: 'heal'} : {do: 'heal', fault};
	return value.do === 'status' ? {do: 'status'} : undefined;
}
