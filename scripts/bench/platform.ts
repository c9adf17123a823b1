/**
 * A tailnet of any number of nodes, as far as tailprobe can tell: headscale's API, the LocalAPI of the tailscaled beside it, and
 * MagicDNS. A process of its own; what it says has the shape of what the real ones were recorded to say.
 */

import {createSocket} from 'node:dgram';
import {readFileSync} from 'node:fs';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import dnsPacket from 'dns-packet';
import {describeBusMessage} from '../../src/lab/tailscale-status.ts';
import {addressOf} from './namespace.ts';

/** Answered with 'started' when everything listens. */
export interface PlatformCommand {
	nodes: number;
	socketPath: string;
}

export const platformApiKey = 'hskey-api-bench-of-tailprobe';
export const headscaleUrl = `http://${addressOf(65_000)}:8080`;
export const headscaleMetricsUrl = `http://${addressOf(65_000)}:50480/metrics`;

const domain = 'tail.ozzu.world';
/** Where every client asks. */
const magicDnsAddress = '100.100.100.100';

if (import.meta.main) {
	process.on('disconnect', () => process.exit());
	process.on('message', async (command: PlatformCommand) => {
		const nodes = Array.from({length: command.nodes}, (_, index) => ({
			number: index + 1,
			name: `node-${String(index + 1).padStart(4, '0')}`,
			// Beside the targets of the comparison.
			address: addressOf(100_000 + index),
		}));
		await Promise.all([startHeadscale(nodes), startTailscaled(nodes, command.socketPath), startMagicDns(nodes)]);
		process.send?.('started');
	});
}

interface BenchNode {
	number: number;
	name: string;
	address: string;
}

async function startHeadscale(nodes: readonly BenchNode[]): Promise<void> {
	const [node] = (recorded('headscale/0.29.2/rest-node.json') as {nodes: object[]}).nodes;
	const list = nodes.map(({number, name, address}) => ({
		...node,
		id: String(number),
		machineKey: `mkey:${key(number)}`,
		nodeKey: `nodekey:${key(number)}`,
		discoKey: `discokey:${key(number)}`,
		ipAddresses: [address],
		name,
		givenName: name,
		online: true,
	}));
	const answers: Record<string, string> = {
		'/health': '{"status":"pass"}',
		'/version': '{"version":"v0.29.2"}',
		'/key': `{"publicKey":"mkey:${key(0)}"}`,
		'/api/v1/health': '{"databaseConnectivity":true}',
		'/api/v1/node': JSON.stringify({nodes: list}),
		'/api/v1/user': recordedText('headscale/0.29.2/rest-user.json'),
		'/api/v1/apikey': recordedText('headscale/0.29.2/rest-apikey.json'),
		'/api/v1/preauthkey': recordedText('headscale/0.29.2/rest-preauthkey.json'),
		'/api/v1/policy': recordedText('headscale/0.29.2/rest-policy.json'),
	};
	const metrics = recordedText('headscale/0.29.2/metrics.prom');
	const api = new URL(headscaleUrl);
	const metricsAt = new URL(headscaleMetricsUrl);
	await Promise.all([
		listen((request, response) => send(response, answers[pathOf(request)], 'application/json'), {
			host: api.hostname,
			port: Number(api.port),
		}),
		listen((_request, response) => send(response, metrics, 'text/plain; version=0.0.4'), {
			host: metricsAt.hostname,
			port: Number(metricsAt.port),
		}),
	]);
}

async function startTailscaled(nodes: readonly BenchNode[], path: string): Promise<void> {
	const status = recorded('localapi/status.json') as {Peer: Record<string, object>};
	const [peer] = Object.values(status.Peer);
	const peers = nodes.map(({number, name, address}) => [
		`nodekey:${key(number)}`,
		{
			...peer,
			ID: String(number),
			NodeID: number,
			PublicKey: `nodekey:${key(number)}`,
			HostName: name,
			DNSName: `${name}.${domain}.`,
			TailscaleIPs: [address],
			AllowedIPs: [`${address}/32`],
		},
	]);
	const own = {...status, TailscaleIPs: [addressOf(65_001)]};
	const answers: Record<string, string> = {
		status: JSON.stringify({...own, Peer: Object.fromEntries(peers)}),
		derpmap: JSON.stringify(derpMap()),
		usermetrics: recordedText('localapi/usermetrics.prom'),
		whois: recordedText('localapi/whois.json'),
	};
	const withoutPeers = JSON.stringify({...own, Peer: null});
	const pings: Record<string, object> = {
		disco: recorded('localapi/ping-disco-direct.json'),
		TSMP: recorded('localapi/ping-tsmp.json'),
		ICMP: recorded('localapi/ping-icmp.json'),
	};
	await listen(
		(request, response) => {
			const {pathname, searchParams} = new URL(request.url ?? '/', 'http://local');
			const asked = pathname.replace('/localapi/v0/', '');
			if (asked === 'ping') {
				const IP = searchParams.get('ip') ?? '';
				const ping = pings[searchParams.get('type') ?? ''];
				send(response, ping && JSON.stringify({...ping, IP, NodeIP: IP}), 'application/json');
			} else if (asked === 'watch-ipn-bus') {
				// Goes on for ever.
				response.writeHead(200).write(describeBusMessage('running', undefined, {first: true}));
			} else {
				const short = asked === 'status' && searchParams.get('peers') === 'false';
				send(response, short ? withoutPeers : answers[asked], 'application/json');
			}
		},
		{path},
	);
}

async function startMagicDns(nodes: readonly BenchNode[]): Promise<void> {
	const addresses = new Map(nodes.map(({name, address}) => [`${name}.${domain}`, address]));
	const socket = createSocket('udp4');
	socket.on('message', (bytes, from) => {
		const {id = 0, questions = []} = dnsPacket.decode(bytes);
		const [question] = questions;
		const data = addresses.get(question?.name.toLowerCase() ?? '');
		const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE | (data === undefined ? 3 : 0);
		const answers =
			question?.type === 'A' && data !== undefined ? [{type: 'A' as const, name: question.name, ttl: 600, data}] : [];
		socket.send(dnsPacket.encode({type: 'response', id, flags, questions, answers}), from.port, from.address);
	});
	await new Promise<void>(resolve => socket.bind(53, magicDnsAddress, resolve));
}

function listen(
	handle: (request: IncomingMessage, response: ServerResponse) => void,
	where: {host: string; port: number} | {path: string},
): Promise<void> {
	return new Promise(resolve => createServer(handle).listen(where, resolve));
}

function send(response: ServerResponse, body: string | undefined, contentType: string): void {
	if (body === undefined) response.writeHead(404).end();
	else response.writeHead(200, {'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body)}).end(body);
}

function pathOf(request: IncomingMessage): string {
	return new URL(request.url ?? '/', 'http://headscale').pathname;
}

/** With a relay that takes connections. */
function derpMap(): object {
	const {hostname, port} = new URL(headscaleUrl);
	const map = recorded('localapi/derpmap.json') as {Regions: Record<string, {Nodes: object[]}>};
	for (const region of Object.values(map.Regions))
		region.Nodes = region.Nodes.map(node => ({...node, HostName: hostname, IPv4: hostname, DERPPort: Number(port)}));
	return map;
}

/** A key of the right length that no other node has. */
function key(number: number): string {
	return number.toString(16).padStart(64, '0');
}

function recordedText(file: string): string {
	return readFileSync(new URL(`../../test/fixtures/${file}`, import.meta.url), 'utf8');
}

function recorded(file: string): object {
	return JSON.parse(recordedText(file));
}
