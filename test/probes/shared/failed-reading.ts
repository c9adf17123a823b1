import test from 'ava';
import {PhaseClock} from '../../../src/net/phase-clock.ts';
import {failedReading} from '../../../src/probes/shared/failed-reading.ts';
import {CannotLookError, TargetDownError} from '../../../src/util/errors.ts';

const passed = AbortSignal.abort(new DOMException('the deadline passed', 'TimeoutError'));
const findings = () => ({clock: new PhaseClock(), values: {}, facts: {}});

test('that we could not look is no fault of the target, even when it is told after the deadline', t => {
	const error = new CannotLookError('vantage', 'the disk does not answer');

	t.is(
		t.throws(() => failedReading(error, 'GET /', findings(), passed)),
		error,
	);
	t.is(
		t.throws(() => failedReading(error, 'GET /', findings(), new AbortController().signal)),
		error,
	);
});

test('a run that was stopped has no reading, whatever ended it', t => {
	const reason = new CannotLookError('canceled', 'tailprobe is ending');

	for (const error of [new CannotLookError('vantage', 'no disk'), new TargetDownError('refused', 'no'), reason])
		t.is(
			t.throws(() => failedReading(error, 'GET /', findings(), AbortSignal.abort(reason))),
			reason,
		);
});

test('anything else that comes after the deadline is a timeout', t => {
	const {reason, detail} = failedReading(new TargetDownError('reset', 'reset'), 'GET /', findings(), passed);

	t.is(reason, 'timeout');
	t.regex(detail ?? '', /^GET \/ was not done at the deadline, after/);
});
