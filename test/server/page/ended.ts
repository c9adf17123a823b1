import test from 'ava';
import {renderEnded} from '../../../src/server/page/ended.ts';
import type {CheckView, Outcome} from '../../../src/server/types.ts';
import {anOutcome} from '../../helpers/fake-daemon.ts';
import {asText, nowMs, view} from '../../helpers/status-page.ts';

const strip = (failedMinutesAgo: number): CheckView['strip'] =>
	Array.from({length: 60}, (_, at) => ({up: 1, down: at === 59 - failedMinutesAgo ? 1 : 0, unknown: 0}));

/** Up now, and down by a timeout from 300 to 180 s ago. */
const runs = (reason: 'timeout' | 'refused' = 'timeout'): Outcome[] => [
	...[60, 120, 180].map(age => anOutcome({startedAt: nowMs - age * 1000})),
	...[240, 300].map(age => anOutcome({startedAt: nowMs - age * 1000, verdict: 'down', reason})),
	anOutcome({startedAt: nowMs - 360_000}),
];

function read(checks: readonly CheckView[], recent: (key: string) => readonly Outcome[] = () => runs()): string {
	return asText(renderEnded({checks, recent, nowMs}).text);
}

test('what failed lately and is up again is told with its time and reason, folded by machine and reason', t => {
	const part = {strip: strip(4)};

	const text = read([view('tts', 'gpu-1', part), view('stt', 'gpu-1', part), view('tts', 'gpu-2', part)]);

	t.regex(
		text,
		/Ended lately in the last 15 min 22:09:20 UTC to 22:11:20 UTC \(2 min\) down gpu-1 : timeout tts gpu-1 from cluster, and 1 more check/,
	);
	t.is(text.match(/timeout/g)?.length, 2);
});

test('what never failed, failed long ago or fails still has not ended lately, and its history is not unpacked', t => {
	const never = (): readonly Outcome[] => t.fail('it was unpacked') as never;

	t.is(read([view('tts', 'a', {strip: strip(20)})], never), '');
	t.is(read([view('tts', 'a')], never), '');
	t.is(read([view('tts', 'a', {strip: strip(1), verdict: 'down'})], never), '');
});

test('ten rows are shown, and what else there is is counted', t => {
	const checks = Array.from({length: 13}, (_, at) => view('tts', `gpu-${at}`, {strip: strip(4)}));

	const text = read(checks);

	t.is(text.match(/timeout/g)?.length, 10);
	t.regex(text, /and 3 more rows/);
});
