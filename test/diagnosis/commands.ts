import test from 'ava';
import {commandOf, preAuthKeysCommand, signInCommand, tailscaleCommand} from '../../src/diagnosis/commands.ts';
import {aWorld} from '../helpers/scenes.ts';

const worldWith = (socket: string) =>
	aWorld([], {
		landmarks: () => ({
			...{headscale: [], headscaleUrl: 'https://headscale.lab', dnsServer: ''},
			tailscaledSockets: {cluster: socket},
		}),
	});
const world = worldWith('/run/other/tailscaled.sock');

test('tailscale is called with the socket of its vantage where that is not the usual one', t => {
	const usual = worldWith('/var/run/tailscale/tailscaled.sock');

	t.is(
		tailscaleCommand({world}, 'cluster', ['status'], '').run,
		'tailscale --socket=/run/other/tailscaled.sock status',
	);
	t.is(tailscaleCommand({world: usual}, 'cluster', ['status'], '').run, 'tailscale status');
	t.is(tailscaleCommand({world}, 'june-gpu-1', ['status'], '').run, 'tailscale status');
});

test('a machine is named in one way, and what is a place already stays', t => {
	t.is(commandOf('june-gpu-1', ['uptime'], '').where, 'on june-gpu-1');
	t.is(tailscaleCommand({world}, '', ['status'], '').where, 'on that machine');
	t.is(commandOf('wherever tailprobe is', ['tailprobe'], '').where, 'wherever tailprobe is');
});

test('signing in again names our own control server, and older headscale wants a user to list keys', t => {
	t.is(
		signInCommand({world}, 'june-gpu-1', '').run,
		'tailscale up --login-server=https://headscale.lab --force-reauth',
	);
	t.like(preAuthKeysCommand({world}, 'Whether one is left.'), {
		run: 'headscale preauthkeys list',
		why: 'Whether one is left. headscale before 0.28 wants “--user USER” as well.',
	});
});
