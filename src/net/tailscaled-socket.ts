/** What it means when the socket of a tailscaled cannot be used, for whoever asks it: the measuring thread and the main one. */

/** Behind a refusal of tailscaled itself. */
export const rightsHint = 'run the prober as root, or as the user that tailscaled runs as';

/** The sentence, without its full stop, for the code of an error of the system; undefined where the code says nothing about the socket. */
export function explainSocket(socketPath: string, code: string): string | undefined {
	return Object.hasOwn(hints, code) ? `tailscaled's socket ${socketPath} cannot be used: ${hints[code]}` : undefined;
}

const hints: Readonly<Record<string, string>> = {
	ENOENT: 'it does not exist: start tailscaled, or share the directory of its socket with this container',
	ECONNREFUSED: 'nobody listens there: tailscaled ended without removing it',
	EACCES: `this process may not use it: ${rightsHint}`,
	EPERM: `this process may not use it: ${rightsHint}`,
	ENOTSOCK: 'it is no socket',
	ENOTDIR: 'its path leads through a file',
	EAGAIN: 'it takes no more connections: tailscaled hangs',
};
