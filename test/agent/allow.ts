import test from 'ava';
import {type AllowRule, defaultRules, refusalOf} from '../../src/agent/allow.ts';
import type {Check, Via} from '../../src/engine/types.ts';
import {findProbe} from '../../src/probes/registry.ts';
import type {Probe} from '../../src/probes/types.ts';
import {aCheck} from '../helpers/checks.ts';

function permits(rules: readonly AllowRule[], type: string, address: string, via: Via, options: unknown = {}): boolean {
	const check: Check = aCheck({type, options, target: {name: 'x', address, via, peer: ''}});
	return refusalOf(check, findProbe(type) as Probe, {rules, files: [], env: []}) === undefined;
}

const direct: AllowRule[] = [
	{via: 'direct', types: ['http', 'tls'], hosts: ['*.example.com'], ports: [{from: 443, to: 443}]},
	{via: 'direct', prefixes: ['192.0.2.0/24'], ports: [{from: 8000, to: 8010}]},
	{via: 'direct', types: ['stun', 'icmp'], hosts: ['headscale.example.com']},
];

const cases: [rules: readonly AllowRule[], type: string, address: string, via: Via, permitted: boolean][] = [
	[defaultRules, 'http', 'http://june-orchestrator:8080/healthz', 'tailnet', true],
	[defaultRules, 'tunnel', '100.64.0.7', 'tailnet', true],
	[defaultRules, 'http', 'http://june-orchestrator:8080/healthz', 'direct', false],
	[defaultRules, 'stun', 'headscale.example.com:3478', 'direct', false],
	[[], 'http', 'http://june-orchestrator:8080/healthz', 'tailnet', false],
	[direct, 'http', 'https://api.example.com/', 'direct', true],
	[direct, 'http', 'https://API.EXAMPLE.COM./', 'direct', true],
	[direct, 'http', 'https://api.example.com:8443/', 'direct', false],
	[direct, 'http', 'http://api.example.com/', 'direct', false],
	[direct, 'http', 'https://example.com/', 'direct', false],
	[direct, 'http', 'https://api.example.com.evil.net/', 'direct', false],
	[direct, 'http', 'https://evil.net/?api.example.com', 'direct', false],
	[direct, 'http', 'https://api.example.com@evil.net/', 'direct', false],
	[direct, 'http', 'https://evil.net\\@api.example.com/', 'direct', false],
	[direct, 'http', 'https://evil.net#.example.com', 'direct', false],
	[direct, 'http', 'https://api.example.com/', 'tailnet', false],
	[direct, 'tcp', 'api.example.com:443', 'direct', false],
	[direct, 'tls', 'api.example.com:443', 'direct', true],
	[direct, 'tcp', '192.0.2.7:8005', 'direct', true],
	[direct, 'tcp', '192.0.2.7:8011', 'direct', false],
	[direct, 'tcp', '192.0.3.7:8005', 'direct', false],
	[direct, 'http', 'http://192.0.2.7:8000/', 'direct', true],
	[direct, 'http', 'http://3221225991:8000/', 'direct', false],
	[direct, 'icmp', '192.0.2.7', 'direct', false],
	[direct, 'icmp', 'headscale.example.com', 'direct', true],
	[direct, 'icmp', '--help', 'direct', false],
	[direct, 'icmp', '-f.example.com', 'direct', false],
	[direct, 'icmp', 'headscale.example.com; id', 'direct', false],
	[direct, 'icmp', '$(id).example.com', 'direct', false],
	[direct, 'stun', 'headscale.example.com:3478', 'direct', true],
	[direct, 'stun', 'headscale.example.com', 'direct', true],
	[direct, 'dns', 'dns://headscale.example.com/name', 'direct', false],
];
for (const [rules, type, address, via, permitted] of cases)
	test(`a ${type} check of ${address} by ${via} is ${permitted ? 'permitted' : 'denied'} by ${rules === direct ? 'rules for direct targets' : `${rules.length} default rules`}`, t => {
		t.is(permits(rules, type, address, via), permitted);
	});

test('whoever may have GPUs looked at cannot have another program run', t => {
	const gpu = (command: string, files: readonly string[] = []) => {
		const check = aCheck({
			type: 'gpu',
			options: {expect: 1, command},
			target: {name: 'x', address: 'self', via: 'direct', peer: ''},
		});
		return refusalOf(check, findProbe('gpu') as Probe, {rules: defaultRules, files, env: []});
	};

	t.is(gpu('nvidia-smi'), undefined);
	t.regex(gpu('/usr/bin/reboot') ?? '', /may not run \/usr\/bin\/reboot/);
	t.regex(gpu('reboot') ?? '', /may not run reboot/);
	t.is(gpu('/usr/lib/wsl/lib/nvidia-smi', ['/usr/lib/wsl/lib/nvidia-smi']), undefined);
});

test('options may name only those variables of the environment that the agent lists', t => {
	const reading = (options: unknown, env: readonly string[] = []) => {
		const target = {name: 'x', address: 'http://june-orchestrator:8080/', via: 'tailnet', peer: ''} as const;
		const check = aCheck({type: 'http', options, target});
		return refusalOf(check, findProbe('http') as Probe, {rules: defaultRules, files: [], env});
	};
	const key = {env: 'CONTAINER_API_KEY'};

	for (const options of [
		{bearer_token: key},
		{basic_auth: {username: 'x', password: key}},
		{http_headers: {'x-key': {secrets: [key]}}},
		{http_headers: {headers: {secrets: [key]}}},
	]) {
		t.regex(reading(options) ?? '', /may not read the environment variable CONTAINER_API_KEY/);
		t.is(reading(options, ['CONTAINER_API_KEY']), undefined);
	}
	t.is(reading({headers: {env: 'production'}}), undefined, 'a header may be called so');
});

test('the sentence of a denial cannot carry lines of its own', t => {
	const check = aCheck({target: {name: 'x', address: 'http://a\nb/', via: 'tailnet', peer: ''}});

	const refusal = refusalOf(check, findProbe('http') as Probe, {rules: defaultRules, files: [], env: []});

	t.is(refusal, 'The agent does not take http://a b/ for a target of a http probe.');
});
