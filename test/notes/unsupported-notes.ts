import test from 'ava';
import type {UnknownReason} from '../../src/engine/types.ts';
import type {CheckView} from '../../src/server/types.ts';
import {anOutcome, someTime} from '../helpers/fake-daemon.ts';
import {readPage as read, view} from '../helpers/status-page.ts';

function blind(name: string, target: string, reason: UnknownReason, detail: string): CheckView {
	return view(name, target, {
		verdict: 'unknown',
		unknownSince: {ms: someTime, atLeast: false},
		last: anOutcome({verdict: 'unknown', reason, detail, startedAt: someTime}),
		strip: [],
	});
}

const noTunnel = 'The tailscaled here has no tunnel device, so';

test('what cannot run where it is asked to is one mild note for each vantage and reason, and nothing wrong', t => {
	const checks = [
		view('up', 'x'),
		blind('ping', 'a', 'unsupported', `${noTunnel} ICMP cannot enter the tailnet.`),
		blind('ping', 'b', 'unsupported', `${noTunnel} ICMP cannot enter the tailnet.`),
		blind('magicdns', 'b', 'unsupported', `${noTunnel} UDP cannot enter the tailnet.`),
		blind('icmp', 'c', 'unsupported', 'fping is not installed'),
	];

	const text = read({checks: () => checks});

	t.regex(text, /^ tailprobe 1 up, 4 cannot run 1 up 4 cannot run .* Nothing is wrong\./);
	t.regex(
		text,
		/Worth knowing minor checks 3 checks cannot run from cluster \(ping, magicdns\): its tailscaled has no tunnel device, .* checks 1 check cannot run from cluster \(icmp\): fping is not installed\. more/,
	);
	t.notRegex(text, /Incidents/);
});

test('what could run within the last hour and cannot any more is no mild note', t => {
	const gone = {...blind('ping', 'a', 'unsupported', `${noTunnel} no`), strip: [{up: 1, down: 0, unknown: 3}]};

	t.regex(
		read({checks: () => [gone]}),
		/^ tailprobe 0 up, 1 cannot run, 1 note .*though they did within the last hour/,
	);
});
