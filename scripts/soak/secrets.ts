/** Made-up secrets, planted in a configuration and looked for wherever they must not come out. */

import {writeFileSync} from 'node:fs';
import {join} from 'node:path';

export interface Secret {
	name: string;
	value: string;
	/** The file that it was written to. */
	file: string;
}

/** Each is like no other text there is. */
export function plantSecrets(names: readonly string[], folder: string, draw: () => number): Secret[] {
	return names.map(name => {
		const value = `planted${Array.from({length: 24}, () => 'abcdefghijkmnpqrstuvwxyz23456789'[Math.floor(draw() * 32)]).join('')}`;
		const file = join(folder, `secret-${name}`);
		writeFileSync(file, `${value}\n`, {mode: 0o600});
		return {name, value, file};
	});
}

/** Names of the secrets that the text holds, plain or in base64, at whatever place of a group of three it began. */
export function findSecrets(text: string, secrets: readonly Secret[]): string[] {
	return secrets.filter(({value}) => spellings(value).some(spelling => text.includes(spelling))).map(({name}) => name);
}

function spellings(value: string): string[] {
	const inBase64 = [0, 1, 2].map(before => {
		const encoded = Buffer.from('\0'.repeat(before) + value).toString('base64');
		// Without what its neighbours decide.
		return encoded.slice(before === 0 ? 0 : before + 1, -4);
	});
	return [value, encodeURIComponent(value), Buffer.from(value).toString('hex'), ...inBase64];
}
