/** Commands a lab that runs in another process of this user. */

import {createConnection} from 'node:net';
import {z} from 'zod';
import {UserError} from '../util/errors.ts';
import {controlPathIn, isOwnDirectory} from './directory.ts';
import type {Answer, Command} from './messages.ts';

const answerSchema = z.union([
	z.object({
		ok: z.literal(true),
		status: z.object({
			pid: z.int(),
			startedAt: z.number(),
			active: z.array(z.object({name: z.string(), since: z.number()})),
			url: z
				.string()
				.regex(/^https?:\/\/[\w.:[\]-]{1,200}\/?$/)
				.optional(),
		}),
	}),
	z.object({ok: z.literal(false), message: z.string()}),
]);

const maxBytes = 65_536;
const timeoutMs = 5000;

/** Nobody listens, or who did is just ending. */
const goneCodes = new Set(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** The lab's answer, or undefined when no lab of this user runs there. Throws a UserError when it runs and does not answer. */
export async function commandLab(directory: string, command: Command): Promise<Answer | undefined> {
	if (!isOwnDirectory(directory)) return undefined;
	const path = controlPathIn(directory);
	const text = await exchange(path, `${JSON.stringify(command)}\n`);
	if (text === undefined) return undefined;
	const parsed = answerSchema.safeParse(parse(text));
	if (parsed.success) return parsed.data;
	throw new UserError(`What answered at ${path} does not speak as a lab of this version does.`, 69);
}

/** undefined: nobody listens there. */
function exchange(path: string, line: string): Promise<string | undefined> {
	return new Promise((resolve, reject) => {
		let text = '';
		const socket = createConnection(path);
		socket.setEncoding('utf8').setTimeout(timeoutMs, () => {
			socket.destroy();
			reject(new UserError(`A lab listens at ${path} and did not answer within ${timeoutMs / 1000} s.`, 69));
		});
		socket.once('connect', () => socket.write(line));
		socket.on('data', (data: string) => {
			text += data;
			if (text.length > maxBytes) socket.destroy();
		});
		socket.once('error', (error: NodeJS.ErrnoException) => {
			if (goneCodes.has(error.code ?? '')) resolve(undefined);
			else reject(new UserError(`The lab at ${path} cannot be asked: ${error.message}.`, 69));
		});
		socket.once('close', () => resolve(text === '' ? undefined : text));
	});
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
