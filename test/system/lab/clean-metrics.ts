/** What Prometheus' own tool says of a scrape. */

import type {ExecutionContext} from 'ava';
import {execa} from 'execa';

/** promtool finds nothing to object to in the text of a scrape: neither its form, nor names, types and units. */
export async function assertCleanMetrics(t: ExecutionContext, text: string): Promise<void> {
	const {stdout, stderr, exitCode} = await execa('promtool', ['check', 'metrics'], {input: text, reject: false});
	t.is(`${stdout}${stderr}`, '');
	t.is(exitCode, 0);
}
