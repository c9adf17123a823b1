import {getEventListeners} from 'node:events';
import test from 'ava';
import {startPause} from '../../src/util/pause.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

for (const [title, end] of [
	['its time passes', ({clock}) => clock.advance(1000)],
	['its holder ends it', ({pause}) => pause.end()],
	['the signal aborts', ({controller}) => controller.abort()],
] satisfies [string, (setting: ReturnType<typeof setUp>) => unknown][])
	test(`a pause is over when ${title}, and leaves nothing behind`, async t => {
		const setting = setUp();
		t.is(setting.clock.pending(), 1);

		await end(setting);
		await setting.pause.over;

		t.is(setting.clock.pending(), 0);
		t.deepEqual(getEventListeners(setting.controller.signal, 'abort'), []);
		t.notThrows(setting.pause.end, 'once more changes nothing');
	});

test('a pause under a signal that has aborted already is over at once', async t => {
	const clock = fakeClock();

	await startPause(clock, 1000, AbortSignal.abort()).over;

	t.is(clock.pending(), 0);
});

function setUp() {
	const clock = fakeClock();
	const controller = new AbortController();
	return {clock, controller, pause: startPause(clock, 1000, controller.signal)};
}
