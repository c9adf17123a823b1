import {readFileSync} from 'node:fs';
import {connect} from 'node:tls';
import test from 'ava';
import type {ServiceKind} from '../../src/lab/platform.ts';
import {aLab, ask, jsonOf} from '../helpers/lab.ts';

const lab = await aLab(test);
const addressOf = (name: string) => lab.nodes.find(node => node.name === name)?.address;
const ofNode = (name: string, kind: ServiceKind, path: string) =>
	`http://${addressOf(name)}:${lab.urls.servicePorts[kind]}${path}`;
const orchestrator = ofNode('june-orchestrator', 'orchestrator', '/healthz');
const livekit = ofNode('livekit', 'livekit', '/');
const speech = (gpu: 1 | 2) =>
	(['tts', 'stt'] as const).map(kind => ofNode(`june-gpu-0000000${gpu}`, kind, '/healthz'));
const upgrade = {Connection: 'Upgrade', Upgrade: 'websocket'};

test.afterEach.always(() => lab.heal());

test.serial('everything answers soundly', async t => {
	t.deepEqual(jsonOf(t, await ask(orchestrator)), {status: 'ok'});
	t.like(await ask(livekit), {status: 200, body: 'OK'});
	for (const url of [...speech(1), ...speech(2)]) t.like(jsonOf(t, await ask(url)), {status: 'healthy'}, url);
	t.like(jsonOf(t, await ask(speech(1)[0] ?? '')), {service: 'tts', model: 'xtts-v2'});
	t.like(await ask(ofNode('june-orchestrator', 'orchestrator', '/other')), {status: 404});
});

test.serial("livekit's signal socket wants a token", async t => {
	const socket = ofNode('livekit', 'livekit', '/rtc');

	t.like(await ask(socket), {status: 404});
	t.like(await ask(socket, {headers: upgrade}), {status: 401});
});

test.serial('livekit-slow: it takes 800 ms longer', async t => {
	await lab.break('livekit-slow');
	const startedAt = performance.now();

	const answer = await ask(livekit);

	t.like(answer, {status: 200});
	t.true(performance.now() - startedAt >= 795);
});

test.serial('livekit-down: the port is closed, and the same one opens again', async t => {
	await lab.break('livekit-down');

	t.is(await ask(livekit), 'refused');
	await lab.heal('livekit-down');
	t.like(await ask(livekit), {status: 200});
});

test.serial('orchestrator-wrong-answer: status 500', async t => {
	await lab.break('orchestrator-wrong-answer');

	t.like(await ask(orchestrator), {status: 500});
});

test.serial('gpu1-derp: the services of that machine get slower', async t => {
	await lab.break('gpu1-derp');
	const startedAt = performance.now();

	const answer = await ask(speech(1)[0] ?? '');

	t.like(answer, {status: 200});
	t.true(performance.now() - startedAt >= 70);
});

test.serial('what cannot be reached says nothing, the rest goes on', async t => {
	const cases: [fault: string, silent: string[], answering: string[]][] = [
		['gpu2-dead-but-online', speech(2), [...speech(1), livekit]],
		['gpu1-tailscaled-ended', speech(1), [...speech(2), livekit]],
		['gpu1-wireguard-dead', speech(1), [...speech(2), livekit]],
		['gpu1-tts-hangs', speech(1).slice(0, 1), [...speech(1).slice(1), livekit]],
		['livekit-filtered', [livekit], [orchestrator]],
		['livekit-hidden', [livekit], [orchestrator]],
		['tailscaled-signed-out', [orchestrator, livekit, ...speech(1)], []],
		['livekit-key-expired', [livekit], [orchestrator]],
		['tailscaled-stopped', [orchestrator, livekit, ...speech(1)], []],
		['tailscaled-frozen', [orchestrator, livekit, ...speech(1)], []],
		['headscale-frozen', [], [orchestrator, livekit, ...speech(1), ...speech(2)]],
	];
	for (const [fault, silent, answering] of cases) {
		await lab.break(fault);
		const [quiet, loud] = await Promise.all([
			Promise.all(silent.map(url => ask(url, {withinMs: 300}))),
			Promise.all(answering.map(url => ask(url))),
		]);

		t.true(
			quiet.every(answer => answer === 'silence'),
			fault,
		);
		for (const answer of loud) t.like(answer, {status: 200}, fault);
		await lab.heal(fault);
	}
});

test.serial('gpu2-gone: nobody listens there any more', async t => {
	await lab.break('gpu2-gone');

	const answers = await Promise.all(speech(2).map(url => ask(url)));

	t.deepEqual(answers, ['refused', 'refused']);
});

const authAt = addressOf('june-orchestrator') ?? '';

/** Why its certificate is not taken, if it is not, or that nothing comes. */
function greet(): Promise<string> {
	return new Promise(resolve => {
		const socket = connect({
			host: authAt,
			port: lab.urls.servicePorts.auth,
			servername: 'june-orchestrator',
			ca: readFileSync(lab.urls.caFile),
		});
		const end = (how: string) => {
			socket.destroy();
			resolve(how);
		};
		socket.setTimeout(400, () => end('silence'));
		socket.once('secureConnect', () => end('trusted'));
		socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? ''));
	});
}

test.serial('auth is behind TLS: its certificate expires, or is of a stranger', async t => {
	const seen = [await greet()];
	for (const fault of ['auth-certificate-expired', 'auth-certificate-untrusted']) {
		await lab.break(fault);
		seen.push(await greet());
		await lab.heal(fault);
	}
	seen.push(await greet());

	t.deepEqual(seen, ['trusted', 'CERT_HAS_EXPIRED', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'trusted']);
});

test.serial('gpu1-exposed: what must be closed answers', async t => {
	const address = `http://127.0.0.1:${lab.urls.publicPort}/healthz`;

	t.is(await ask(address), 'refused');
	await lab.break('gpu1-exposed');
	t.like(await ask(address), {status: 200});
	await lab.heal();
	t.is(await ask(address), 'refused');
});

test.serial('gpu1-joined-twice: its services are where the new record leads', async t => {
	const renewed = ofNode('june-gpu-00000001-k4v9zq2m', 'tts', '/healthz');
	t.is(await ask(renewed), 'refused');

	await lab.break('gpu1-joined-twice');

	t.is(await ask(speech(1)[0] ?? '', {withinMs: 300}), 'silence');
	t.like(await ask(renewed), {status: 200});
});
