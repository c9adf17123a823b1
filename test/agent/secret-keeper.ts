import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {keepSecret} from '../../src/agent/secret-keeper.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

function setUp(t: ExecutionContext, graceMs = 60_000) {
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-secret-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	const file = join(folder, 'secret');
	const clock = fakeClock();
	return {
		file,
		clock,
		keeper: keepSecret({file}, {clock, graceMs}),
		write: (text: string) => writeFileSync(file, text),
	};
}

const [first, second, third] = ['the-first-secret-1', 'the-second-secret-2', 'the-third-secret-3'];

test('after a rotation the secret before it is accepted for a while, after the new one', async t => {
	const {clock, keeper, write} = setUp(t);

	write(`${first}\n`);
	const before = keeper.accepted();
	write(`${second}\n`);
	const rotated = keeper.accepted();
	await clock.advance(60_001);

	t.deepEqual([before, rotated, keeper.accepted()], [[first], [second, first], [second]]);
});

test('a rotation that is taken back leaves nothing twice', t => {
	const {keeper, write} = setUp(t);

	for (const secret of [first, second, first, third]) {
		write(secret);
		keeper.accepted();
	}

	t.deepEqual(keeper.accepted(), [third, first, second]);
});

test('a secret that is gone, or too short, is told without it, and what was accepted is so for a while', async t => {
	const {file, clock, keeper, write} = setUp(t);
	write(first);
	keeper.accepted();

	write('short');
	const short = [keeper.problem(), keeper.accepted()];
	rmSync(file);
	const gone = [keeper.problem(), keeper.accepted()];
	await clock.advance(60_001);

	t.regex(String(short[0]), /is shorter than 16 characters/);
	t.false(String(short[0]).includes('short"'));
	t.deepEqual([short[1], gone[1], keeper.accepted()], [[first], [first], []]);
	t.regex(String(gone[0]), /cannot be read: there is no such file/);
});
