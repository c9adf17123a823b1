import {readFileSync} from 'node:fs';
import test from 'ava';
import {explainPolicyError, parsePolicy} from '../../src/headscale/policy.ts';

const recorded = (version: string) =>
	JSON.parse(readFileSync(new URL(`../fixtures/headscale/${version}/rest-policy.json`, import.meta.url), 'utf8'));

for (const version of ['0.23.0', '0.26.1', '0.29.2']) {
	test(`headscale ${version}: the recorded policy is there, with its time and without its text`, t => {
		const policy = parsePolicy(recorded(version));

		t.is(policy?.state, 'present');
		t.is(new Date(policy?.updatedMs ?? 0).toISOString().slice(0, 10), '2026-11-22');
		t.deepEqual(Object.keys(policy ?? {}).sort(), ['state', 'updatedMs']);
	});
}

test('a policy in a file has no time: null up to 0.29, the year 1 in 0.30', t => {
	for (const updatedAt of [null, '0001-01-01T00:00:00Z', undefined, 7])
		t.deepEqual(parsePolicy({policy: '{}', updatedAt}), {state: 'present'});
});

test('what has no text is no policy', t => {
	for (const other of [undefined, null, {}, [], {policy: null}, {policy: {}}, {updatedAt: 'x'}])
		t.is(parsePolicy(other), undefined);
});

test('that none is configured is an error to headscale and none to us', t => {
	t.deepEqual(explainPolicyError('loading ACL from database: acl policy not found'), {state: 'none'});
	t.deepEqual(explainPolicyError('reading policy from path "": open : no such file or directory'), {state: 'none'});
});

test('a policy that headscale cannot read is told in its words', t => {
	const words = 'reading policy from path "/etc/headscale/acl.hujson": open: permission denied';

	t.deepEqual(explainPolicyError(words), {state: 'unreadable', detail: words});
});
