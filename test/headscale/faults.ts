import test from 'ava';
import {rememberAnswers} from '../../src/headscale/answered.ts';
import {explainFault, explainTimeout} from '../../src/headscale/faults.ts';

const url = new URL('https://hs.example');
const fault = (code: string) => Object.assign(new Error('x'), {code});
const explain = (code: string, until?: string) => explainFault(fault(code), url, 'headscale.url', until);

test('an address that never answered may be the wrong one', t => {
	t.is(explain('ECONNREFUSED'), 'nothing listens there (ECONNREFUSED). Is headscale.url right?');
	t.is(explain('ENOTFOUND'), 'its name cannot be resolved (ENOTFOUND). Is headscale.url right?');
	t.regex(explainTimeout('GET x', 5000, {stage: 'connecting', status: 0, bytes: 0}), /Is the address right/);
});

test('one that answered before is the right one', t => {
	const until = '19:22:41 UTC';

	t.is(
		explain('EHOSTUNREACH', until),
		'there is no way there (EHOSTUNREACH). It answered until 19:22:41 UTC: headscale or its machine is stopped, or a firewall closed the way.',
	);
	t.regex(explain('ENOTFOUND', until), /It answered until 19:22:41 UTC: see whether its name is still in DNS/);
	t.is(
		explainTimeout('GET x', 5000, {stage: 'connecting', status: 0, bytes: 0}, until),
		'GET x: no connection within 5 s. It answered until 19:22:41 UTC: headscale or its machine is stopped, or a firewall closed the way.',
	);
});

test('a bad certificate is told as such, whatever was before', t => {
	t.is(explain('CERT_HAS_EXPIRED', '19:22:41 UTC'), 'its TLS certificate has expired (CERT_HAS_EXPIRED): renew it.');
});

test('answers are remembered by address, with the day when it is another one', t => {
	let now = Date.UTC(2026, 10, 22, 19, 22, 41);
	const answered = rememberAnswers(() => now);

	answered.note(new URL('https://hs.example/health'));

	t.is(answered.until(new URL('https://hs.example/api/v1/node')), '19:22:41 UTC');
	t.is(answered.until(new URL('http://hs.example:9090/metrics')), undefined);
	now += 86_400_000;
	t.is(answered.until(url), '2026-11-22 19:22:41 UTC');
});

test('metrics that nobody answers for may listen on loopback, as is the default', t => {
	const metrics = new URL('http://headscale.headscale:50480/metrics');
	const about = {url: metrics, setting: 'headscale.metrics_url'};
	const advice = /set its metrics_listen_addr to 0\.0\.0\.0:50480, and in Kubernetes have a Service with that port\.$/;

	t.regex(explainFault(fault('ECONNREFUSED'), metrics, 'headscale.metrics_url', undefined), advice);
	t.regex(explainTimeout('GET x', 5000, {stage: 'connecting', status: 0, bytes: 0}, undefined, about), advice);
	t.notRegex(explainFault(fault('ECONNREFUSED'), metrics, 'headscale.metrics_url', '10:00'), /metrics_listen_addr/);
	t.notRegex(explain('ECONNREFUSED'), /metrics_listen_addr/);
});
