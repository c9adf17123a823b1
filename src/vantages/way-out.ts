/** Whether packets for an address can leave this machine at all, as its own network stack knows: by route and carrier. Nothing is sent. */

import {createSocket} from 'node:dgram';
import {readdir, readFile} from 'node:fs/promises';
import {isIPv6} from 'node:net';
import {networkInterfaces} from 'node:os';

export interface WayOut {
	/** The network interface by which they would leave; '' where that cannot be told. */
	device: string;
	/** A clause that says why nothing leaves; absent: nothing speaks against it. */
	fault?: string;
}

/** `address` is literal. What cannot be found out (a system without /sys) is no fault. */
export async function findWayOut(address: string): Promise<WayOut> {
	const from = await sourceOf(address);
	if ('fault' in from) return {device: '', fault: from.fault};
	const device = runningDeviceOf(from.address);
	if (device !== undefined || from.address === '') return {device: device ?? ''};
	// Node.js lists only what runs, and the kernel goes on routing to a device whose cable is out.
	const dead = (await devicesWithoutCarrier()).join(' or ');
	return dead === ''
		? {device: ''}
		: {device: dead, fault: `the network interface towards it (${dead}) has no carrier`};
}

/** Our own address towards there: connecting a datagram socket asks the kernel for the route, and that is all it does. */
function sourceOf(address: string): Promise<{address: string} | {fault: string}> {
	return new Promise(resolve => {
		const family = isIPv6(address) ? 6 : 4;
		// The address is one already: no resolver is ever asked.
		const lookup = (host: string, _options: unknown, found: (error: null, address: string, family: number) => void) =>
			found(null, host, family);
		const socket = createSocket({type: family === 4 ? 'udp4' : 'udp6', lookup});
		const end = (answer: {address: string} | {fault: string}) => {
			resolve(answer);
			socket.close();
		};
		socket.on('error', (error: NodeJS.ErrnoException) => {
			const fault = noRoute.has(error.code ?? '')
				? `this machine has no route to ${address} (${error.code})`
				: undefined;
			end(fault === undefined ? {address: ''} : {fault});
		});
		socket.on('connect', () => end({address: socket.address().address}));
		socket.connect(discardPort, address);
	});
}

const noRoute: ReadonlySet<string> = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN']);
const discardPort = 9;

function runningDeviceOf(address: string): string | undefined {
	const found = Object.entries(networkInterfaces()).find(([, list]) => list?.some(each => each.address === address));
	return found?.[0];
}

async function devicesWithoutCarrier(): Promise<string[]> {
	const names = await readdir(devices).catch(() => []);
	const dead = await Promise.all(
		names.map(async name => {
			const carrier = await readFile(`${devices}/${name}/carrier`, 'utf8').catch(() => '');
			return carrier.trim() === '0' ? [name] : [];
		}),
	);
	return dead.flat().slice(0, 4);
}

const devices = '/sys/class/net';
