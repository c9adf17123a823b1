/** What the real parts need of a machine. */

import {existsSync} from 'node:fs';
import {execa} from 'execa';

const commands = [
	'ip',
	'iptables',
	'setpriv',
	'openssl',
	'curl',
	'fping',
	'promtool',
	'prometheus',
	'prometheus-alertmanager',
	'go',
	'ssh',
	'sshd',
];

/** What is missing here, as a sentence; undefined when everything is there. */
export async function whatIsMissing(): Promise<string | undefined> {
	if (process.platform !== 'linux') return 'System tests need Linux: network namespaces are made for them.';
	if (process.getuid?.() !== 0) return 'System tests need root: they make network namespaces and tunnel devices.';
	if (!existsSync('/dev/net/tun')) return 'System tests need /dev/net/tun.';
	const found = await Promise.all(commands.map(command => execa('which', [command], {reject: false})));
	const missing = commands.filter((_, index) => found[index]?.failed);
	return missing.length > 0 ? `System tests need the commands ${missing.join(', ')}.` : undefined;
}
