import test from 'ava';
import {parseConfig} from '../../src/config/load.ts';
import {describeConfig} from '../../src/lab/config.ts';
import type {LabFacts} from '../../src/lab/messages.ts';

const facts: LabFacts = {
	headscaleUrl: 'http://127.0.0.1:50481',
	headscaleMetricsUrl: 'http://127.0.0.1:50480/metrics',
	servicePorts: {orchestrator: 8080, auth: 8443, livekit: 7880, tts: 8000, stt: 8001},
	dnsServer: '127.0.0.1:5300',
	derpUrl: 'http://127.0.0.1:3340',
	stunServer: '127.0.0.1:3478',
	tailscaledSocket: '/tmp/lab "x"/tailscaled.sock',
	agentPort: 9754,
	vastUrl: 'http://127.0.0.1:2770',
	vastKeyFile: '/run/lab/vast-key',
	agentSecretFile: '/run/lab/agent-secret',
	caFile: new URL('../fixtures/tls/ca.pem', import.meta.url).pathname,
	publicPort: 40_111,
	apiKeyFile: '/tmp/lab "x"/key',
};

test('the daemon can read it', t => {
	const loaded = parseConfig(describeConfig(facts), 'lab', {allowLoopback: true});

	t.true(loaded.ok, JSON.stringify(loaded));
	if (!loaded.ok) return;
	t.deepEqual(
		loaded.config.checks.map(check => [check.name, check.type, check.intervalMs, check.timeoutMs]),
		[
			['tunnel', 'tunnel', 5000, 2000],
			['orchestrator', 'http', 5000, 2000],
			['auth', 'http', 5000, 2000],
			['livekit', 'http', 5000, 2000],
			['orchestrator-port', 'tcp', 5000, 2000],
			['livekit-signal', 'ws', 5000, 2000],
			['magicdns', 'dns', 5000, 2000],
			['derp', 'derp', 5000, 2000],
			['stun', 'stun', 5000, 2000],
			['tts', 'http', 5000, 2000],
			['stt', 'http', 5000, 2000],
			['exposed', 'http', 5000, 2000],
			['webhook', 'http', 5000, 2000],
			['audio', 'http', 5000, 2000],
			['gpu-tunnel', 'tunnel', 5000, 2000],
			['gpu', 'gpu', 10_000, 3000],
		],
	);
	t.deepEqual(loaded.config.tailnet.prefixes, ['127.77.0.0/16']);
	t.is(loaded.config.tailnet.dnsServer, '127.0.0.1:5300');
	t.like(loaded.config.vantages[0], {type: 'local', tailscaledSocket: facts.tailscaledSocket});
	t.like(loaded.config.headscale, {intervalMs: 5000, timeoutMs: 2000});
});

test('a port that was taken elsewhere is said', t => {
	const moved = describeConfig({...facts, servicePorts: {...facts.servicePorts, orchestrator: 40_123}});

	t.regex(moved, /^# orchestrator would be on port 8080; here it is on 40123\.$/m);
	t.regex(moved, /"http:\/\/june-orchestrator:40123\/healthz"/);
	t.notRegex(describeConfig(facts), /would be/);
});
