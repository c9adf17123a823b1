import test from 'ava';
import {socketFailure} from '../../src/net/socket-errors.ts';
import {CannotLookError, TargetDownError} from '../../src/util/errors.ts';

function systemError(code: string): Error {
	return Object.assign(new Error(`connect ${code} 127.0.0.1:1`), {code, syscall: 'connect'});
}

const isDown = test.macro((t, code: string, reason: TargetDownError['reason']) => {
	const failure = socketFailure(systemError(code));

	t.true(failure instanceof TargetDownError);
	t.is((failure as TargetDownError).reason, reason);
});

test('ECONNREFUSED is refused', isDown, 'ECONNREFUSED', 'refused');
test('EHOSTUNREACH is unreachable', isDown, 'EHOSTUNREACH', 'unreachable');
test('ENETUNREACH is unreachable', isDown, 'ENETUNREACH', 'unreachable');
for (const code of ['EPERM', 'EACCES'])
	test(`${code} is told as a firewall of this machine`, t => {
		t.is(socketFailure(systemError(code)).message, `a firewall on this machine forbids it (${code})`);
	});

test('ECONNRESET is reset', isDown, 'ECONNRESET', 'reset');
test('EPIPE is reset', isDown, 'EPIPE', 'reset');
test('ETIMEDOUT is a timeout', isDown, 'ETIMEDOUT', 'timeout');
test('a code that nobody knows is unreachable', isDown, 'ENONET', 'unreachable');

for (const code of ['EMFILE', 'ENOBUFS', 'EADDRNOTAVAIL']) {
	test(`${code} is our own fault, not the target's`, t => {
		const failure = socketFailure(systemError(code));

		t.true(failure instanceof CannotLookError);
		t.is((failure as CannotLookError).reason, 'vantage');
	});
}

test('an error of a kind that only bugs throw stays what it is', t => {
	const bug = new TypeError('undefined is not a function');

	t.is(socketFailure(bug), bug);
});

test('an alert about what a client shows says what to do', t => {
	const required = 'tlsv13 alert certificate required';
	const asked = Object.assign(new Error(required), {
		code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
		reason: required,
	});
	const unknown = Object.assign(new Error(''), {
		code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
		reason: 'tlsv1 alert unknown ca',
	});

	t.like(socketFailure(asked), {reason: 'tls', name: 'ClientCertificateError'});
	t.regex(socketFailure(asked).message, /none was shown: set tls_config\.cert_file and key_file/);
	t.like(socketFailure(unknown), {reason: 'tls', name: 'ClientCertificateError'});
	t.regex(socketFailure(unknown).message, /did not accept .* it sent the alert unknown ca$/);
});

test('what OpenSSL finds wrong, with a name or without, is a failure of TLS and not of ours', t => {
	const named = Object.assign(new Error('x'), {code: 'ERR_SSL_BAD_RECORD_MAC', reason: 'bad record mac'});
	const nameless = new Error('C0565750E77F0000:error:0A0004C8:SSL routines:ssl3_read_bytes:reason(1224):a.c:9:\n');

	t.like(socketFailure(named), {reason: 'tls', message: 'TLS failed: bad record mac'});
	t.like(socketFailure(nameless), {reason: 'tls', message: 'TLS failed: reason(1224)'});
});

test('what Node.js finds wrong with a connection is never a bug of ours', t => {
	const closed = Object.assign(new Error('Premature close'), {code: 'ERR_STREAM_PREMATURE_CLOSE'});
	const other = Object.assign(new Error('no such thing'), {code: 'ERR_OF_TOMORROW'});

	t.like(socketFailure(closed), {reason: 'reset'});
	t.like(socketFailure(other), {reason: 'protocol', message: 'the connection failed: no such thing'});
	t.like(socketFailure(new Error('')), {reason: 'protocol'});
});

test('a failure that is told already stays what it is', t => {
	const told = new TargetDownError('content', 'it said no');

	t.is(socketFailure(told), told);
});
