/**
 * `/-/ready`: every source was tried once and the schedule runs. What fails or stands in the way is told, and never changes the status.
 * It answers anybody, so it is bounded and says reasons, never what stands in files.
 */

import {oneLine} from '../../util/errors.ts';
import {formatTime} from '../../util/format-time.ts';
import {count} from '../../util/words.ts';
import type {SourceView} from '../types.ts';
import type {MakeRoute} from './types.ts';

export const readyRoute: MakeRoute = view => ({
	method: 'get',
	path: '/-/ready',
	handle(_request, response) {
		const ready = view.ready();
		const said = ready
			? 'tailprobe is ready.'
			: 'tailprobe is not ready: not every source was tried yet, or the schedule does not run.';
		const lines = [
			said,
			...atMost(
				view.troubles().map(trouble => `problem: ${oneLine(trouble, longestLine)}`),
				'problem',
			),
			...atMost(describeSources(view.sources()), 'line', 'about sources'),
		];
		response
			.status(ready ? 200 : 503)
			.type('text/plain')
			.send(`${lines.join('\n')}\n`);
	},
});

const longestLine = 700;
const mostLines = 40;

function atMost(lines: readonly string[], what: string, about = ''): string[] {
	const hidden = lines.length - mostLines;
	return hidden > 0
		? [...lines.slice(0, mostLines), `and ${count(hidden, `more ${what}`)}${about === '' ? '' : ` ${about}`}`]
		: [...lines];
}

/** What fails for the same reason stands together. */
function describeSources(sources: readonly SourceView[]): string[] {
	const isFailing = ({ok, isUnsupported}: SourceView) => ok === false && !isUnsupported;
	const failing = Map.groupBy(sources.filter(isFailing), ({detail}) => detail);
	return [
		...Array.from(failing.values(), describeFailing),
		...sources.filter(source => !isFailing(source)).map(describeSource),
	];
}

function describeFailing(alike: readonly SourceView[]): string {
	const [first] = alike;
	const begun = alike.flatMap(({failingSince}) => failingSince ?? []);
	const since = begun.length === 0 ? '' : ` since ${formatTime(Math.min(...begun))}`;
	const reason = oneLine(first?.detail ?? 'no reason was given', longestLine);
	return `source ${alike.map(({name}) => name).join(', ')}: failing${since}: ${reason}`;
}

function describeSource({name, ok, isUnsupported}: SourceView): string {
	if (isUnsupported) return `source ${name}: not in this version`;
	return ok ? `source ${name}: ok` : `source ${name}: not tried yet`;
}
