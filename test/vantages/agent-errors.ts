import test from 'ava';
import {checkAddress} from '../../src/net/guard.ts';
import {TargetDownError} from '../../src/util/errors.ts';
import {explainDial} from '../../src/vantages/agent-errors.ts';

function refusalOf(address: string): unknown {
	try {
		checkAddress(address, {via: 'tailnet', prefixes: ['100.64.0.0/10'], allowLoopback: false});
	} catch (error) {
		return error;
	}
	return undefined;
}

test('an agent on loopback is refused in words for an agent, not in those for a target', t => {
	const {message} = explainDial(refusalOf('127.0.0.1'), '127.0.0.1 port 9754');

	t.is(
		message,
		'The agent at 127.0.0.1 port 9754 is not dialled: 127.0.0.1 is a loopback address, and such are never dialled: give the address of that machine in the tailnet.',
	);
});

test('a failure that asks something is not ended a second time', t => {
	const {message} = explainDial(new TargetDownError('tls', 'does it want http?'), '100.64.0.7 port 9754');

	t.is(message, 'The agent at 100.64.0.7 port 9754 cannot be reached: does it want http?');
});
