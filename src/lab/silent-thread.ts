/** The thread that holds silent ports: it listens, and then never takes a connection, because it does nothing else until its end. */

import {createServer} from 'node:net';
import {parentPort, workerData} from 'node:worker_threads';
import type {SilentThreadData} from './silent-ports.ts';

const {ports, end} = workerData as SilentThreadData;
await Promise.all(
	ports.map(
		({address: host, port}) =>
			new Promise<void>((resolve, reject) => {
				createServer().once('error', reject).listen({host, port, backlog: 1}, resolve);
			}),
	),
);
parentPort?.postMessage('listening');
Atomics.wait(end, 0, 0);
process.exit(0);
