/** The failures of the catalogue that the embedded lab can play: each is switched on, and asked about as on-call would. */

import test, {type ExecutionContext} from 'ava';
import {failures} from '../../scripts/docs/failures.ts';
import type {DiagnosisJson, IncidentJson} from '../../src/server/diagnosis-json.ts';
import {assertNamed} from '../helpers/diagnosis-runs.ts';
import {type Answer, askUntilNamed, judgeDiagnosis, judgeIncidents, type Wanted} from '../helpers/naming.ts';
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
	// Late: for 40 s after them nothing that is silent is believed.
	{failure: 'own-tailscaled-frozen', broken: ['tailscaled-frozen'], subject: 'vantage cluster'},
	{failure: 'own-tailscaled-down', broken: ['tailscaled-stopped'], subject: 'vantage cluster'},
	{failure: 'own-signed-out', broken: ['tailscaled-signed-out'], subject: 'vantage cluster'},
	// These are read once a minute, and what was read is told until then.
	{failure: 'api-key', broken: ['api-key-expiring'], subject: 'vantage cluster', withinSeconds: 75},
	{failure: 'user-missing', broken: ['user-missing'], subject: 'vantage cluster', withinSeconds: 75},
	{failure: 'pre-auth-key', broken: ['gpu-key-expired'], subject: 'vantage cluster', withinSeconds: 75},
	{failure: 'derp-map', broken: ['relay-map-empty'], subject: 'vantage cluster', withinSeconds: 75},
];

for (const {failure, broken, subject, also, withinSeconds = 15} of cases) {
	const {says = failure, causes = []} = failures.find(({id}) => id === failure) ?? {};
	test.serial(`${says.replace(/\.$/, '')}: named within ${withinSeconds} s`, async t => {
		const wanted: Wanted = {causes, also: also === undefined ? [] : [also]};
		const brokenAt = performance.now();
		for (const fault of broken) await watched.lab.break(fault);

		const {named, confidence, wrong, wrongFirst, isRight, inShort, afterSeconds, tookSeconds, ...answer} =
			await askUntilNamed(() => (subject === undefined ? askForIncidents(wanted) : ask(subject, wanted)), {
				brokenAt,
				giveUpAt: brokenAt + withinSeconds * 1000,
				everyMs: 200,
			});

		if (!isRight) t.log(inShort);
		t.deepEqual(wrong, [], 'these were named, too');
		if (also !== undefined) t.true(answer.also.includes(also), `${also} is not mentioned`);
		t.true(tookSeconds <= 10);
		assertNamed(t, {
			...{failure, lab: 'embedded', named, confidence, also: answer.also},
			...{wrongFirst, afterSeconds, tookSeconds},
		});
	});
}

test.afterEach.always(t => healAll(t));

async function ask(subject: string, wanted: Wanted): Promise<Answer> {
	const answer = await fetch(new URL('api/v1/diagnose', watched.daemon.url), {
		method: 'POST',
		headers: {'content-type': 'application/json'},
		body: JSON.stringify({subject}),
	});
	if (answer.status !== 200) throw new Error(`${subject}: ${answer.status} ${await answer.text()}`);
	return judgeDiagnosis((await answer.json()) as DiagnosisJson, wanted);
}

async function askForIncidents(wanted: Wanted): Promise<Answer> {
	const answer = await fetch(new URL('api/v1/incidents', watched.daemon.url));
	const {incidents} = (await answer.json()) as {incidents: IncidentJson[]};
	return judgeIncidents(incidents, wanted);
}

async function healAll(t: ExecutionContext): Promise<void> {
	t.timeout(120_000);
	await watched.healAll();
}
