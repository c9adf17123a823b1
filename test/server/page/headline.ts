import test from 'ava';
import {headline} from '../../../src/server/page/headline.ts';
import type {Snapshot} from '../../../src/server/page/snapshot.ts';
import type {CheckView, SourceView} from '../../../src/server/types.ts';
import {aCheckView, aVantage} from '../../helpers/fake-daemon.ts';
import {aCause, anIncident, aSnapshot} from '../../helpers/status-page.ts';

function say(verdicts: readonly (CheckView['verdict'] | 'pending')[], part: Partial<Snapshot> = {}, notes = 0): string {
	const checks = verdicts.map(verdict =>
		verdict === 'pending' ? aCheckView({ran: false, verdict: 'unknown'}) : aCheckView({verdict}),
	);
	return headline(aSnapshot({nowMs: 0, vantages: [aVantage()], checks, ...part}), notes);
}

const sick = aVantage({condition: 'sick'});
const silent = (name: string): SourceView => ({name, ok: false, detail: 'It did not answer.'});
const ownParts: SourceView[] = ['status', 'health', 'metrics'].map(part => ({
	name: `tailscaled-${part}`,
	ok: false,
	detail: `The ${part} did not come.`,
}));
const oneTailscaled = {tailscaled: [{vantage: 'cluster'}]};
const headscale = [silent('headscale-nodes'), silent('headscale-health')];

for (const [said, heard] of [
	['all up', say(['up', 'up'])],
	['all up, 1 note', say(['up'], {}, 1)],
	['all up, 2 notes', say(['up'], {}, 2)],
	['1 up, 1 not run yet', say(['up', 'pending'])],
	['first runs under way', say(['pending'])],
	['no checks yet', say([])],
	['1 down · 1 unknown', say(['up', 'down', 'unknown'], {}, 2)],
	['2 unknown', say(['up', 'unknown', 'unknown'])],
	['headscale fails · 2 up', say(['up', 'up'], {sources: headscale}, 1)],
	['headscale-metrics fails · 1 up', say(['up'], {sources: [silent('headscale-metrics')]})],
	['vantage sick · 2 unknown', say(['unknown', 'unknown'], {vantages: [sick]})],
	['vantage sick · 1 up', say(['up'], {vantages: [sick]})],
	['vantage cluster sick · 1 unknown', say(['unknown', 'up'], {vantages: [sick, aVantage({name: 'other'})]})],
	['2 vantages not sound · 1 unknown', say(['unknown'], {vantages: [sick, aVantage({condition: 'gone'})]})],
	['1 down · vantage sick · headscale fails', say(['down', 'up'], {vantages: [sick], sources: headscale})],
	[
		'vantage sick · 3 unknown',
		say(['unknown', 'unknown', 'unknown'], {vantages: [sick], sources: ownParts, platform: oneTailscaled}),
	],
	['tailscaled fails · 1 up', say(['up'], {sources: ownParts, platform: oneTailscaled})],
	[
		'tts on gpu-1: the service does not listen · all up, 1 degraded, 1 note',
		say(['up'], {incidents: [anIncident({state: 'degraded'})]}, 1),
	],
	[
		'tts on gpu-1: the service does not listen · 2 down · vantage sick',
		say(['down', 'down'], {
			vantages: [sick],
			incidents: [anIncident({state: 'unknown', about: 'later'}), anIncident()],
		}),
	],
	[
		'vantage cluster: the service does not listen · 1 unknown',
		say(['unknown'], {
			vantages: [sick],
			incidents: [anIncident({state: 'unknown', about: 'vantage cluster', cause: aCause({about: 'vantage cluster'})})],
		}),
	],
	['headscale fails · no checks yet', say([], {sources: headscale})],
] as const)
	test(`the headline says: ${said}`, t => {
		t.is(heard, said);
	});
