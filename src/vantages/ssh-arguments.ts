/** How the OpenSSH client is called: nothing of our user's settings, nothing forwarded, one connection for all. Pure. */

import {shellQuote} from '../shell/quote.ts';

export interface SshAim {
	/** Name or literal address. */
	host: string;
	port: number;
	user: string;
	identityFile?: string;
	knownHostsFile: string;
	/** Path of the socket that its processes share. */
	controlPath: string;
	/** Program and arguments that carry the connection; absent: ssh connects itself. */
	proxy?: readonly string[];
}

/** What makes these values unfit for a command line, as a sentence. */
export function faultOfSsh({host, user, identityFile = '', knownHostsFile, controlPath}: SshAim): string | undefined {
	if (!/^[A-Za-z0-9:][A-Za-z0-9._:-]{0,252}$/.test(host))
		return `"${host.slice(0, 60)}" is neither a host name nor an address`;
	if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(user)) return `"${user.slice(0, 60)}" is not the name of a user`;
	const odd = [identityFile, knownHostsFile, controlPath].find(path => /["\u0000-\u001f\u007f]/.test(path));
	return odd === undefined ? undefined : 'a path of this way has a quote or a control character in it';
}

/** The arguments before what is to be run there. */
export function sshArguments(aim: SshAim, connectSeconds: number): string[] {
	const {host, port, user, identityFile, knownHostsFile, controlPath, proxy} = aim;
	const settings: Record<string, string> = {
		BatchMode: 'yes',
		StrictHostKeyChecking: 'yes',
		UserKnownHostsFile: pathValue(knownHostsFile),
		GlobalKnownHostsFile: '/dev/null',
		UpdateHostKeys: 'no',
		CheckHostIP: 'no',
		CanonicalizeHostname: 'no',
		PreferredAuthentications: 'publickey',
		PasswordAuthentication: 'no',
		KbdInteractiveAuthentication: 'no',
		ForwardAgent: 'no',
		ForwardX11: 'no',
		ClearAllForwardings: 'yes',
		PermitLocalCommand: 'no',
		Tunnel: 'no',
		RequestTTY: 'no',
		ConnectionAttempts: '1',
		ConnectTimeout: String(Math.max(1, Math.floor(connectSeconds))),
		ServerAliveInterval: '5',
		ServerAliveCountMax: '2',
		LogLevel: 'ERROR',
		ControlMaster: 'auto',
		ControlPath: pathValue(controlPath),
		// It outlives the pause between two rounds, and us by no more than this.
		ControlPersist: '90',
		...(identityFile === undefined
			? {}
			: {IdentityFile: pathValue(identityFile), IdentitiesOnly: 'yes', IdentityAgent: 'none'}),
		// ssh has a shell run it, and reads percent signs first.
		...(proxy === undefined ? {} : {ProxyCommand: proxy.map(shellQuote).join(' ').replaceAll('%', '%%')}),
	};
	const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
	return ['-F', '/dev/null', '-T', '-x', '-a', '-p', String(port), '-l', user, ...options, '--', host];
}

/** ssh splits values at blanks and replaces percent signs. */
function pathValue(path: string): string {
	return `"${path.replaceAll('%', '%%')}"`;
}
