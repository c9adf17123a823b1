import test from 'ava';
import {drawStrip, sayHour} from '../../../src/server/page/strip.ts';
import type {StripBucket} from '../../../src/server/types.ts';

const up: StripBucket = {up: 2, down: 0, unknown: 0};
const down: StripBucket = {up: 1, down: 1, unknown: 1};
const unknown: StripBucket = {up: 1, down: 0, unknown: 1};

test('neighbouring minutes of one kind are one box, and a minute shows its worst', t => {
	const {text} = drawStrip([up, up, up, undefined, up, down, down, unknown]);

	t.regex(text, /<path class="up" d="M0 8\.5h6v3\.5h-6zM8 8\.5h2v3\.5h-2z"\/>/);
	t.regex(text, /<path class="down" d="M10 0h4v12h-4z"\/>/);
	t.regex(text, /<path class="unknown" d="M14 4\.5h2v3h-2z"\/>/);
});

test('the drawing is said in words too', t => {
	const said = (strip: Parameters<typeof drawStrip>[0]) => /<title>([^<]*)<\/title>/.exec(drawStrip(strip).text)?.[1];

	t.is(said([undefined, up, down, unknown]), 'a failure in 1, unknown in 1 of the last 3 minutes');
	t.is(said([up, down, up, down]), 'a failure in 2 of the last 4 minutes');
	t.is(said([undefined, up, up]), 'up in all of the last 2 minutes');
	t.is(said([up, undefined, up]), 'up in 2 of the last 3 minutes');
	t.is(said([undefined, up]), 'up in the last minute');
	t.regex(drawStrip([undefined, undefined]).text, /no runs in the last hour/);
	t.regex(drawStrip([]).text, /no runs in the last hour/);
});

test('the hour is told in words, stretch by stretch, with its slowest run', t => {
	const slow = {...up, worstSeconds: 0.25};
	const nowMs = Date.UTC(2026, 0, 1, 3, 5, 30);

	const text = sayHour([up, slow, undefined, down, down, unknown], nowMs)
		.text.replace(/<[^>]*>/g, ' ')
		.replace(/\s+/g, ' ');

	t.is(
		text,
		' 03:00–03:01 UTC up , 250 ms at worst 03:03–03:04 UTC a failure in each minute 03:05 UTC unknown in each minute ',
	);
});
