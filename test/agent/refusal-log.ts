import {readFileSync} from 'node:fs';
import test from 'ava';
import {createRefusalLog, refusalWords} from '../../src/agent/refusal-log.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

test('requests that were turned away are told by what was wrong with them, once a minute', async t => {
	const clock = fakeClock();
	const lines: unknown[] = [];
	const log = createRefusalLog({warn: (fields: unknown) => void lines.push(fields)} as never, clock);

	for (const code of ['request', 'proof', 'proof'] as const) log.note(code);
	await clock.advance(60_000);
	log.stop();

	t.deepEqual(lines, [{not_understood: 1}, {wrong_secret: 2}]);
});

test('every word for it is explained on the page of the agent', t => {
	const page = readFileSync(new URL('../../docs/agent.md', import.meta.url), 'utf8');

	for (const word of Object.values(refusalWords)) t.true(page.includes(`| \`${word}\` |`), word);
});
