import test from 'ava';
import {explainFault} from '../../src/headscale/faults.ts';
import {connectionFaults, tellingFault} from '../../src/sources/connection-faults.ts';
import {connectionError} from '../../src/vast/faults.ts';

const coded = (code: string) => Object.assign(new Error('x'), {code});

test('of an error for each address of a name the first tells', t => {
	const first = coded('ECONNREFUSED');

	t.deepEqual(tellingFault(new AggregateError([first, coded('ETIMEDOUT')])), {fault: first, code: 'ECONNREFUSED'});
});

test('what has no code has none, and is told all the same', t => {
	const empty = new AggregateError([]);

	t.deepEqual(tellingFault(empty), {fault: empty, code: ''});
	t.deepEqual(tellingFault('text'), {fault: 'text', code: ''});
	t.is(tellingFault(Object.assign(new Error('x'), {code: 7})).code, '');
});

test('each source says them in the same words', t => {
	for (const [code, words] of Object.entries(connectionFaults)) {
		const ofHeadscale = explainFault(coded(code), new URL('https://hs.example'), 'headscale.url', undefined);
		t.true(ofHeadscale.startsWith(`${words} (${code}).`), ofHeadscale);
		const {message} = connectionError('GET x', coded(code));
		t.true(message.startsWith(`GET x failed: ${words} (${code}).`), message);
	}
});
