/**
 * A program of its own that ssh starts: carries its connection through tailscaled's SOCKS5 proxy. Arguments: the proxy as
 * `address:port`, the literal address, the port.
 */

import {pipeline} from 'node:stream/promises';
import {parseAddress} from '../net/guard.ts';
import {dialThroughSocks5} from '../net/socks5.ts';
import {messageOf} from '../util/errors.ts';

const [, , proxy = '', host = '', port = ''] = process.argv;

try {
	const to = parseAddress(host);
	if (!to || !/^\d{1,5}$/.test(port)) throw new TypeError('expected PROXY ADDRESS PORT');
	const socket = await dialThroughSocks5(proxy, to, Number(port), AbortSignal.timeout(30_000));
	socket.setNoDelay(true);
	await Promise.race([pipeline(process.stdin, socket), pipeline(socket, process.stdout)]);
	process.exit(0);
} catch (error) {
	process.stderr.write(`${messageOf(error)}\n`);
	process.exit(1);
}
