/** What the OpenSSH client says when it comes to nothing. Pure. */

import {oneLine} from '../util/errors.ts';
import type {ShellRun} from './shell-transport.ts';

/** Status 255 is the client's own. `place`: whom it was to reach, for the sentence. */
export function refusalOfSsh(stderr: string, place: string): ShellRun & {kind: 'refused'} {
	const found = kinds.find(([pattern]) => pattern.test(stderr));
	const lines = stderr
		.split('\n')
		.map(line => line.trim())
		.filter(line => /[a-z]/i.test(line) && !/^@|^(?:debug|mux_client|ControlSocket)/.test(line));
	const words = oneLine(lines.at(-1) ?? 'it said nothing', 200);
	if (!found) return {kind: 'refused', reason: 'vantage', detail: `ssh to ${place} failed: ${words}`};
	const [, reason, sentence] = found;
	return {kind: 'refused', reason, detail: sentence(place, words)};
}

type Kind = readonly [RegExp, 'unsupported' | 'denied' | 'vantage', (place: string, words: string) => string];

const kinds: readonly Kind[] = [
	[
		/HOST IDENTIFICATION HAS CHANGED|differs from the key for the IP/i,
		'vantage',
		place =>
			`The host key of ${place} changed: another machine answers there, or it was set up anew. Look which, and put its key into known_hosts_file.`,
	],
	[
		/host key is known for|Host key verification failed/i,
		'vantage',
		place => `The host key of ${place} is not in known_hosts_file: put it there, as ssh-keyscan prints it.`,
	],
	[
		/Permission denied|Too many authentication failures/i,
		'denied',
		(place, words) => `${place} lets us not in (${words}): check user and identity_file, and the key's rights (0600).`,
	],
	[
		/no matching (?:host key type|key exchange|cipher|mac)/i,
		'unsupported',
		(place, words) => `ssh and ${place} have no method in common: ${words}`,
	],
];
