import test from 'ava';
import {mistakesIn} from '../helpers/configs.ts';

function aim(prober: string, target: string, more = '', options = {}): string[] {
	const check = `{name: c, prober: ${prober}, targets: [{name: t, target: ${JSON.stringify(target)}}]${more}}`;
	return mistakesIn(`checks: [${check}]`, options);
}

const direct = ', via: direct';

test('a target that is never dialled is a mistake, with what to do', t => {
	for (const [prober, target] of [
		['http', 'http://127.0.0.1/'],
		['http', 'http://localhost:8080/'],
		['http', 'http://LOCALHOST./'],
		['tcp', '[::1]:22'],
		['tcp', 'x.localhost:22'],
		['stun', '127.0.0.1:3478'],
		['dns', 'dns://127.0.0.53/x.example'],
	] as const)
		t.regex(aim(prober, target, direct).join(), /^checks\[0\]\.targets\[0\]: .*loopback.*never dialled/, target);
	t.regex(
		aim('http', 'http://169.254.169.254/latest', direct).join(),
		/metadata address.*never dialled.*as other machines/,
	);
	t.regex(aim('icmp', 'fe80::1', direct).join(), /link-local/);
	t.regex(aim('tcp', '0.0.0.0:1', direct).join(), /unspecified/);
	t.deepEqual(aim('http', 'http://192.168.0.7/', direct), []);
	t.deepEqual(aim('http', 'http://localhost.example.com/', direct), []);
});

test('the embedded lab may aim at loopback, and only there', t => {
	t.deepEqual(aim('http', 'http://127.0.0.1/', direct, {allowLoopback: true}), []);
	t.deepEqual(aim('http', 'http://localhost/', direct, {allowLoopback: true}), []);
	t.regex(aim('http', 'http://169.254.169.254/', direct, {allowLoopback: true}).join(), /metadata/);
});

test('a pattern for nodes is judged as targets are', t => {
	const headscale = 'headscale: {url: "https://h.example", api_key: {env: K}}';

	t.regex(
		mistakesIn(`${headscale}\nchecks: [{name: c, prober: http, nodes: {}, target: "http://127.0.0.1/{node}"}]`).join(),
		/^checks\[0\]\.target: .*loopback/,
	);
});

test('MagicDNS is a target of dns over the tailnet, and of nothing else', t => {
	t.deepEqual(aim('dns', 'dns://100.100.100.100/june', ', via: tailnet'), []);
	t.regex(aim('dns', 'dns://100.100.100.100/june', direct).join(), /asked with via: tailnet/);
	t.regex(aim('tcp', '100.100.100.100:53', ', via: tailnet').join(), /never dialled/);
});

test('nodes that nobody can list are a mistake that names the key; one that is there and wrong is the only mistake', t => {
	const check = 'checks: [{name: c, prober: tunnel, nodes: {}}]';

	const bare = mistakesIn(`headscale: {url: "https://h.example"}\n${check}`);
	t.is(bare.length, 1);
	t.regex(bare[0] ?? '', /^checks\[0\]\.nodes: .*set headscale\.api_key to \{file: PATH\}.*or headscale\.cli$/);
	for (const wrong of ['api_key: hskey', 'cli: {command: []}', 'cli: {command: [""]}']) {
		const mistakes = mistakesIn(`headscale: {url: "https://h.example", ${wrong}}\n${check}`);
		t.is(mistakes.length, 1, mistakes.join('\n'));
		t.regex(mistakes[0] ?? '', /^headscale\./);
	}
	t.deepEqual(mistakesIn(`headscale: {url: "https://h.example", api_key: {env: K}}\n${check}`), []);
	t.deepEqual(mistakesIn(`headscale: {url: "https://h.example", cli: {command: [headscale]}}\n${check}`), []);
});

test('without tailscaled a short name needs the domain of the tailnet, and there are no tunnels', t => {
	const blind = 'vantages: [{name: here, type: local, tailscaled: false}]\n';
	const over = (target: string, prober = 'http', rest = '') =>
		mistakesIn(
			`${blind}${rest}checks: [{name: c, prober: ${prober}, via: tailnet, targets: [{name: t, target: "${target}"}]}]`,
		);

	t.regex(over('http://june/').join(), /^checks\[0\]\.targets\[0\]: the short name june .*set tailnet\.domain/);
	t.deepEqual(over('http://june.tail.example/'), []);
	t.deepEqual(over('http://june./'), []);
	t.deepEqual(over('http://100.64.0.7/'), []);
	t.deepEqual(over('http://june/', 'http', 'tailnet: {domain: tail.example}\n'), []);
	t.regex(over('june', 'tunnel').join(), /^checks\[0\]\.prober: .*vantage here has none/);
	t.is(over('http://june/', 'http', 'tailnet: {domain: "a b"}\n').length, 1);
});

test('options that judge an answer are a mistake where any answer is down', t => {
	const shut = (prober: string, target: string, block: string) =>
		aim(prober, target, `, via: direct, expect: unreachable, ${prober}: ${block}`);

	for (const [prober, target, block, key] of [
		['http', 'http://x.example/', '{valid_status_codes: [200]}', 'valid_status_codes'],
		['http', 'http://x.example/', '{fail_if_body_matches_regexp: [a]}', 'fail_if_body_matches_regexp'],
		['tcp', 'x.example:1', '{query_response: [{expect: a}]}', 'query_response'],
		['ws', 'ws://x.example/', '{expect: a}', 'expect'],
		['tls', 'x.example:443', '{min_remaining: 14d}', 'min_remaining'],
		['dns', 'dns://192.0.2.1/x', '{valid_rcodes: [NXDOMAIN]}', 'valid_rcodes'],
		['icmp', 'x.example', '{max_loss: 0.5}', 'max_loss'],
	] as const)
		t.regex(
			shut(prober, target, block).join(),
			new RegExp(`^checks\\[0\\]\\.${prober}\\.${key}: .*so ${key} has no effect$`),
		);
	t.deepEqual(shut('http', 'http://x.example/', '{method: HEAD, preferred_ip_protocol: ip6}'), []);
	t.deepEqual(shut('tcp', 'x.example:1', '{}'), []);
});
