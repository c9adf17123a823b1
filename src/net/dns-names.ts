/** Names inside a DNS message: labels, pointers to earlier ones, and the characters that must be escaped when written. */

/** The name at `at` with its final dot, and where the bytes behind it begin. Throws RangeError on what is none. */
export function readName(bytes: Buffer, at: number): {name: string; end: number} {
	let text = '';
	let length = 0;
	let end: number | undefined;
	let here = at;
	let limit = at;
	for (let jumps = 0; ; ) {
		const size = bytes[here];
		if (size === undefined) throw new RangeError('it ends within a name');
		if (size === 0) return {name: text || '.', end: end ?? here + 1};
		if (size >= 0xc0) {
			if (here + 2 > bytes.length) throw new RangeError('it ends within a name');
			const target = bytes.readUInt16BE(here) & 0x3fff;
			end ??= here + 2;
			// Only backwards, so that it comes to an end, and only so often, so that the end is near.
			if (target >= limit || ++jumps > maxJumps) throw new RangeError('a name points in circles or forwards');
			here = target;
			limit = target;
			continue;
		}
		if (size > 63) throw new RangeError('a name has a label of an unknown kind');
		if (here + 1 + size > bytes.length) throw new RangeError('it ends within a name');
		length += size + 1;
		if (length > 254) throw new RangeError('a name is longer than 255 bytes');
		text += `${escapeLabel(bytes.toString('latin1', here + 1, here + 1 + size))}.`;
		here += size + 1;
	}
}

/** Text in quotes, as zone files write it. */
export function quoteText(text: string): string {
	return `"${text.replace(/["\\]|[^ -~]/g, escapeCharacter)}"`;
}

const maxJumps = 64;

function escapeLabel(label: string): string {
	return /^[\w-]+$/.test(label) ? label : label.replace(/[.\s'@;()"\\]|[^!-~]/g, escapeCharacter);
}

function escapeCharacter(character: string): string {
	const code = character.charCodeAt(0);
	return code >= 0x20 && code < 0x7f ? `\\${character}` : `\\${String(code).padStart(3, '0')}`;
}
