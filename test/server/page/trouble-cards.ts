import test from 'ava';
import {renderPage} from '../../../src/server/page/page.ts';
import {aCheck, anOutcome, aVantage, fakeDaemon, someTime} from '../../helpers/fake-daemon.ts';
import {downView, nowMs, readPage as read, view} from '../../helpers/status-page.ts';

test('a sick vantage is one card with its checks folded, and sources that fail alike are one too', t => {
	const last = anOutcome({verdict: 'unknown', reason: 'vantage', startedAt: someTime});
	const unknownSince = {ms: someTime, atLeast: false};
	const checks = ['a', 'b', 'c'].map(name => view(name, 'x', {verdict: 'unknown', unknownSince, last}));
	const silent = {ok: false, detail: 'headscale does not answer', lastSuccessAt: someTime};

	const text = read({
		checks: () => checks,
		vantages: () => [aVantage({condition: 'sick', detail: 'tailscaled is stopped: look at its log'})],
		sources: () => [
			{name: 'headscale-nodes', ...silent},
			{name: 'headscale-health', ...silent},
		],
	});

	t.regex(
		text,
		/Wrong now vantage cluster is sick since 22:13:20 UTC \(1 min\): its 3 checks are unknown tailscaled is stopped: look at its log\. 3 unknown checks a x b x c x failing headscale 2 sources fail alike headscale does not answer\. headscale-nodes, headscale-health: last read 1 min ago Checks/,
	);
});

test('a tailscaled that hangs is one fault: the card of its vantage names what cannot be read of it', t => {
	const parts = ['status', 'health'].map((part, at) => ({
		name: `tailscaled-${part}`,
		ok: false,
		detail: `No ${part}`,
		failingSince: nowMs - 60_000 + at,
	}));
	const platform = {tailscaled: [{vantage: 'cluster'}]};

	const sick = read({
		vantages: () => [aVantage({condition: 'sick', detail: 'tailscaled does not answer'})],
		sources: () => parts,
		platform: () => platform,
	});
	const sound = read({sources: () => parts, platform: () => platform});

	t.regex(
		sick,
		/^ tailprobe vantage sick · 1 up .* vantage cluster is sick tailscaled does not answer\. Not read of it either: tailscaled-status, tailscaled-health\. Checks/,
	);
	t.regex(
		sound,
		/failing tailscaled 2 sources fail tailscaled-status No status\. tailscaled-health No health\. failing since 22:13:20 UTC \(1 min\) · tailscaled-status, tailscaled-health: never read/,
	);
});

test('what fails behind a tunnel that is down stands in its card', t => {
	const peer = {name: 'gpu-1', address: 'gpu-1', via: 'tailnet', peer: 'gpu-1'} as const;
	const of = (name: string, type: string, downSince: number) =>
		downView(name, 'gpu-1', downSince, {check: aCheck({key: name, name, type, target: peer})});
	const checks = [of('tunnel', 'tunnel', someTime), of('tts', 'http', someTime), of('stt', 'http', someTime - 120_000)];

	const text = read({checks: () => checks});

	t.regex(text, /^ tailprobe 3 down /);
	t.regex(
		text,
		/down tunnel gpu-1 from cluster refused gpu-1 refused the connection\. Also down behind it: tts gpu-1 \(refused\), stt gpu-1 \(refused, already since 22:11:20 UTC \)\. down since .* history Checks/,
	);
});

test('a failing service says that the tunnel to its node is up', t => {
	const peer = {name: 'gpu-1', address: 'gpu-1', via: 'tailnet', peer: 'gpu-1'} as const;
	const reading = {ok: true, values: {tsmp_seconds: 0.0014, loss_ratio: 1 / 3}, facts: {path: 'direct'}};
	const checks = [
		downView('tts', 'gpu-1', someTime, {check: aCheck({target: peer})}),
		view('tunnel', 'gpu-1', {
			check: aCheck({key: 't', name: 'tunnel', type: 'tunnel', target: peer}),
			last: anOutcome({reading}),
		}),
	];

	t.regex(
		read({checks: () => checks}),
		/The tunnel to this node is up \(1\.40 ms, direct, loses 33 % of the pings\)\./,
	);
});

test('a failing service shows how its answer begins', t => {
	const reading = {ok: false, values: {}, facts: {body_start: '<h1>no room</h1>'}};
	const last = anOutcome({verdict: 'down', reason: 'status', detail: 'It answered 500', reading});

	const page = renderPage(fakeDaemon({checks: () => [downView('a', 'x', someTime, {last})]}), nowMs);

	t.regex(page, /It answered 500\./);
	t.regex(page, /Its answer begins: <q>&#60;h1&#62;no room&#60;\/h1&#62;<\/q>/);
});
