import test from 'ava';
import {formatDurationMs, parseBytes, parseDurationMs} from '../../src/util/units.ts';

test('durations are read as Prometheus reads them, and a decimal in a single unit too', t => {
	t.is(parseDurationMs('15s'), 15_000);
	t.is(parseDurationMs('1m30s'), 90_000);
	t.is(parseDurationMs('1d2h'), 93_600_000);
	t.is(parseDurationMs('250ms'), 250);
	t.is(parseDurationMs('1.5s'), 1500);
	t.is(parseDurationMs('0'), 0);
	for (const wrong of ['', '15', 's', '30s1m', '1.5m30s', '-5s', '5 s', '1e3s'])
		t.is(parseDurationMs(wrong), undefined, wrong);
});

test('durations are written as people write them', t => {
	t.is(formatDurationMs(250), '250ms');
	t.is(formatDurationMs(1500), '1.5s');
	t.is(formatDurationMs(90_000), '1m30s');
	t.is(formatDurationMs(86_400_000), '1d');
	t.is(formatDurationMs(0), '0s');
});

test('sizes count in powers of 1024', t => {
	t.is(parseBytes('512KB'), 524_288);
	t.is(parseBytes('8MiB'), 8_388_608);
	t.is(parseBytes('1048576'), 1_048_576);
	for (const wrong of ['', 'MB', '1.5MB', '-1', '5TB']) t.is(parseBytes(wrong), undefined, wrong);
});
