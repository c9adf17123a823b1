/** A listener that nobody should meet: `node visitors.ts PORT…` prints `ready`, and a line for whoever comes. */

import net from 'node:net';

for (const port of process.argv.slice(2).map(Number)) {
	const server = net.createServer(socket => {
		process.stdout.write(`${socket.remoteAddress} came to ${port}\n`);
		socket.on('error', () => {}).destroy();
	});
	await new Promise<void>(resolve => server.listen(port, () => resolve()));
}
process.stdout.write('ready\n');
