import {once} from 'node:events';
import {createServer as createHttpServer} from 'node:http';
import {type AddressInfo, createServer} from 'node:net';
import test, {type ExecutionContext} from 'ava';
import {hashOf, proveAnswer} from '../../src/agent/proof.ts';
import {proofHeaders, refusalCodes} from '../../src/agent/wire.ts';
import {allowLoopbackTargets, aSecret, startAgentChild, startDaemonSide, tcpCheck} from '../helpers/agents.ts';
import {startCuttable} from '../helpers/cuttable.ts';
import {honestAnswer, startLyingAgent} from '../helpers/lying-agent.ts';
import {startSocks5} from '../helpers/socks5-server.ts';
import {until} from '../helpers/until.ts';

/** A port that accepts connections until the test ends. */
async function openPort(t: ExecutionContext): Promise<number> {
	const server = createServer(socket => socket.on('error', () => {}).end());
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	t.teardown(() => server.close());
	return (server.address() as AddressInfo).port;
}

const anotherSecret = 'a-secret-of-somebody-else-entirely';

test.serial('an agent gets its list, and its outcomes arrive', async t => {
	const target = await openPort(t);
	const agent = await startAgentChild(t, allowLoopbackTargets);
	const {vantage, outcomes, bugs} = startDaemonSide(t, agent.port);

	await until(() => vantage.state().condition === 'sound');
	vantage.assign([tcpCheck(target)]);
	await until(() => outcomes.length >= 4);

	t.deepEqual(
		[...new Set(outcomes.map(({key, verdict, kind}) => `${key} ${verdict} ${kind}`))],
		[`tcp/june-gpu-1/port-${target} up scheduled`],
	);
	t.true(outcomes.every(({startedAt}) => Math.abs(Date.now() - startedAt) < 20_000));
	t.true(outcomes.every(outcome => outcome.belated === undefined && outcome.reading?.phases?.connect !== undefined));
	t.like(vantage.state(), {type: 'agent', group: 'gpu', intake: {lost: 0}});
	t.true(vantage.state().runs.up >= 4);
	t.deepEqual(bugs, []);
});

test.serial('another list is in force soon, although the agent had nothing to tell', async t => {
	const [first, second] = [await openPort(t), await openPort(t)];
	const agent = await startAgentChild(t, allowLoopbackTargets);
	const {vantage, outcomes} = startDaemonSide(t, agent.port, {times: {waitMs: 20_000, firstBackoffMs: 50}});
	await until(() => vantage.state().condition === 'sound');
	vantage.assign([tcpCheck(first, {intervalMs: 3_600_000})]);
	await until(() => agent.log.some(({msg, checks}) => msg === 'a list of checks came' && checks === 1));

	vantage.assign([tcpCheck(second)]);
	await until(() => outcomes.length >= 2, 10_000);

	t.true(outcomes.every(({key}) => key.endsWith(String(second))));
	vantage.assign([]);
	await until(() => agent.log.filter(({msg}) => msg === 'a list of checks came').length === 3);
	t.is(vantage.state().condition, 'sound');
});

test.serial('an agent that is killed is gone with a sentence, and one that comes back goes on as before', async t => {
	const target = await openPort(t);
	const agent = await startAgentChild(t, allowLoopbackTargets);
	const {vantage, outcomes, bugs} = startDaemonSide(t, agent.port);
	await until(() => vantage.state().condition === 'sound');
	vantage.assign([tcpCheck(target)]);
	await until(() => outcomes.length >= 2);
	const upBefore = vantage.state().runs.up;

	await agent.kill();
	await until(() => vantage.state().condition === 'gone' && /Nothing listens/.test(vantage.state().detail ?? ''));
	const refused = await vantage.run(tcpCheck(target), 500);
	const countBefore = outcomes.length;
	await agent.start();
	await until(() => outcomes.length >= countBefore + 2);

	t.like(refused, {verdict: 'unknown', reason: 'vantage'});
	t.is(vantage.state().condition, 'sound');
	t.true(vantage.state().runs.up >= upBefore + 2);
	t.is(vantage.state().intake?.lost, 0);
	t.deepEqual(bugs, []);
});

test.serial('an agent that is cut off goes on measuring, and tells belatedly what it found, nothing twice', async t => {
	const target = await openPort(t);
	const agent = await startAgentChild(t, allowLoopbackTargets);
	const way = await startCuttable(t, agent.port);
	const {vantage, outcomes} = startDaemonSide(t, way.port);
	await until(() => vantage.state().condition === 'sound');
	vantage.assign([tcpCheck(target)]);
	await until(() => outcomes.length >= 2);

	way.cut();
	await until(() => vantage.state().condition === 'gone');
	const cutAt = Date.now();
	const countBefore = outcomes.length;
	await until(() => Date.now() - cutAt > 8000);
	way.mend();
	await until(() => outcomes.length >= countBefore + 16);

	const starts = outcomes.map(({startedAt}) => startedAt).toSorted((a, b) => a - b);
	const gaps = starts.slice(1).map((at, index) => at - (starts[index] as number));
	t.true(outcomes.some(({belated}) => belated));
	t.true(outcomes.at(-1)?.belated === undefined);
	t.true(
		gaps.every(gap => gap > 200 && gap < 1500),
		JSON.stringify(gaps),
	);
	t.is(vantage.state().intake?.lost, 0);
});

test.serial('an agent that says nothing any more is gone after a while', async t => {
	const agent = await startAgentChild(t);
	const {vantage} = startDaemonSide(t, agent.port, {
		times: {waitMs: 300, graceMs: 700, firstBackoffMs: 50, maxBackoffMs: 200},
	});
	await until(() => vantage.state().condition === 'sound');

	agent.freeze();
	await until(() => vantage.state().condition === 'gone');
	const {detail} = vantage.state();
	agent.thaw();

	t.regex(detail ?? '', /said nothing for 1 s|did not answer in time/);
	await until(() => vantage.state().condition === 'sound');
});

test.serial('an agent with another secret is gone, and neither side says the secret', async t => {
	const agent = await startAgentChild(t);
	const {vantage} = startDaemonSide(t, agent.port, {secret: anotherSecret});

	await until(() => vantage.state().condition === 'gone');

	t.regex(vantage.state().detail ?? '', /has another secret/);
	const said = JSON.stringify([vantage.state(), agent.log]);
	t.false(said.includes(aSecret) || said.includes(anotherSecret));
});

test.serial('a secret can be rotated on either side first', async t => {
	const target = await openPort(t);
	const agent = await startAgentChild(t, allowLoopbackTargets);
	const {vantage, outcomes, rotate} = startDaemonSide(t, agent.port);
	await until(() => vantage.state().condition === 'sound');
	vantage.assign([tcpCheck(target)]);
	const goOn = async () => {
		const before = outcomes.length;
		await until(() => outcomes.length >= before + 3);
		return vantage.state().condition;
	};

	agent.rotate('the-second-secret-of-this-test');
	const afterAgent = await goOn();
	rotate('the-second-secret-of-this-test');
	const afterDaemon = await goOn();
	rotate('the-third-secret-of-this-test');
	const daemonFirst = await goOn();
	agent.rotate('the-third-secret-of-this-test');
	const both = await goOn();

	t.deepEqual([afterAgent, afterDaemon, daemonFirst, both], ['sound', 'sound', 'sound', 'sound']);
});

test.serial('an ad hoc run is measured there, and its caller can go away', async t => {
	const target = await openPort(t);
	const silent = createServer(() => {}).listen(0, '127.0.0.1');
	await once(silent, 'listening');
	const silentPort = (silent.address() as AddressInfo).port;
	t.teardown(() => silent.close());
	const agent = await startAgentChild(t, allowLoopbackTargets);
	const {vantage} = startDaemonSide(t, agent.port);
	await until(() => vantage.state().condition === 'sound');

	const up = await vantage.run(tcpCheck(target), 1000);
	const caller = new AbortController();
	const waiting = vantage.run(
		tcpCheck(silentPort, {
			type: 'http',
			target: {name: 'silent', address: `http://127.0.0.1:${silentPort}/`, via: 'direct', peer: ''},
			options: {},
		}),
		30_000,
		caller.signal,
	);
	caller.abort();

	t.like(up, {verdict: 'up', kind: 'adhoc'});
	t.like(await waiting, {verdict: 'unknown', reason: 'canceled'});
});

test.serial('what the allow-list does not permit is unknown, denied, at each of its slots', async t => {
	const agent = await startAgentChild(t, 'allow: [{via: tailnet}]');
	const {vantage, outcomes} = startDaemonSide(t, agent.port);
	await until(() => vantage.state().condition === 'sound');

	vantage.assign([tcpCheck(9)]);
	await until(() => outcomes.length >= 3);
	const adhoc = await vantage.run(tcpCheck(9), 500);

	t.like(outcomes[0], {verdict: 'unknown', reason: 'denied'});
	t.regex(outcomes[0]?.detail ?? '', /no rule for a tcp check of 127\.0\.0\.1 port 9 by via: direct/);
	t.like(adhoc, {verdict: 'unknown', reason: 'denied', kind: 'adhoc'});
	t.is(vantage.state().facts.denied, '1');
});

test.serial(
	'no file is sent to a target that the agent was not permitted to name, whatever its header is called',
	async t => {
		const sent: unknown[] = [];
		const target = createHttpServer(({headers}, response) => {
			sent.push(headers);
			response.end('ok');
		}).listen(0, '127.0.0.1');
		await once(target, 'listening');
		t.teardown(() => {
			target.closeAllConnections();
			target.close();
		});
		const address = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`;
		const agent = await startAgentChild(t, `${allowLoopbackTargets}\nfiles: []`);
		const {vantage} = startDaemonSide(t, agent.port);
		await until(() => vantage.state().condition === 'sound');
		const path = `${agent.folder}/secret`;
		const run = (options: object) =>
			vantage.run(
				tcpCheck(9, {type: 'http', target: {name: 'x', address, via: 'direct', peer: ''}, options, timeoutMs: 5000}),
				5000,
			);

		for (const name of ['headers', 'http_headers', 'file', 'files', 'x_file', '__proto__'])
			for (const source of [{files: [path]}, {secrets: [{file: path}]}]) {
				const options = JSON.parse(`{"http_headers": {${JSON.stringify(name)}: ${JSON.stringify(source)}}}`) as object;
				await run(options);
			}
		const plain = await run({headers: {x_file: 'plain', files: 'plain'}});

		t.is(plain.verdict, 'up');
		t.like(sent.at(-1), {x_file: 'plain', files: 'plain'});
		t.notRegex(JSON.stringify(sent), new RegExp(aSecret));
	},
);

test('readings of targets that the agent was never given are dropped, and the agent is named', async t => {
	let n = 0;
	const check = tcpCheck(9);
	const agent = await startLyingAgent(t, {
		onSync: body =>
			honestAnswer({
				list: (body.list as {version: string} | undefined)?.version ?? null,
				outcomes: body.list
					? [
							wireOutcome(++n, 'http/somewhere/else'),
							wireOutcome(++n, check.key),
							wireOutcome(++n, check.key, {verdict: 'splendid'}),
							wireOutcome(++n, check.key, {reading: {ok: true, values: {x: 'y'}, facts: {}}}),
							wireOutcome(++n, check.key, {durationMs: 99_999, ageMs: 100_000}),
							wireOutcome(++n, check.key, {reading: {ok: true, phases: {connect: 10_000}, values: {}, facts: {}}}),
							wireOutcome(++n, check.key, {
								reading: {ok: true, phases: {connect: 0.6, tls: 0.6, transfer: 0.6}, values: {}, facts: {}},
							}),
							wireOutcome(++n, check.key, {detail: 'two\nlines \u001b[31m'}),
							wireOutcome(1, check.key),
						]
					: [],
			}),
	});
	const {vantage, outcomes, bugs} = startDaemonSide(t, agent.port);
	await until(() => vantage.state().condition === 'sound');

	vantage.assign([check]);
	await until(() => outcomes.length > 0);

	t.deepEqual(
		outcomes.map(({verdict, detail}) => [verdict, detail]),
		[
			['up', undefined],
			['up', 'two lines  [31m'],
		],
	);
	t.like(vantage.state(), {condition: 'sick', intake: {rejected: {foreign: 1, malformed: 5, excess: 0}, lost: 0}});
	t.regex(vantage.state().detail ?? '', /sends what nobody asked it for.*1 outcome foreign/);
	t.deepEqual(bugs, []);
});

test('of a million readings a few hundred are looked at, and of one check no more than its schedule makes', async t => {
	const check = tcpCheck(9, {intervalMs: 60_000, timeoutMs: 5000});
	let n = 0;
	const agent = await startLyingAgent(t, {
		onSync: body =>
			honestAnswer({
				outcomes: body.list ? Array.from({length: 3000}, () => wireOutcome(++n, check.key)) : [],
			}),
	});
	const {vantage, outcomes} = startDaemonSide(t, agent.port);
	await until(() => vantage.state().condition === 'sound');

	vantage.assign([check]);
	await until(() => outcomes.length > 0);

	t.is(outcomes.length, 70);
	t.is(vantage.state().intake?.rejected.excess, 2930);
});

for (const [what, lie] of [
	['an endless answer', (write: (text: string) => void) => write('{"outcomes":[')],
	['a deep answer', undefined],
] as const)
	test(`${what} is not read to its end, and is counted`, async t => {
		const agent = await startLyingAgent(t, {
			onSync(body, response) {
				if (body.waitMs === 0) return honestAnswer();
				if (!lie) return '['.repeat(100_000);
				response.writeHead(200);
				lie(text => response.write(text));
				const pour = () => {
					while (!response.destroyed && response.write('{"n":1},'.repeat(5000)));
				};
				response.on('drain', pour);
				pour();
				return undefined;
			},
		});
		const {vantage, bugs} = startDaemonSide(t, agent.port);

		await until(() => vantage.state().condition === 'gone');

		t.regex(vantage.state().detail ?? '', /as that of no honest agent does/);
		t.true((vantage.state().intake?.rejected.excess ?? 0) >= 1);
		t.deepEqual(bugs, []);
	});

test('an answer that is not proved is not taken', async t => {
	const agent = await startLyingAgent(t, {proof: 'x'.repeat(43)});
	const {vantage} = startDaemonSide(t, agent.port);

	await until(() => vantage.state().condition === 'gone');

	t.regex(vantage.state().detail ?? '', /does not prove that it is our agent/);
});

test('the list goes to nobody who has not proved to have the secret', async t => {
	const agent = await startLyingAgent(t, {secret: anotherSecret});
	const {vantage} = startDaemonSide(t, agent.port);
	vantage.assign([tcpCheck(9)]);

	await until(() => vantage.state().condition === 'gone');

	t.deepEqual(agent.asked, []);
	t.regex(vantage.state().detail ?? '', /has another secret/);
});

test('an agent of another protocol cannot be used, and the sentence says who is to be updated', async t => {
	const agent = await startLyingAgent(t, {protocol: 2});
	const {vantage} = startDaemonSide(t, agent.port);

	await until(() => vantage.state().condition === 'gone');

	t.like(vantage.state(), {unsupported: true});
	t.regex(vantage.state().detail ?? '', /speaks protocol 2, and we speak 1: update this tailprobe/);
});

/** A server that answers each request with this; whoever has the port can be one. */
async function startStranger(
	t: ExecutionContext,
	status: number,
	body: object,
): Promise<{port: number; asked: number}> {
	const text = JSON.stringify(body);
	const stranger = {port: 0, asked: 0};
	const server = createHttpServer((_, response) => {
		stranger.asked++;
		response.writeHead(status, {'content-length': Buffer.byteLength(text)}).end(text);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	stranger.port = (server.address() as AddressInfo).port;
	t.teardown(() => {
		server.closeAllConnections();
		server.close();
	});
	return stranger;
}

test('who only says that it speaks another protocol is asked again as usual', async t => {
	const hello = {tailprobe: 'agent', protocol: 2, boot: '0'.repeat(32), nowMs: 1};
	const stranger = await startStranger(t, 200, hello);
	const {vantage} = startDaemonSide(t, stranger.port, {times: {firstBackoffMs: 20, maxBackoffMs: 600_000}});

	await until(() => stranger.asked >= 3);

	t.is(vantage.state().unsupported, undefined);
	t.regex(
		vantage.state().detail ?? '',
		/^Something at 127\.0\.0\.1 port \d+ says that it is an agent of protocol 2, and does not prove/,
	);
});

for (const code of refusalCodes)
	test(`who only says "${code}" in place of a hello is not believed`, async t => {
		const stranger = await startStranger(t, 503, {refused: code});
		const {vantage} = startDaemonSide(t, stranger.port, {times: {firstBackoffMs: 20, maxBackoffMs: 600_000}});

		await until(() => stranger.asked >= 3 && vantage.state().condition === 'gone');

		t.is(vantage.state().unsupported, undefined);
		t.regex(
			vantage.state().detail ?? '',
			/^Something at 127\.0\.0\.1 port \d+ says that it .*[.?] It does not prove that it is our agent\.$/,
		);
	});

for (const isProved of [false, true])
	test(`another daemon has the agent only where the agent ${isProved ? 'proves' : 'would prove'} that`, async t => {
		const text = JSON.stringify({refused: 'superseded'});
		const agent = await startLyingAgent(t, {
			onSync(_, response) {
				const nonce = String(response.req.headers[proofHeaders.nonce]);
				const claim = {status: 409, boot: agent.boot, nonce, bodyHash: hashOf(text)};
				const proof = proveAnswer(isProved ? aSecret : anotherSecret, claim);
				response.writeHead(409, {[proofHeaders.proof]: proof, 'content-length': text.length}).end(text);
				return undefined;
			},
		});
		const {vantage} = startDaemonSide(t, agent.port);

		await until(() => vantage.state().condition === 'gone');

		t.regex(
			vantage.state().detail ?? '',
			isProved
				? /^The agent at .* was taken over by another daemon with the same secret/
				: /^Something at .* says that it was taken over .* does not prove that it is our agent/,
		);
	});

test('an address outside the tailnet is not dialled', async t => {
	const member = {name: 'june-gpu-1', group: 'gpu', address: '192.0.2.7'};
	const {vantage} = startDaemonSide(t, 9754, {member});

	await until(() => vantage.state().condition === 'gone');

	t.regex(vantage.state().detail ?? '', /is not dialled: 192\.0\.2\.7 is outside the tailnet/);
});

test('an agent in the tailnet is dialled through the SOCKS5 proxy by its very address', async t => {
	const proxy = await startSocks5(t, {onRequest: Buffer.from([5, 1, 0, 1, 0, 0, 0, 0, 0, 0])});
	const {vantage} = startDaemonSide(t, 9754, {
		member: {name: 'june-gpu-1', group: 'gpu', address: '100.64.0.7'},
		dial: {
			socks5: proxy.address,
			tailnet: {prefixes: ['100.64.0.0/10'], dnsServer: '100.100.100.100', overheadObjectiveSeconds: 0.01},
			allowLoopback: false,
		},
	});

	await until(() => vantage.state().condition === 'gone');

	t.deepEqual(proxy.asked[0], {address: '100.64.0.7', port: 9754, type: 1});
	t.regex(vantage.state().detail ?? '', /100\.64\.0\.7 port 9754 cannot be reached: tailscaled's SOCKS5 proxy/);
});

test('a member without an address has no agent that could be dialled', async t => {
	const {vantage} = startDaemonSide(t, 9754, {member: {name: 'june-gpu-1', group: 'gpu'}});

	await until(() => vantage.state().condition === 'gone');

	t.like(vantage.state(), {unsupported: true});
});

function wireOutcome(n: number, key: string, over: object = {}): object {
	return {n, key, ageMs: 20, durationMs: 10, latenessMs: 0, late: false, kind: 'scheduled', verdict: 'up', ...over};
}
