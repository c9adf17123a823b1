/** Whether something answers, and whether anything does. */

import {connect} from 'node:net';

/** Whether the host answers to a TCP connection before the signal aborts; a refusal is an answer too. The address is literal. */
export function answersTcp(host: string, port: number, signal: AbortSignal): Promise<boolean> {
	return new Promise(resolve => {
		const socket = connect({host, port, autoSelectFamily: false, signal});
		socket.on('connect', () => end(true));
		socket.on('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED'));
		function end(answered: boolean): void {
			resolve(answered);
			socket.destroy();
		}
	});
}

/** True as soon as one is, false when none is; a rejection is a no. */
export async function anyOf(answers: readonly Promise<boolean>[]): Promise<boolean> {
	try {
		return await Promise.any(answers.map(async answer => (await answer) || Promise.reject(new Error('no'))));
	} catch {
		return false;
	}
}
