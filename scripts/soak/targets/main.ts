/** The targets of the soak, in a process of their own: every kind that listens. Tells once a second how late it was, and what it served. */

import {startDatagrams} from './datagrams.ts';
import type {FromTargets} from './messages.ts';
import {startDns} from './names.ts';
import {startPlain} from './plain.ts';
import {startSecure} from './secure.ts';
import {served} from './served.ts';

let worstMs = 0;
let lastAt = performance.now();
setInterval(() => {
	const now = performance.now();
	worstMs = Math.max(worstMs, now - lastAt - 10);
	lastAt = now;
}, 10);
setInterval(() => {
	tell({kind: 'state', worstMs, served: Object.fromEntries(served)});
	worstMs = 0;
}, 1000);

await Promise.all([startPlain(), startSecure(), startDatagrams(Number(process.argv[2] ?? 1)), startDns()]);
tell({kind: 'ready'});
process.on('disconnect', () => process.exit());

function tell(message: FromTargets): void {
	process.send?.(message);
}
