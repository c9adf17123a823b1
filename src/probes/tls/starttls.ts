/** How protocols of plain text are asked to go on over TLS. */

import type {Duplex} from 'node:stream';
import {Incoming} from '../../net/incoming.ts';
import {Lines, quoted} from '../../net/lines.ts';
import {TargetDownError} from '../../util/errors.ts';

export const startTlsProtocols = ['smtp', 'imap', 'pop3', 'postgres'] as const;
export type StartTlsProtocol = (typeof startTlsProtocols)[number];

/**
 * Resolves when the server agreed and TLS can begin over the socket. Throws TargetDownError (`protocol`, `reset` …) with a clause as
 * its message, or the signal's reason; the socket is destroyed after an abort.
 */
export async function askForTls(socket: Duplex, protocol: StartTlsProtocol, signal: AbortSignal): Promise<void> {
	const incoming = new Incoming(socket);
	const lines = new Lines(incoming, {maxLineBytes: 4096, maxBytes: 65_536, maxLines: 200});
	const onAbort = () => socket.destroy();
	signal.addEventListener('abort', onAbort);
	try {
		signal.throwIfAborted();
		await ways[protocol](lines, bytes => void socket.write(bytes));
		lines.refuseRest();
	} finally {
		incoming.release();
		signal.removeEventListener('abort', onAbort);
		signal.throwIfAborted();
	}
}

type Say = (bytes: string | Buffer) => void;

const ways: Record<StartTlsProtocol, (lines: Lines, say: Say) => Promise<void>> = {
	async smtp(lines, say) {
		await reply(lines, /^\d{3}(?: |$)/, /^220/, 'its greeting');
		say('EHLO tailprobe\r\n');
		await reply(lines, /^\d{3}(?: |$)/, /^250/, 'EHLO');
		say('STARTTLS\r\n');
		await reply(lines, /^\d{3}(?: |$)/, /^220/, 'STARTTLS');
	},
	async imap(lines, say) {
		await reply(lines, /^\* /, /^\* OK/i, 'its greeting');
		say('a1 STARTTLS\r\n');
		await reply(lines, /^a1 /i, /^a1 OK/i, 'STARTTLS');
	},
	async pop3(lines, say) {
		await reply(lines, /^/, /^\+OK/, 'its greeting');
		say('STLS\r\n');
		await reply(lines, /^/, /^\+OK/, 'STLS');
	},
	async postgres(lines, say) {
		say(sslRequest);
		const agreed = await lines.bytesAre(Buffer.from('S'));
		if (agreed) return;
		if (agreed === undefined) throw closed('SSLRequest');
		const said = lines.pending(40);
		throw new TargetDownError(
			'protocol',
			said === 'N' ? 'the server does not offer TLS' : `the server answered ${quoted(said, 40)} to SSLRequest`,
		);
	},
};

/** Length 8, then the code of the request: 1234 and 5679. */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** Passes over lines until one that ends an answer, which must be a good one. */
async function reply(lines: Lines, final: RegExp, good: RegExp, to: string): Promise<void> {
	for (;;) {
		const line = await lines.next();
		if (line === undefined) throw closed(to);
		if (!final.test(line)) continue;
		if (good.test(line)) return;
		const what = to.startsWith('its') ? `said ${quoted(line, 80)} as ${to}` : `answered ${quoted(line, 80)} to ${to}`;
		throw new TargetDownError('protocol', `the server ${what}`);
	}
}

function closed(to: string): TargetDownError {
	return new TargetDownError(
		'reset',
		`the server closed the connection ${to.startsWith('its') ? 'before' : 'after'} ${to}`,
	);
}
