import test from 'ava';
import {drawStrip} from '../../../src/server/page/strip.ts';
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
	t.regex(drawStrip([up, down, unknown]).text, /aria-label="last hour: 1 min with a failure, 1 min unknown, 1 min up"/);
	t.regex(drawStrip([undefined, undefined]).text, /no runs in the last hour/);
	t.regex(drawStrip([]).text, /no runs in the last hour/);
});
