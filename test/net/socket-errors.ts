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

test('an error that no system call brought stays what it is', t => {
	const bug = new TypeError('undefined is not a function');

	t.is(socketFailure(bug), bug);
});
