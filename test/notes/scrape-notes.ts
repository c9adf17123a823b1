import test from 'ava';
import {noteScrapes, unreadAfterMs} from '../../src/notes/scrape-notes.ts';

const sinceMs = 1_700_000_000_000;
const says = (...given: Parameters<typeof noteScrapes>) => noteScrapes(...given).map(note => note.says);

test('metrics that nobody has read for ten minutes are told with the likely causes', t => {
	t.deepEqual(says({sinceMs}, sinceMs + unreadAfterMs - 1), []);

	const [told = ''] = says({sinceMs}, sinceMs + unreadAfterMs);

	t.regex(told, /^Nobody has read \/metrics since the start 10 min ago: no alert of tailprobe can fire/);
	t.regex(told, /ServiceMonitor .*CRD was missing.*labels .*NetworkPolicy/);
});

test('it is gone with the next read, and comes again ten minutes after the last', t => {
	const answeredMs = sinceMs + 2 * unreadAfterMs;

	t.deepEqual(says({sinceMs, answeredMs}, answeredMs + 1), []);
	t.regex(String(says({sinceMs, answeredMs}, answeredMs + unreadAfterMs)), /^Nobody has read \/metrics for 10 min:/);
});

test('where somebody asks and is turned away, that is told instead', t => {
	const nowMs = sinceMs + 2 * unreadAfterMs;

	t.regex(
		String(says({sinceMs, refused: {ms: nowMs - 1, status: 401}}, nowMs)),
		/turned away with 401: give Prometheus a token or password/,
	);
	t.regex(String(says({sinceMs, refused: {ms: sinceMs, status: 401}}, nowMs)), /ServiceMonitor/);
});
