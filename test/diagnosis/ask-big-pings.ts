import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {askBigPings} from '../../src/diagnosis/ask-big-pings.ts';
import {type LocalApiServer, recorded, startLocalApi} from '../helpers/localapi-server.ts';

const address = '100.64.0.3';
const signal = new AbortController().signal;

/** tailscaled, with or without a tunnel device, whose disco pings are answered up to this size. */
async function tailscaled(
	t: ExecutionContext,
	{tun = true, upTo = Number.POSITIVE_INFINITY}: {tun?: boolean; upTo?: number},
): Promise<LocalApiServer> {
	const local: LocalApiServer = await startLocalApi(t, {
		status: {...recorded('status'), TUN: tun},
		ping: () => {
			const size = Number(/size=(\d+)/.exec(local.calls.at(-1) ?? '')?.[1] ?? 0);
			return size > upTo ? 'silent' : recorded('ping-disco-direct');
		},
	});
	return local;
}

/** An fping that is answered up to this payload. */
function fping(t: ExecutionContext, upTo: number): void {
	const directory = mkdtempSync(join(tmpdir(), 'fping-'));
	const path = process.env.PATH;
	const script = `while [ $# -gt 1 ]; do [ "$1" = -b ] && size=$2; shift; done
if [ "$size" -gt ${upTo} ]; then times='- - - -'; else times='0.5 0.6 - 0.4'; fi
echo "$1 : $times" >&2`;
	writeFileSync(join(directory, 'fping'), `#!/bin/sh\n${script}\n`, {mode: 0o755});
	process.env.PATH = `${directory}:${path}`;
	t.teardown(() => {
		process.env.PATH = path;
		rmSync(directory, {recursive: true});
	});
}

test.serial(
	'large echoes that are lost beside small ones that are not are told, and that they were lost on the way back',
	async t => {
		const {socket} = await tailscaled(t, {});
		fping(t, 1000);

		const answer = await askBigPings({socketPath: socket, address, signal});

		t.deepEqual(answer, {bytes: 1280, sent: 4, answered: 0, by: 'icmp', reached: true});
	},
);

test.serial('what is lost on the way there does not reach the peer', async t => {
	const {socket} = await tailscaled(t, {upTo: 1000});
	fping(t, 1000);

	const answer = await askBigPings({socketPath: socket, address, signal});

	t.deepEqual(answer, {bytes: 1280, sent: 4, answered: 0, by: 'icmp', reached: false});
});

test.serial('the largest packet of the tunnel is asked for: 1252 bytes and two headers', async t => {
	const {socket, calls} = await tailscaled(t, {});
	fping(t, 1252);

	const answer = await askBigPings({socketPath: socket, address, signal});

	t.deepEqual(answer, {bytes: 1280, sent: 4, answered: 3, by: 'icmp', reached: true});
	t.is(calls.filter(call => call.endsWith(`ping?ip=${address}&type=disco&size=1340`)).length, 4);
});

test.serial('without a tunnel device disco tells of the way there', async t => {
	const {socket} = await tailscaled(t, {tun: false, upTo: 1000});
	fping(t, 0);

	const answer = await askBigPings({socketPath: socket, address, signal});

	t.deepEqual(answer, {bytes: 1280, sent: 4, answered: 0, by: 'disco', reached: false});
});

test.serial('a peer that answers no echo at all is judged by disco', async t => {
	const {socket} = await tailscaled(t, {});
	fping(t, 0);

	const answer = await askBigPings({socketPath: socket, address, signal});

	t.deepEqual(answer, {bytes: 1280, sent: 4, answered: 4, by: 'disco', reached: true});
});

test.serial('where small pings are lost too the size tells nothing', async t => {
	const {socket} = await tailscaled(t, {upTo: -1});
	fping(t, 0);

	t.is(await askBigPings({socketPath: socket, address, signal}), undefined);
});

test('a tailscaled that is gone, and what is no address, are no answer', async t => {
	t.is(
		await askBigPings({socketPath: '/nonexistent/tailscaled.sock', address, signal: AbortSignal.abort()}),
		undefined,
	);
	t.is(await askBigPings({socketPath: '/nonexistent/tailscaled.sock', address: '-f/etc', signal}), undefined);
});
