/** The control socket of a running lab: a line of JSON comes in, a line goes out. */

import {createServer, type Server} from 'node:net';
import {UserError} from '../util/errors.ts';
import {type Answer, type Command, readCommand} from './messages.ts';

const maxBytes = 4096;

/** Listens on the path, which must not exist. The directory around it keeps other users away. */
export async function serveControl(path: string, carryOut: (command: Command) => Promise<Answer>): Promise<Server> {
	const server = createServer(socket => {
		let text = '';
		socket.setEncoding('utf8').setTimeout(10_000, () => socket.destroy());
		socket.on('error', () => socket.destroy());
		socket.on('data', async (data: string) => {
			text += data;
			const end = text.indexOf('\n');
			if (end < 0 && text.length <= maxBytes) return;
			socket.removeAllListeners('data').resume();
			const command = end < 0 ? undefined : parse(text.slice(0, end));
			const answer: Answer = command ? await carryOut(command) : {ok: false, message: 'That is no command of the lab.'};
			socket.end(`${JSON.stringify(answer)}\n`);
		});
	});
	await new Promise<void>((resolve, reject) => {
		server.once('error', (error: NodeJS.ErrnoException) => {
			reject(error.code === 'EADDRINUSE' ? new UserError('Another lab was started at the same moment.', 69) : error);
		});
		server.listen(path, resolve);
	});
	return server;
}

function parse(line: string): Command | undefined {
	try {
		return readCommand(JSON.parse(line));
	} catch {
		return undefined;
	}
}
