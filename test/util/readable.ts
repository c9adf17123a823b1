import test from 'ava';
import {formatLatency, formatPath, formatSpan} from '../../src/util/readable.ts';

for (const [seconds, text] of [
	[0, '0.00 ms'],
	[0.000_042, '0.04 ms'],
	[-0.0012, '-1.20 ms'],
	[0.009_994, '9.99 ms'],
	[0.009_996, '10.0 ms'],
	[0.0124, '12.4 ms'],
	[0.0999, '99.9 ms'],
	[0.099_96, '100 ms'],
	[0.42, '420 ms'],
	[0.9999, '1.00 s'],
	[12, '12.00 s'],
] as const)
	test(`${seconds} s is ${text}`, t => {
		t.is(formatLatency(seconds), text);
	});

for (const [ms, text] of [
	[-5, '0 s'],
	[8400, '8 s'],
	[59_600, '1 min'],
	[3_599_000, '59 min'],
	[3_600_000, '1 h'],
	[11_520_000, '3 h 12 min'],
	[190_800_000, '2 d 5 h'],
	[172_800_000, '2 d'],
	[8_640_000_000, '100 d'],
] as const)
	test(`${ms} ms are ${text}`, t => {
		t.is(formatSpan(ms), text);
	});

test('a path names its relay', t => {
	t.is(formatPath('direct'), 'direct');
	t.is(formatPath('derp', 'fra'), 'derp fra');
	t.is(formatPath('derp'), 'derp');
	t.is(formatPath('peer_relay', 'fra'), 'peer relay');
	t.is(formatPath(undefined), undefined);
});
