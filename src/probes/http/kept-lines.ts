/** Connections that wait for the next run of their check, one for each, on this thread. */

import {closeLine, type Line} from './hop.ts';

export interface KeptLine extends Line {
	/** The address that it leads to. */
	address: string;
	/** What its opening told. */
	facts: Record<string, string>;
	values: Record<string, number>;
}

interface Entry {
	line?: KeptLine;
	release?: () => void;
}

/** A connection waits this long; intervals beyond it find none. */
const keepMs = 300_000;
const maxEntries = 4000;
/** What a server may send while it waits: tickets, PING, SETTINGS and GOAWAY, with what TLS wraps them in. */
const idleBytes = 8192;
const idleBytesPerSecond = 256;
const meterMs = 200;

/** In the order of their last use. */
const entries = new Map<string, Entry>();

/** The connection that was kept under this key, which is now the caller's; undefined when there is none. */
export function takeLine(key: string): KeptLine | undefined {
	const entry = entries.get(key);
	const line = entry?.line;
	entry?.release?.();
	if (line) hold(line, true);
	return line;
}

/** Whether a run with this key had a connection before. */
export function hadLine(key: string): boolean {
	return entries.has(key);
}

/** Notes that there was a connection, which could not be kept. */
export function noteLine(key: string): void {
	const entry = entries.get(key) ?? {};
	entries.delete(key);
	entries.set(key, entry);
	if (entries.size <= maxEntries) return;
	const [oldest = '', idle] = entries.entries().next().value ?? [];
	if (idle?.line) closeLine(idle.line);
	idle?.release?.();
	entries.delete(oldest);
}

/**
 * Keeps the connection until it is taken. It is closed when nobody asks for long, when the server closes it, and when the server
 * says anything unasked: the next answer could not be told from that. So it is when more than a few frames come that only steer HTTP/2
 * or TLS, which cost time and that nobody tells us of. One that waits keeps no thread alive.
 */
export function keepLine(key: string, line: KeptLine): void {
	noteLine(key);
	const entry = entries.get(key);
	if (!entry || entry.line) {
		closeLine(line);
		return;
	}
	const {plain, socket, http2} = line;
	const drop = () => {
		entry.release?.();
		closeLine(line);
	};
	const timer = setTimeout(drop, keepMs).unref();
	const keptAt = performance.now();
	const bytesBefore = plain.bytesRead;
	const meter = setInterval(() => {
		const allowed = idleBytes + (idleBytesPerSecond * (performance.now() - keptAt)) / 1000;
		if (plain.bytesRead - bytesBefore <= allowed) return;
		entry.release?.();
		// Saying goodbye would mean to go on reading.
		for (const one of [http2, socket, plain]) one?.destroy();
	}, meterMs).unref();
	// HTTP/2 tells by itself what is unasked, and is then broken.
	const events = http2 ? ['close'] : ['data', 'end', 'error', 'close'];
	for (const event of events) socket.on(event, drop);
	entry.line = line;
	entry.release = () => {
		clearTimeout(timer);
		clearInterval(meter);
		for (const event of events) socket.off(event, drop);
		delete entry.line;
		delete entry.release;
	};
	hold(line, false);
}

/** Whether the connection keeps the thread alive. */
function hold({plain, socket, http2}: Line, alive: boolean): void {
	for (const held of http2 ? [http2] : [socket, plain]) {
		if (alive) held.ref();
		else held.unref();
	}
}
