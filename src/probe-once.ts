/** One ad hoc run without a daemon: builds what it needs, probes, and ends. */

import {setTimeout} from 'node:timers/promises';
import {createAdhoc} from './adhoc.ts';
import {insist, loadConfig} from './config/load.ts';
import {planChecks} from './engine/plan.ts';
import type {Check} from './engine/types.ts';
import {createExposition} from './metrics/exposition.ts';
import type {AdhocAnswer, AdhocRequest} from './server/types.ts';
import {createLog} from './util/log.ts';
import {listMembers} from './vantages/members.ts';
import {startVantages} from './vantages/set.ts';

/** Another machine has so long to be reached. */
const reachMs = 10_000;

/** Throws a UserError that lists every mistake of the configuration. `checks`: all that it plans without headscale's list of nodes. */
export async function probeOnce(options: {
	configPath: string;
	request: AdhocRequest;
}): Promise<{answer: AdhocAnswer; checks: readonly Check[]}> {
	const config = insist(await loadConfig(options.configPath));
	const known = Promise.withResolvers<void>();
	const vantages = startVantages({
		config,
		allowLoopback: false,
		peers: () => new Map(),
		kubernetes: () => undefined,
		onOutcomes() {},
		onKnown: () => known.resolve(),
		onBug: text => process.stderr.write(`tailprobe: internal error, please report it: ${text}\n`),
		onThreadDeath() {},
	});
	// Hosts are known without headscale; nodes and pods are what a daemon knows.
	vantages.update(listMembers(config, {nodes: [], own: [], podsOf: () => []}).members);
	const {checks} = planChecks(config, [], new Map(), new Map(), vantages.planned());
	const log = createLog({level: 'error', format: 'text'});
	const adhoc = createAdhoc({
		exposition: createExposition(),
		log,
		config: () => config,
		checks: () => checks,
		vantages: () => vantages.list(),
	});
	try {
		const from = vantages.list().find(({name}) => name === options.request.from);
		if (from?.state().group !== undefined && from.state().condition === 'starting')
			await Promise.race([known.promise, setTimeout(reachMs, undefined, {ref: false})]);
		return {answer: await adhoc.probe(options.request), checks};
	} finally {
		await vantages.stop();
	}
}
