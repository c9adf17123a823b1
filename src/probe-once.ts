/** One ad hoc run without a daemon: builds what it needs, probes, and ends. */

import {createAdhoc} from './adhoc.ts';
import {insist, loadConfig} from './config/load.ts';
import {planChecks} from './engine/plan.ts';
import {createExposition} from './metrics/exposition.ts';
import type {AdhocAnswer, AdhocRequest} from './server/types.ts';
import {createLog} from './util/log.ts';
import {startVantages} from './vantages/set.ts';

/** Throws a UserError that lists every mistake of the configuration. */
export async function probeOnce(options: {configPath: string; request: AdhocRequest}): Promise<AdhocAnswer> {
	const config = insist(await loadConfig(options.configPath));
	const vantages = startVantages({
		config,
		allowLoopback: false,
		onOutcomes() {},
		onKnown() {},
		onBug: text => process.stderr.write(`tailprobe: internal error, please report it: ${text}\n`),
		onThreadDeath() {},
	});
	const log = createLog({level: 'error', format: 'text'});
	const adhoc = createAdhoc({
		exposition: createExposition(),
		log,
		config: () => config,
		checks: () => planChecks(config, [], new Map()).checks,
		vantages: () => vantages.list(),
	});
	try {
		return await adhoc.probe(options.request);
	} finally {
		await vantages.stop();
	}
}
