/** One ad hoc run without a daemon: builds what it needs, probes, and ends. */

import {createAdhoc} from './adhoc.ts';
import {insist, loadConfig} from './config/load.ts';
import {planChecks} from './engine/plan.ts';
import type {Check} from './engine/types.ts';
import {createExposition} from './metrics/exposition.ts';
import type {AdhocAnswer, AdhocRequest} from './server/types.ts';
import {createLog} from './util/log.ts';
import {startVantages} from './vantages/set.ts';

/** Throws a UserError that lists every mistake of the configuration. `checks`: all that it plans without headscale's list of nodes. */
export async function probeOnce(options: {
	configPath: string;
	request: AdhocRequest;
}): Promise<{answer: AdhocAnswer; checks: readonly Check[]}> {
	const config = insist(await loadConfig(options.configPath));
	const vantages = startVantages({
		config,
		allowLoopback: false,
		onOutcomes() {},
		onKnown() {},
		onBug: text => process.stderr.write(`tailprobe: internal error, please report it: ${text}\n`),
		onThreadDeath() {},
	});
	const {checks} = planChecks(config, [], new Map());
	const log = createLog({level: 'error', format: 'text'});
	const adhoc = createAdhoc({
		exposition: createExposition(),
		log,
		config: () => config,
		checks: () => checks,
		vantages: () => vantages.list(),
	});
	try {
		return {answer: await adhoc.probe(options.request), checks};
	} finally {
		await vantages.stop();
	}
}
