/** The conversation of a tcp probe: what must come, what is said, when TLS begins. */

import type {Duplex} from 'node:stream';
import type {DownReason} from '../../engine/types.ts';
import {ClientCertificateError} from '../../net/client-certificate.ts';
import {Incoming} from '../../net/incoming.ts';
import {Lines, quoted} from '../../net/lines.ts';
import {compilePattern, expandTemplate} from '../../net/patterns.ts';
import {socketFailure} from '../../net/socket-errors.ts';
import {oneLine, TargetDownError} from '../../util/errors.ts';
import type {Findings} from '../shared/failed-reading.ts';
import {maxConversationBytes, maxLineBytes, type Step} from './options.ts';
import {Sent} from './sent.ts';

/** Where the conversation is, for sentences. Nothing that was sent is in it: that may be secret. */
export interface Progress {
	/** `step 2 of 7 (expect "^220")`; '' before the first. */
	step: string;
	/** The last line that came, with the words that we had sent blanked out: worked out only where it is shown. */
	line: (() => string) | undefined;
}

/**
 * Holds the conversation over the connected socket, which the caller destroys. `beginTls` shakes hands over it. Facts, values and
 * `progress` are noted as it goes on. Throws TargetDownError, its message a clause (`content` when something else came, `reset`,
 * `protocol`), what socketFailure makes, or the signal's reason.
 */
export async function converse(
	socket: Duplex,
	steps: readonly Step[],
	beginTls: () => Promise<Duplex>,
	findings: Findings,
	progress: Progress,
	signal: AbortSignal,
): Promise<void> {
	const {facts, values} = findings;
	const sent = new Sent();
	const breathe = breaths();
	let current = socket;
	let incoming = new Incoming(current);
	let lines = new Lines(incoming, limits);
	const onAbort = () => current.destroy();
	signal.addEventListener('abort', onAbort);
	values.failed_due_to_regex = 0;
	values.failed_due_to_bytes = 0;
	try {
		signal.throwIfAborted();
		for (const [at, step] of steps.entries()) await take(step, `step ${at + 1} of ${steps.length}`);
	} catch (error) {
		signal.throwIfAborted();
		throw error;
	} finally {
		incoming.release();
		signal.removeEventListener('abort', onAbort);
	}

	async function take(step: Step, place: string): Promise<void> {
		const {expect, expect_bytes: bytes} = step;
		let {send} = step;
		progress.step = `${place} (${nameOf(step)})`;
		if (expect !== undefined) {
			const captures = await awaitLine(expect);
			if (send !== undefined) send = expandTemplate(send, captures);
			for (const {name, value} of step.labels) {
				facts[`expect_${name}`] = oneLine(expandTemplate(value, captures), maxLabelCharacters);
			}
		}
		if (bytes !== undefined) await awaitBytes(Buffer.from(bytes));
		// As blackbox_exporter: nothing is not even a line.
		if (send) await say(`${send}\n`);
		if (step.starttls) {
			lines.refuseRest();
			incoming.release();
			current = await beginTls();
			incoming = new Incoming(current);
			lines = new Lines(incoming, limits);
		}
	}

	async function awaitLine(source: string) {
		const pattern = compilePattern(source);
		const before = lines.count;
		try {
			for (;;) {
				const line = await lines.next();
				if (line === undefined) {
					signal.throwIfAborted();
					values.failed_due_to_regex = 1;
					throw ended(lines.count > before);
				}
				progress.line = sent.shown(line);
				findings.shown = undefined;
				facts.banner ??= oneLine(progress.line(), 80);
				await breathe(line);
				// Half a line that our own end of waiting cut off is worth telling, but it is no answer.
				signal.throwIfAborted();
				const captures = pattern.match(line);
				if (captures) return captures;
			}
		} catch (error) {
			if (!(error instanceof TargetDownError) || error instanceof ClientCertificateError) throw error;
			if (error.reason === 'content') values.failed_due_to_regex = 1;
			throw new TargetDownError(error.reason, inWords(error.message));
		}
	}

	async function awaitBytes(wanted: Buffer): Promise<void> {
		const came = await lines.bytesAre(wanted);
		const pending = lines.pending(Math.min(200, wanted.length));
		if (came || pending !== '') findings.shown = undefined;
		if (came) return;
		if (pending !== '') progress.line = sent.shown(pending);
		if (came === undefined) throw failed(...ending(pending !== ''));
		values.failed_due_to_bytes = 1;
		throw failed('content', 'other bytes came');
	}

	async function say(text: string): Promise<void> {
		sent.add(text);
		await new Promise<void>((resolve, reject) => {
			current.write(text, error => (error ? reject(socketFailure(error)) : resolve()));
		});
	}

	function ended(afterLines: boolean): TargetDownError {
		return new TargetDownError(...ending(afterLines));
	}

	function failed(reason: DownReason, message: string): TargetDownError {
		return new TargetDownError(reason, inWords(message));
	}

	function inWords(message: string): string {
		return `${message} at ${progress.step}${lastLine(progress)}`;
	}
}

/** `; the last line was "554 no"`, or '' when none came. */
export function lastLine({line}: Progress): string {
	return line === undefined ? '' : `; the last line was ${quoted(line(), 80)}`;
}

/** blackbox_exporter has no bound; ours are remembered. */
const maxLabelCharacters = 1000;
const limits = {maxLineBytes, maxBytes: maxConversationBytes, maxLines: 10_000};

function ending(afterData: boolean): [DownReason, string] {
	return afterData
		? ['content', 'the server closed the connection and what was wanted had not come']
		: ['reset', 'the server closed the connection and nothing had come'];
}

function nameOf({expect, expect_bytes: bytes, send}: Step): string {
	if (expect !== undefined) return `expect ${quoted(expect, 60)}`;
	if (bytes !== undefined) return `expect_bytes ${quoted(bytes, 40)}`;
	return send === undefined ? 'starttls' : 'send';
}

/**
 * Lines that are here already are read without waiting: now and then the deadline and the other probes of this thread must have their
 * turn. Their patterns take at worst 20 ms in between.
 */
function breaths(): (line: string) => Promise<void> | undefined {
	let lines = 0;
	let characters = 0;
	return line => {
		lines++;
		characters += line.length;
		if (lines < 64 && characters < 8192) return undefined;
		lines = 0;
		characters = 0;
		return new Promise(resolve => void setImmediate(resolve));
	};
}
