import test from 'ava';
import type {Check, DownReason, UnknownReason} from '../../../src/engine/types.ts';
import type {CheckView} from '../../../src/server/types.ts';
import {aCheck, anOutcome, aReading, aVantage, someTime} from '../../helpers/fake-daemon.ts';
import {nowMs, readPage as read, view} from '../../helpers/status-page.ts';

/** A check of a node, or of any other host where `peer` is ''. */
function failing(
	name: string,
	peer: string,
	{reason = 'refused', ...part}: Partial<Check> & {reason?: DownReason} = {},
	told: Partial<CheckView> = {},
): CheckView {
	const target = {name: peer || name, address: `${peer || name}:80`, via: 'tailnet', peer} as const;
	const check = aCheck({key: `${name}/${peer}`, name, type: 'tcp', target, ...part});
	const last = anOutcome({verdict: 'down', reason, detail: `${check.target.address} failed`, reading: aReading()});
	return {check, ran: true, verdict: 'down', confirmed: true, downSince: someTime, last, strip: [], ...told};
}

function tunnel(peer: string): CheckView {
	const target = {name: peer, address: peer, via: 'tailnet', peer} as const;
	return view('tunnel', peer, {check: aCheck({key: `tunnel/${peer}`, name: 'tunnel', type: 'tunnel', target})});
}

function blind(name: string, target: string, reason: UnknownReason, detail: string): CheckView {
	return view(name, target, {
		verdict: 'unknown',
		unknownSince: {ms: someTime, atLeast: false},
		last: anOutcome({verdict: 'unknown', reason, detail, startedAt: someTime}),
		strip: [],
	});
}

const noTunnel = 'The tailscaled here has no tunnel device, so';

test('what silently fails on one node whose tunnel is up is one card with the checks inside', t => {
	const old = failing('redis', 'orc', {}, {downSince: someTime - 600_000});
	const checks = [
		tunnel('orc'),
		failing('http', 'orc'),
		failing('ws', 'orc', {reason: 'timeout'}),
		old,
		failing('cert', 'orc', {reason: 'tls'}),
	];

	const text = read({checks: () => checks});

	t.regex(
		text,
		/down orc 3 checks down, its tunnel is up .*from cluster refused orc:80 failed\. http orc \(refused\), ws orc \(timeout\), redis orc \(refused, already since 22:03:20 UTC \)\. down since 22:13:20 UTC \(1 min\)/,
	);
	t.regex(text, /down cert orc from cluster tls /);
});

test('one silent check, checks of several nodes, and a port that must be closed are told one by one', t => {
	const checks = [
		failing('a', 'x'),
		failing('b', 'y'),
		failing('c', 'y', {expect: 'unreachable'}),
		failing('d', ''),
		failing('e', ''),
	];

	t.notRegex(read({checks: () => checks}), /checks down/);
});

test('MagicDNS that does not answer is one card for each vantage, whichever node was asked for', t => {
	const dns = (node: string, address: string, reason: DownReason = 'unreachable', type = 'dns') =>
		failing('magicdns', node, {reason, type, key: node, target: {name: node, address, via: 'tailnet', peer: node}});
	const there = 'dns://100.100.100.100/';
	const checks = [
		tunnel('a'),
		dns('a', `${there}a`),
		dns('b', `${there}b`),
		dns('c', 'dns://127.0.0.1:5353/c', 'timeout'),
		dns('d', 'dns://127.0.0.1/d'),
		dns('nobody', `${there}nobody`, 'status'),
	];

	const text = read({checks: () => checks, landmarks: () => ({headscale: [], dnsServer: '127.0.0.1:5353'})});

	t.regex(
		text,
		/down MagicDNS of this machine does not answer \(3 checks\) from cluster unreachable dns:.*magicdns a \(unreachable\), magicdns b \(unreachable\), magicdns c \(timeout\)/,
	);
	t.regex(text, /down magicdns d from/);
	t.regex(text, /down magicdns nobody from/);
});

test('a card is as old as its cause: what was down before for another reason tells of that, and makes it no older', t => {
	const early = {downSince: someTime - 59_000, reasonSince: someTime};
	const earlier = {downSince: someTime - 600_000, reasonSince: someTime + 1000};
	const checks = [failing('http', 'orc'), failing('ws', 'orc', {}, early), failing('redis', 'orc', {}, earlier)];

	t.regex(
		read({checks: () => checks}),
		/down orc 3 checks down .* http orc , ws orc , redis orc \(down for another reason since 22:03:20 UTC \)\. down since 22:13:20 UTC \(1 min\)/,
	);
});

test('checks of the hosts of headscale fail behind it, by its name or the address of that, while it is out', t => {
	const of = (name: string, address: string, dialled: string, part: Partial<Check> = {}) => {
		const made = failing(name, '', {target: {name, address, via: 'direct', peer: ''}, ...part});
		const reading = aReading({facts: {address: dialled}});
		return {...made, last: {...made.last, reading}} as CheckView;
	};
	const checks = [
		of('derp', 'https://headscale.lab', '10.77.0.2'),
		of('stun', '10.77.0.2:3478', '10.77.0.2'),
		of('site', 'https://other.lab', '10.77.0.9'),
		...['a', 'b'].map(name => {
			const target = {name, address: `dns://10.77.0.2/${name}`, via: 'tailnet', peer: ''} as const;
			return of('magicdns', '', '10.77.0.2', {key: name, type: 'dns', target});
		}),
		of('closed', 'headscale.lab:50443', '10.77.0.2', {expect: 'unreachable'}),
	];
	const landmarks = () => ({headscale: ['headscale.lab'], dnsServer: '10.77.0.2'});
	const out = {ok: false, detail: 'Nothing listens there.', failingSince: someTime};
	const page = (name: string) => read({checks: () => checks, landmarks, sources: () => [{name, ...out}]});

	t.regex(
		page('headscale-health'),
		/Wrong now failing source headscale-health Nothing listens there\. Also down behind it: derp derp \(refused\), stun stun \(refused\)\. failing since .* MagicDNS of this machine does not answer \(2 checks\) .* down closed .* down site/,
	);
	t.notRegex(page('headscale-metrics'), /behind it/);
});

test('unknown checks with the same reason and sentence but for the target are one card, counted in the headline', t => {
	const socks = 'The proxy at 127.0.0.1:1055 cannot be used';
	const checks = [
		blind('web', 'a', 'vantage', `GET a: ${socks}`),
		blind('web', 'b', 'vantage', `GET b: ${socks}`),
		blind('web', 'c', 'vantage', 'tailscaled hangs'),
		failing('x', ''),
	];

	const text = read({checks: () => checks});

	t.regex(text, /^ tailprobe 1 down · 3 unknown /);
	t.regex(
		text,
		/unknown 2 checks unknown for one reason from cluster vantage GET a: .* web a , web b \. unknown since 22:13:20 UTC \(1 min\)/,
	);
	t.regex(text, /unknown web c from cluster/);
});

test('what was down before nobody could look keeps that, alone and among others', t => {
	const sick = 'Our own tailscaled was stopped';
	const known = {downSince: someTime - 10_000, downReason: 'timeout'} as const;
	const gone = {...blind('tts', 'a', 'vantage', sick), ...known, confirmed: true};
	const page = (...checks: CheckView[]) => read({checks: () => checks});

	t.regex(
		page(gone, blind('web', 'b', 'vantage', sick)),
		/2 checks unknown for one reason .* tts a \(was down since 22:13:10 UTC \(1 min\), timeout\), web b \. unknown since 22:13:20 UTC \(1 min\) · looked at again within 15 s/,
	);
	t.regex(
		page(gone),
		/unknown tts a from cluster vantage .* unknown since 22:13:20 UTC \(1 min\) · was down since 22:13:10 UTC \(1 min\), timeout · looked at again within 15 s · history/,
	);
});

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
		/Worth knowing checks 3 checks cannot run from cluster \(ping, magicdns\): its tailscaled has no tunnel device, .* checks 1 check cannot run from cluster \(icmp\): fping is not installed\. more/,
	);
	t.notRegex(text, /Wrong now/);
});

test('what could run within the last hour and cannot any more is no mild note', t => {
	const gone = {...blind('ping', 'a', 'unsupported', `${noTunnel} no`), strip: [{up: 1, down: 0, unknown: 3}]};

	t.regex(
		read({checks: () => [gone]}),
		/^ tailprobe 0 up, 1 cannot run, 1 note .*though they did within the last hour/,
	);
});

test('the newest incident comes first, and of one incident what reaches furthest', t => {
	const at = (secondsAgo: number) => ({downSince: nowMs - secondsAgo * 1000});
	const checks = [
		failing('new', '', {}, {...at(3), confirmed: false}),
		failing('a', 'orc', {}, at(20)),
		failing('b', 'orc', {}, at(25)),
		failing('old', '', {}, at(3600)),
	];
	const vantages = [aVantage(), aVantage({name: 'z', condition: 'gone'})];

	const text = read({checks: () => checks, vantages: () => vantages});

	t.regex(
		text,
		/Wrong now down orc 2 checks down .* down new new from cluster first seen 3 s ago, not confirmed yet .* down old old from .* vantage z is gone/,
	);
});
