/** What was said over a connection, kept so that a server that says it again does not make us show it: it may be a password. */

export class Sent {
	/** Of what was sent so far, in small letters: each run of three characters without a blank, and words of two. */
	#runs = new Set<string>();
	/** What was sent and is not in `#runs` yet: most runs show no line that came afterwards. */
	#fresh: string[] = [];
	#characters = 0;

	add(text: string): void {
		this.#characters += text.length;
		if (this.#characters <= maxCharacters) this.#fresh.push(text);
		else this.#fresh = [];
	}

	/**
	 * The beginning of a line that just came, to be asked for when it is to be shown: every word that has a run of what was sent by then
	 * is `…`. As it is where nothing was sent before it.
	 */
	shown(line: string): () => string {
		const beginning = line.slice(0, 400);
		return this.#characters === 0 ? () => beginning : () => this.#blank(beginning);
	}

	#blank(text: string): string {
		// Nobody knows any more what was sent.
		if (this.#characters > maxCharacters) return '…';
		for (const sent of this.#fresh.splice(0)) {
			for (const word of wordsOf(sent)) for (const run of runsOf(word)) this.#runs.add(run);
		}
		return text.replace(words, word => (this.#tells(word.toLowerCase()) ? '…' : word));
	}

	#tells(word: string): boolean {
		for (const run of runsOf(word)) if (this.#runs.has(run)) return true;
		for (let at = 0; at + 2 <= word.length; at++) if (this.#runs.has(word.slice(at, at + 2))) return true;
		return false;
	}
}

/** More is not remembered: going through it would hold up the other probes. */
const maxCharacters = 262_144;
const words = /\S+/g;

function wordsOf(text: string): string[] {
	return text.toLowerCase().match(words) ?? [];
}

function* runsOf(word: string): Generator<string> {
	if (word.length === 2) yield word;
	for (let at = 0; at + 3 <= word.length; at++) yield word.slice(at, at + 3);
}
