import test from 'ava';
import {isCronLine, systemCalendar} from '../../src/util/calendar.ts';

test('a cron line has five fields', t => {
	for (const line of ['* * * * *', '*/5 * * * *', '0 3 * * 1-5', '30 2 1 jan *']) t.true(isCronLine(line), line);
	for (const line of ['', 'x', '* * * * * *', '61 * * * *', '* * * *', '@daily', '0 0 30 2 *', ' * * * * *'])
		t.false(isCronLine(line), line);
});

test('the longest gap is that between the calls that are farthest apart', t => {
	t.is(systemCalendar.longestGapMs('* * * * *'), 60_000);
	t.is(systemCalendar.longestGapMs('*/5 * * * *'), 300_000);
	t.is(systemCalendar.longestGapMs('0,10 * * * *'), 50 * 60_000);
});

test('a line calls when its time comes, and no more after it was ended', async t => {
	let calls = 0;
	// A second field is not offered to users; here it keeps the test short.
	const called = new Promise<void>(resolve => {
		const end = systemCalendar.schedule('* * * * * *', () => {
			calls++;
			end();
			resolve();
		});
	});

	await called;
	// The second call would come within a second.
	const other = new Promise<void>(resolve => {
		let seen = 0;
		const end = systemCalendar.schedule('* * * * * *', () => {
			seen++;
			if (seen < 2) return;
			end();
			resolve();
		});
	});
	await other;

	t.is(calls, 1);
});
