import test from 'ava';
import {readStatus, withoutCommand} from '../../src/kubernetes/exec-status.ts';

const command = ['sh', '-c', 'curl -u user:hunter2 http://x'];

const means = test.macro({
	exec(t, status: object, expected: object) {
		t.like(readStatus(Buffer.from(JSON.stringify(status)), 'june/gpu-1', command), expected);
	},
	title: (title = '') => `${title} is read from the status`,
});
const exit = (message: string) => ({
	status: 'Failure',
	reason: 'NonZeroExitCode',
	message: `command terminated with non-zero exit code: error executing command [${command.join(' ')}], exit code ${message}`,
	details: {causes: [{reason: 'ExitCode', message}]},
});
const failure = (message: string, more: object = {}) => ({
	status: 'Failure',
	reason: 'InternalError',
	code: 500,
	message,
	...more,
});
const kubelet = 'Internal error occurred: error sending request: Post "https://10.0.0.7:10250/exec/june/gpu-1/main"';

test('a success', means, {metadata: {}, status: 'Success'}, {kind: 'exit', code: 0});
test('an exit code', means, exit('7'), {kind: 'exit', code: 7});
test('a signal', means, exit('137'), {kind: 'exit', code: 137});
test('an exit code that is none', means, exit('-1e9'), {kind: 'refused', fault: 'api'});
test(
	'a failure without an exit code',
	means,
	{status: 'Failure', reason: 'NonZeroExitCode'},
	{kind: 'refused', fault: 'api'},
);
test('a kubelet that is down', means, failure(`${kubelet}: dial tcp 10.0.0.7:10250: connect: connection refused`), {
	fault: 'unreachable',
});
test('a kubelet that is cut off', means, failure('error dialing backend: dial tcp 10.0.0.7:10250: i/o timeout'), {
	fault: 'unreachable',
});
test('a node without an address', means, failure('no preferred addresses found; known addresses: []'), {
	fault: 'unreachable',
});
test('a kubelet that lacks the handler', means, failure('unable to upgrade: 501 not implemented'), {
	fault: 'not-served',
});
test('a provider that has no exec', means, failure('error executing command in container: not supported'), {
	fault: 'not-served',
});
test('a code of 501', means, failure('no', {code: 501}), {fault: 'not-served'});
test('a kubelet that refuses the API server', means, failure('forbidden', {code: 403}), {fault: 'forbidden'});
test(
	'an image without a shell',
	means,
	failure(
		'OCI runtime exec failed: exec failed: unable to start container process: exec: "sh": executable file not found in $PATH: unknown',
	),
	{fault: 'no-shell'},
);
test(
	'a container that restarts',
	means,
	failure('unable to upgrade connection: container not found ("main")', {code: 500}),
	{fault: 'container'},
);
test('a kubelet that does not know the pod', means, failure('pod does not exist', {code: 404}), {fault: 'no-pod'});
test('anything else', means, failure('no such instance'), {fault: 'failed'});
test('a status with fields of other types', means, {status: 'Failure', details: 'x'}, {fault: 'api'});

test('what was to be run is never told, nor what stands in an address', t => {
	const said = `Post "https://u:10250/exec/june/gpu-1/main?command=sh&command=-c&command=curl+-u+user%3Ahunter2": [${command.join(' ')}] \u001b[31mno`;

	const told = withoutCommand(said, command);

	t.false(told.includes('hunter2'));
	t.regex(told, /^Post "https:\/\/u:10250\/exec\/june\/gpu-1\/main": \[sh -c …\]/);
	t.false(told.includes('\u001b'));
});

test('a status that would cost too much to read is none', t => {
	t.like(readStatus(Buffer.from('['.repeat(60_000)), 'june/gpu-1', command), {kind: 'refused', fault: 'api'});
});
