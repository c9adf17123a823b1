/**
 * `/-/ready`: every source was tried once and the schedule runs. What fails or stands in the way is told, and never changes the status.
 * It answers anybody, so it is bounded and never says what stands in files; reasons, with their addresses and paths, only to those who
 * may know them.
 */

import {oneLine} from '../../util/errors.ts';
import {formatTime} from '../../util/format-time.ts';
import {count} from '../../util/words.ts';
import {isEntrusted} from '../door/caller.ts';
import type {DaemonView, SourceView} from '../types.ts';
import type {MakeRoute} from './types.ts';

export const readyRoute: MakeRoute = view => ({
	method: 'get',
	path: '/-/ready',
	handle(request, response) {
		const ready = view.ready();
		const said = ready
			? 'tailprobe is ready.'
			: 'tailprobe is not ready: not every source was tried yet, or the schedule does not run.';
		const lines = [said, ...(isEntrusted(request) ? describeAll(view) : describeBriefly(view))];
		response
			.status(ready ? 200 : 503)
			.type('text/plain')
			.send(`${lines.join('\n')}\n`);
	},
});

const longestLine = 700;
const mostLines = 40;

function describeAll(view: DaemonView): string[] {
	return [
		...atMost(
			view.troubles().map(trouble => `problem: ${oneLine(trouble, longestLine)}`),
			'problem',
		),
		...atMost(describeSources(view.sources(), true), 'line', 'about sources'),
	];
}

/** For a kubelet, and for whoever else comes by: that something is wrong, and since when. */
function describeBriefly(view: DaemonView): string[] {
	const sources = view.sources();
	const troubles = view.troubles().length;
	return [
		...(troubles > 0 ? [`${count(troubles, 'problem')} of tailprobe's own`] : []),
		...atMost(describeSources(sources, false), 'line', 'about sources'),
		...(troubles > 0 || sources.some(isFailing)
			? ['Why: in the log, and here with a token or password where tailprobe asks for one.']
			: []),
	];
}

function atMost(lines: readonly string[], what: string, about = ''): string[] {
	const hidden = lines.length - mostLines;
	return hidden > 0
		? [...lines.slice(0, mostLines), `and ${count(hidden, `more ${what}`)}${about === '' ? '' : ` ${about}`}`]
		: [...lines];
}

const isFailing = ({ok, isUnsupported}: SourceView) => ok === false && !isUnsupported;

/** What fails for the same reason stands together. */
function describeSources(sources: readonly SourceView[], withReasons: boolean): string[] {
	const failing = Map.groupBy(sources.filter(isFailing), ({detail}) => detail);
	return [
		...Array.from(failing.values(), alike => describeFailing(alike, withReasons)),
		...sources.filter(source => !isFailing(source)).map(describeSource),
	];
}

function describeFailing(alike: readonly SourceView[], withReason: boolean): string {
	const [first] = alike;
	const begun = alike.flatMap(({failingSince}) => failingSince ?? []);
	const since = begun.length === 0 ? '' : ` since ${formatTime(Math.min(...begun))}`;
	const line = `source ${alike.map(({name}) => name).join(', ')}: failing${since}`;
	return withReason ? `${line}: ${oneLine(first?.detail ?? 'no reason was given', longestLine)}` : line;
}

function describeSource({name, ok, isUnsupported}: SourceView): string {
	if (isUnsupported) return `source ${name}: not in this version`;
	return ok ? `source ${name}: ok` : `source ${name}: not tried yet`;
}
