/** The failures of the catalogue that the embedded lab can play: each is switched on, and asked about as on-call would. */

import test, {type ExecutionContext} from 'ava';
import {failures} from '../../scripts/docs/failures.ts';
import type {CauseJson, DiagnosisJson, IncidentJson} from '../../src/server/diagnosis-json.ts';
import {assertNamed, namedIn} from '../helpers/diagnosis-runs.ts';
import {type WatchedLab, watchLab} from '../helpers/watched-lab.ts';

let watched: WatchedLab;

test.before(async t => {
	t.timeout(120_000);
	watched = await watchLab();
});

test.after.always(() => watched?.stop());

interface Case {
	failure: string;
	/** Faults of the lab. */
	broken: readonly string[];
	/** As the labels of the alert name it. Absent: nothing in the tailnet is meant, and the incidents tell. */
	subject?: string;
	/** A cause that must be mentioned beside. */
	also?: string;
	/** How long the lab's own pace may keep it hidden; default 15 s. */
	withinSeconds?: number;
}

const [gpu1, gpu2, orchestrator] = ['june-gpu-00000001', 'june-gpu-00000002', 'june-orchestrator'] as const;

const cases: readonly Case[] = [
	{failure: 'agent-dead', broken: ['gpu1-agent-killed'], subject: `vantage ${gpu1}`},
	{failure: 'own-tailscaled-frozen', broken: ['tailscaled-frozen'], subject: 'vantage cluster'},
	{failure: 'own-tailscaled-down', broken: ['tailscaled-stopped'], subject: 'vantage cluster'},
	{failure: 'own-signed-out', broken: ['tailscaled-signed-out'], subject: 'vantage cluster'},
	{failure: 'headscale-frozen', broken: ['headscale-frozen'], subject: 'vantage cluster'},
	{failure: 'headscale-stopped', broken: ['headscale-stopped'], subject: 'vantage cluster'},
	{failure: 'headscale-database', broken: ['headscale-database-down'], subject: 'vantage cluster'},
	{failure: 'headscale-api-stuck', broken: ['headscale-api-stuck'], subject: 'vantage cluster'},
	{failure: 'headscale-upgrade', broken: ['headscale-drops-clients'], subject: 'vantage cluster'},
	{failure: 'headscale-restart', broken: ['headscale-restart'], subject: 'vantage cluster'},
	{failure: 'node-offline-wrongly', broken: ['livekit-listed-offline'], subject: 'livekit'},
	{failure: 'node-frozen', broken: ['gpu2-dead-but-online'], subject: `tunnel ${gpu2}`},
	{failure: 'node-off', broken: ['gpu1-tailscaled-ended'], subject: gpu1},
	{failure: 'node-key', broken: ['livekit-key-expired'], subject: 'livekit livekit'},
	{failure: 'node-expiry-1970', broken: ['livekit-bad-expiry'], subject: 'tunnel livekit'},
	{failure: 'node-deleted', broken: ['gpu2-gone'], subject: gpu2},
	{failure: 'node-hidden', broken: ['livekit-hidden'], subject: 'tunnel livekit'},
	{failure: 'udp-blocked', broken: ['gpu1-derp'], subject: `tunnel ${gpu1}`},
	{failure: 'derp-down', broken: ['relay-down'], subject: 'derp headscale'},
	{failure: 'wireguard', broken: ['gpu1-wireguard-dead'], subject: `tts ${gpu1}`},
	{failure: 'loss', broken: ['gpu1-loss'], subject: `tunnel ${gpu1}`},
	{failure: 'magicdns-dead', broken: ['magicdns-dead'], subject: `magicdns ${orchestrator}`},
	{failure: 'name-outside', broken: ['name-outside-tailnet'], subject: `orchestrator ${orchestrator}`},
	{failure: 'name-unknown', broken: ['orchestrator-name-unknown'], subject: `orchestrator ${orchestrator}`},
	{failure: 'service-down', broken: ['livekit-down'], subject: 'livekit livekit'},
	{failure: 'service-filtered', broken: ['livekit-filtered'], subject: 'livekit livekit'},
	{failure: 'service-hangs', broken: ['gpu1-tts-hangs'], subject: `tts ${gpu1}`},
	{failure: 'service-500', broken: ['orchestrator-wrong-answer'], subject: `orchestrator ${orchestrator}`},
	{failure: 'service-slow', broken: ['livekit-slow'], subject: 'livekit livekit'},
	{failure: 'certificate-expired', broken: ['auth-certificate-expired'], subject: `auth ${orchestrator}`},
	{failure: 'certificate-untrusted', broken: ['auth-certificate-untrusted'], subject: `auth ${orchestrator}`},
	{failure: 'exposed', broken: ['gpu1-exposed'], subject: `exposed ${gpu1}`},
	{failure: 'gpu-lost', broken: ['gpu1-lost'], subject: `gpu ${gpu1}`},
	{failure: 'gpu-mismatch', broken: ['gpu1-driver-mismatch'], subject: `gpu ${gpu1}`},
	{failure: 'gpu-hangs', broken: ['gpu2-smi-hangs'], subject: `gpu ${gpu2}`},
	{failure: 'gpu-full', broken: ['gpu1-full'], subject: gpu1},
	{failure: 'gpu-throttled', broken: ['gpu1-hot'], subject: gpu1},
	{
		failure: 'node-frozen-and-service-dead',
		broken: ['gpu2-dead-but-online', 'livekit-down'],
		subject: gpu2,
	},
	{
		failure: 'headscale-frozen-and-service-dead',
		broken: ['headscale-frozen', 'livekit-down'],
		subject: 'livekit livekit',
		also: 'headscale-frozen',
	},
	// It is asked twice a minute what is rented.
	{failure: 'instance-lost', broken: ['vast-stray'], withinSeconds: 45},
	// The second record stays for a while.
	{failure: 'node-duplicate', broken: ['gpu1-joined-twice'], subject: gpu1},
	// These are read once a minute, and what was read is told until then.
	{failure: 'api-key', broken: ['api-key-expiring'], subject: 'vantage cluster', withinSeconds: 75},
	{failure: 'user-missing', broken: ['user-missing'], subject: 'vantage cluster', withinSeconds: 75},
	{failure: 'pre-auth-key', broken: ['gpu-key-expired'], subject: 'vantage cluster', withinSeconds: 75},
	{failure: 'derp-map', broken: ['relay-map-empty'], subject: 'vantage cluster', withinSeconds: 75},
];

for (const one of cases) {
	const {failure, broken, withinSeconds = 15} = one;
	const says = failures.find(({id}) => id === failure)?.says ?? failure;
	test.serial(`${says.replace(/\.$/, '')}: named within ${withinSeconds} s`, async t => {
		const wanted: readonly string[] = failures.find(({id}) => id === failure)?.causes ?? [];
		const brokenAt = performance.now();
		for (const fault of broken) await watched.lab.break(fault);

		const {told, tookSeconds, afterSeconds} = await diagnoseUntilNamed(one, wanted, brokenAt);

		const named = namedIn(told, wanted);
		if (!wanted.includes(named)) t.log(inShort(told));
		assertNamed(t, {
			failure,
			lab: 'embedded',
			named,
			confidence: [told.cause, ...told.also].find(cause => cause?.id === named)?.confidence ?? '',
			also: told.also.map(({id}) => id).filter(id => id !== named),
			afterSeconds,
			tookSeconds,
		});
		if (one.also !== undefined)
			t.true(
				told.also.some(({id}) => id === one.also),
				`${one.also} is not mentioned`,
			);
		t.true(tookSeconds <= 10);
	});
}

test.afterEach.always(t => healAll(t));

type Told = Pick<DiagnosisJson, 'verdict' | 'ladder' | 'also'> & {cause?: CauseJson | undefined};

async function diagnoseUntilNamed({subject, also, withinSeconds = 15}: Case, wanted: readonly string[], since: number) {
	for (;;) {
		const askedAt = performance.now();
		const told = await (subject === undefined ? askForIncidents() : ask(subject));
		const [tookSeconds, afterSeconds] = [askedAt, since].map(ms => (performance.now() - ms) / 1000) as [number, number];
		const isTold =
			wanted.includes(namedIn(told, wanted)) && (also === undefined || told.also.some(({id}) => id === also));
		if (isTold || afterSeconds > withinSeconds) return {told, tookSeconds, afterSeconds};
		await new Promise(resolve => setTimeout(resolve, 200));
	}
}

async function ask(subject: string): Promise<Told> {
	const answer = await fetch(new URL('api/v1/diagnose', watched.daemon.url), {
		method: 'POST',
		headers: {'content-type': 'application/json'},
		body: JSON.stringify({subject}),
	});
	if (answer.status !== 200) throw new Error(`${subject}: ${answer.status} ${await answer.text()}`);
	return (await answer.json()) as DiagnosisJson;
}

async function askForIncidents(): Promise<Told> {
	const answer = await fetch(new URL('api/v1/incidents', watched.daemon.url));
	const {incidents} = (await answer.json()) as {incidents: IncidentJson[]};
	return {verdict: incidents.length > 0 ? 'down' : 'up', ladder: [], also: incidents.map(({cause}) => cause)};
}

async function healAll(t: ExecutionContext): Promise<void> {
	t.timeout(120_000);
	await watched.healAll();
}

function inShort({verdict, ladder, cause, also}: Told): string {
	const rungs = ladder.map(({rung, state, says}) => `${rung} ${state}: ${says}`);
	const causes = [...(cause ? [cause] : []), ...also].map(
		({id, effect, confidence, about, says}) => `${id} (${effect}, ${confidence}, ${about}): ${says}`,
	);
	return [verdict, ...rungs, ...causes].join('\n');
}
