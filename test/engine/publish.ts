import test from 'ava';
import {createPublisher} from '../../src/engine/publish.ts';
import type {Sink} from '../../src/sinks/types.ts';
import {aCheck, anOutcome} from '../helpers/checks.ts';

function recorder(name: string): {sink: Sink; calls: string[]} {
	const calls: string[] = [];
	const note = (what: string) => (check: {key: string}) => void calls.push(`${what} ${check.key}`);
	return {calls, sink: {name, begin: note('begin'), accept: note('accept'), forget: note('forget')}};
}

test('checks begin once, begin again when their definition changes, and are forgotten when they go', t => {
	const {sink, calls} = recorder('r');
	const publisher = createPublisher([sink], () => {});
	const a = aCheck({key: 'a'});
	const b = aCheck({key: 'b'});

	publisher.update([a, b]);
	publisher.update([{...a}, {...b, timeoutMs: 1}]);
	publisher.update([b]);

	t.deepEqual(calls, ['begin a', 'begin b', 'begin b', 'forget a', 'begin b']);
});

test('an outcome of a check that went meanwhile is dropped', t => {
	const {sink, calls} = recorder('r');
	const publisher = createPublisher([sink], () => {});
	publisher.update([aCheck({key: 'a'})]);

	publisher.publish([anOutcome({key: 'a'}), anOutcome({key: 'gone'})]);

	t.deepEqual(calls, ['begin a', 'accept a']);
});

test('a sink that fails is reported and keeps nothing from the others', t => {
	const {sink, calls} = recorder('r');
	const errors: string[] = [];
	const broken: Sink = {
		name: 'broken',
		begin() {},
		accept() {
			throw new Error('full');
		},
		forget() {},
	};
	const publisher = createPublisher([broken, sink], (name, error) =>
		errors.push(`${name}: ${(error as Error).message}`),
	);
	publisher.update([aCheck({key: 'a'})]);

	publisher.publish([anOutcome({key: 'a'})]);

	t.deepEqual(errors, ['broken: full']);
	t.true(calls.includes('accept a'));
});
