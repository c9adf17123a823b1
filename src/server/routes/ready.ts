/** `/-/ready`: every source was tried once and the schedule runs. Sources that fail are told, and never change the status. */

import {oneLine} from '../../util/errors.ts';
import {formatTime} from '../../util/format-time.ts';
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
		const lines = [said, ...view.sources().map(describeSource)];
		response
			.status(ready ? 200 : 503)
			.type('text/plain')
			.send(`${lines.join('\n')}\n`);
	},
});

function describeSource({name, ok, isUnsupported, detail, failingSince}: SourceView): string {
	if (isUnsupported) return `source ${name}: not in this version`;
	if (ok === undefined) return `source ${name}: not tried yet`;
	if (ok) return `source ${name}: ok`;
	const since = failingSince === undefined ? '' : ` since ${formatTime(failingSince)}`;
	return `source ${name}: failing${since}: ${oneLine(detail ?? 'no reason was given', 300)}`;
}
