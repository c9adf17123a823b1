import test from 'ava';
import {type Daemon, startDaemon} from '../../src/daemon.ts';
import {type Lab, startLab} from '../../src/lab/lab.ts';
import type {DiagnosisJson} from '../../src/server/diagnosis-json.ts';
import {createLog} from '../../src/util/log.ts';
import {until} from '../helpers/until.ts';

/** The whole daemon against the embedded lab, over its own HTTP. */
let lab: Lab;
let daemon: Daemon;

test.before(async () => {
	lab = await startLab({quiet: true});
	daemon = await startDaemon({
		configText: lab.config,
		allowLoopback: true,
		listen: {host: '127.0.0.1', port: 0},
		log: createLog({level: 'error', format: 'json'}, {write() {}, isTTY: false} as never),
	});
	const {view} = daemon;
	await until(
		() =>
			view.vantages().length === 3 && view.checks().length > 20 && view.checks().every(({verdict}) => verdict === 'up'),
		40_000,
	);
});
test.after.always(async () => {
	await daemon?.stop();
	await lab?.stop();
});

async function diagnose(body: object): Promise<{status: number; json: DiagnosisJson & {detail?: string}}> {
	const answer = await fetch(`${daemon.url}/api/v1/diagnose`, {
		method: 'POST',
		headers: {'Content-Type': 'application/json'},
		body: JSON.stringify(body),
	});
	return {status: answer.status, json: (await answer.json()) as DiagnosisJson & {detail?: string}};
}

test.serial('what works has no cause, and everything on its way was asked afresh', async t => {
	const {status, json} = await diagnose({subject: 'livekit/cluster/livekit'});

	t.is(status, 200);
	t.is(json.verdict, 'up');
	t.is(json.cause, undefined);
	t.deepEqual(json.unasked, []);
	t.true((json.asked?.looks ?? 0) >= 5);
	t.like(
		json.ladder.find(({rung}) => rung === 'tunnel'),
		{state: 'holds', evidence: [{fresh: true}]},
	);
});

test.serial('a service that was just closed is named before its check runs again', async t => {
	await lab.break('livekit-down');
	const {json} = await diagnose({subject: `${daemon.url}/checks/livekit%2Fcluster%2Flivekit`});
	const node = await diagnose({subject: 'livekit'});
	await lab.heal('livekit-down');

	for (const each of [json, node.json]) {
		t.is(each.verdict, 'down');
		t.like(each.cause, {id: 'service-refused', confidence: 'certain'});
		t.true((each.asked?.durationSeconds ?? 10) < 10);
	}
	t.log(`asked within ${json.asked?.durationSeconds} s, the node within ${node.json.asked?.durationSeconds} s`);
});

test.serial('with headscale frozen besides it still is the service, within ten seconds', async t => {
	await lab.break('headscale-frozen');
	await lab.break('livekit-down');
	const {json} = await diagnose({subject: 'livekit', from: 'cluster'});
	await lab.heal();

	t.is(json.cause?.id, 'service-refused');
	t.true((json.asked?.durationSeconds ?? 10) < 10);
	t.log(`asked within ${json.asked?.durationSeconds} s`);
});

test.serial('a slip of the pen is told what there is', async t => {
	const {status, json} = await diagnose({subject: 'livekitt'});

	t.is(status, 404);
	t.regex(json.detail ?? '', /Did you mean livekit\?/);
});

test.serial('diagnoses move no series of checks, and are counted in one of their own', async t => {
	const metrics = await (await fetch(`${daemon.url}/metrics`)).text();

	t.regex(metrics, /tailprobe_diagnoses_total\{verdict="down"\} [1-9]/);
	t.notRegex(metrics, /check="diagnosis"/);
});
