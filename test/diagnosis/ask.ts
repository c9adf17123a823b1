import test, {type ExecutionContext} from 'ava';
import {type AskTools, askAround} from '../../src/diagnosis/ask.ts';
import {scenesOf} from '../../src/diagnosis/diagnose.ts';
import {sceneOfCheck} from '../../src/diagnosis/scene.ts';
import type {Subject} from '../../src/diagnosis/types.ts';
import type {Check, Outcome} from '../../src/engine/types.ts';
import type {CheckView} from '../../src/server/types.ts';
import {systemClock} from '../../src/util/clock.ts';
import type {Vantage} from '../../src/vantages/types.ts';
import {aNode, aNodeView, anOutcome, aReading} from '../helpers/fake-daemon.ts';
import {aLink, aTunnel, aWorld, isDown, isUp} from '../helpers/scenes.ts';

interface Run {
	check: Check;
	deadlineMs: number;
	signal: AbortSignal | undefined;
}

const link = aLink();
const subject: Subject = {kind: 'check', check: link};
const socket = '/run/tailscaled.sock';

/** A vantage that answers as told, and notes what it was asked. */
function aRunner(name: string, ran: Run[], answer: (run: Run) => Promise<Outcome> | Outcome): Vantage {
	return {
		name,
		async run(check: Check, deadlineMs: number, signal?: AbortSignal) {
			const run = {check, deadlineMs, signal};
			ran.push(run);
			return answer(run);
		},
	} as unknown as Vantage;
}

const upOf = ({check}: Run) => anOutcome({key: check.key, kind: 'adhoc', reading: aReading()});
const never = () => new Promise<never>(() => {});

function setUp(
	t: ExecutionContext,
	part: Partial<AskTools> & {
		answer?: (run: Run) => Promise<Outcome> | Outcome;
		checks?: readonly CheckView[];
		addresses?: readonly string[];
	} = {},
) {
	const {
		answer = upOf,
		checks = [isDown(link, 'timeout'), isUp(aTunnel())],
		addresses = ['100.64.0.11'],
		...rest
	} = part;
	const ran: Run[] = [];
	const world = aWorld(checks, {
		nodes: () => [aNodeView({node: aNode({name: 'june-gpu-1', addresses})})],
		landmarks: () => ({headscale: [], dnsServer: '100.100.100.100', tailscaledSockets: {cluster: socket}}),
	});
	const tools: AskTools = {
		clock: systemClock,
		vantages: () => [aRunner('cluster', ran, answer)],
		prefixes: () => ['100.64.0.0/10'],
		refreshHeadscale: () => undefined,
		askPeer: async () => ({kind: 'missing'}),
		askBigPings: async () => ({bytes: 1280, sent: 4, answered: 4}),
		onBug: text => t.fail(text),
		...rest,
	};
	const ask = (signal: AbortSignal = new AbortController().signal, about: Subject = subject) =>
		askAround(about, scenesOf(world, about), tools, signal);
	return {ask, ran};
}

test('everything around the link is run as configured and told by its key', async t => {
	const {ask, ran} = setUp(t);

	const {outcomes, durationMs, unasked} = await ask();

	t.deepEqual([...outcomes.keys()].toSorted(), ['tts/cluster/june-gpu-1', 'tunnel/cluster/june-gpu-1']);
	t.is(outcomes.get(link.key)?.key, link.key);
	t.deepEqual(ran.find(({check}) => check.name === 'tts')?.check, {...link, key: `diagnosis/${link.key}`});
	t.true(durationMs >= 0);
	t.deepEqual(unasked, []);
});

test('the target is also dialled by its address, and its name asked of MagicDNS', async t => {
	const {ask} = setUp(t);

	const {byAddress, byMagicDns} = await ask();

	t.is(byAddress?.key, 'diagnosis/cluster/by-address');
	t.is(byMagicDns?.key, 'diagnosis/cluster/by-name');
});

test('tailscaled is asked about the peer by its address, and with big pings where small things pass', async t => {
	const asked: unknown[] = [];
	const tools: Partial<AskTools> = {
		async askPeer({socketPath, peer}) {
			asked.push([socketPath, peer]);
			return {kind: 'missing'};
		},
		async askBigPings({socketPath, address}) {
			asked.push([socketPath, address]);
			return {bytes: 1280, sent: 4, answered: 0};
		},
	};

	const fresh = await setUp(t, tools).ask();
	const down = await setUp(t, {...tools, checks: [isDown(link, 'timeout'), isDown(aTunnel(), 'timeout')]}).ask();

	t.deepEqual(asked, [
		[socket, '100.64.0.11'],
		[socket, '100.64.0.11'],
		[socket, '100.64.0.11'],
	]);
	t.deepEqual(fresh.peer, {kind: 'missing'});
	t.is(fresh.bigPing?.answered, 0);
	t.is(down.bigPing, undefined);
});

test('nobody is sent pings because headscale lists an address outside the tailnet', async t => {
	const asked: string[] = [];
	const tools: Partial<AskTools> = {
		askBigPings: async ({address}) => void asked.push(address),
		async askPeer({peer}) {
			asked.push(peer);
			return {kind: 'missing'};
		},
	};
	const wrong = ['169.254.169.254', '127.0.0.1', '10.66.0.1'];

	await setUp(t, {...tools, addresses: wrong}).ask();
	await setUp(t, {...tools, addresses: [...wrong, '100.64.0.12']}).ask();

	t.deepEqual(
		asked.filter(address => address !== '100.64.0.12'),
		['june-gpu-1'],
		'of the first tailscaled is asked by name, and nothing is pinged',
	);
});

test('big pings beside a tunnel that is down by now are left out', async t => {
	const {ask} = setUp(t, {
		answer: run => (run.check.type === 'tunnel' ? {...upOf(run), verdict: 'down', reason: 'timeout'} : upOf(run)),
	});

	const {bigPing, peer} = await ask();

	t.is(bigPing, undefined);
	t.deepEqual(peer, {kind: 'missing'});
});

test("what another machine's tailscaled knows cannot be asked, and that is said", async t => {
	const own = aLink({vantage: 'office'});
	const ran: Run[] = [];
	const {ask} = setUp(t, {
		checks: [isDown(own, 'timeout')],
		vantages: () => [aRunner('office', ran, upOf)],
		askPeer: async () => t.fail('asked') as never,
	});

	const {peer, unasked} = await ask(undefined, {kind: 'check', check: own});

	t.is(peer, undefined);
	t.deepEqual(unasked, [
		'What tailscaled on office knows of june-gpu-1: only that of a local vantage with its socket is asked.',
	]);
});

test('what was asked of one node or link is seen by no other', async t => {
	const {ask} = setUp(t);
	const other = aLink({name: 'stt', target: {name: 'june-gpu-2', peer: 'june-gpu-2'}});
	const views = [isDown(link, 'timeout'), isDown(aLink({name: 'stt'}), 'timeout'), isDown(other, 'timeout')] as const;
	const fresh = await ask();
	const world = aWorld(views, {fresh});

	const [own, neighbour, stranger] = views.map(view => sceneOfCheck(world, world.look(view)).world.fresh);

	t.deepEqual(own, fresh);
	t.deepEqual([neighbour?.peer, neighbour?.bigPing], [fresh.peer, fresh.bigPing]);
	t.is(neighbour?.byAddress ?? neighbour?.byMagicDns, undefined);
	t.is(stranger?.peer ?? stranger?.bigPing ?? stranger?.byAddress ?? stranger?.byMagicDns, undefined);
	t.is(stranger?.outcomes, fresh.outcomes);
});

test('of a node our own tailscaled is asked, whoever looks at it first', async t => {
	const {ask} = setUp(t, {
		checks: [isDown(aLink({vantage: 'office'}), 'timeout')],
		vantages: () => [aRunner('office', [], upOf)],
	});

	const {peer, byAddress, byMagicDns} = await ask(undefined, {kind: 'node', node: 'june-gpu-1'});

	t.deepEqual(peer, {kind: 'missing'});
	t.is(byAddress ?? byMagicDns, undefined);
});

test('headscale is read anew, and may hang', async t => {
	let reads = 0;
	const read = async () => void reads++;

	await setUp(t, {refreshHeadscale: () => read}).ask();
	const {unasked, outcomes} = await setUp(t, {refreshHeadscale: () => never, budgetMs: 200}).ask();

	t.is(reads, 1);
	t.deepEqual(unasked, ['headscale did not answer in time.']);
	t.is(outcomes.size, 2);
});

test('a run that hangs, or that we cut short, is no outcome and is said to be missing', async t => {
	const slow = aLink({name: 'slow', timeoutMs: 30_000});
	const gone = aLink({name: 'gone', vantage: 'moon'});
	const {ask} = setUp(t, {
		budgetMs: 1300,
		checks: [isDown(link, 'timeout'), isUp(aTunnel()), isUp(slow), isUp(gone)],
		answer(run) {
			if (run.check.type === 'tunnel') return never();
			const {key} = run.check;
			if (run.check.name === 'slow') return anOutcome({key, verdict: 'down', reason: 'timeout'});
			return anOutcome({key, verdict: 'down', reason: 'refused'});
		},
	});

	const {outcomes, unasked} = await ask();

	t.deepEqual([...outcomes.keys()], [link.key]);
	t.deepEqual(unasked.toSorted(), [
		'gone june-gpu-1 from moon: there is no vantage moon any more.',
		'slow june-gpu-1 from cluster did not end within the 0.3 s that a diagnosis has for it.',
		'tunnel june-gpu-1 from cluster did not end within the 0.3 s that a diagnosis has for it.',
	]);
});

test('that nobody could look is an outcome of a check, and none of what is asked aside', async t => {
	const {ask} = setUp(t, {
		answer: ({check: {key}}) =>
			anOutcome({key, verdict: 'unknown', reason: 'vantage', detail: 'tailscaled is not connected'}),
	});

	const {outcomes, byAddress, byMagicDns, unasked} = await ask();

	t.is(outcomes.get(link.key)?.verdict, 'unknown');
	t.is(byAddress ?? byMagicDns, undefined);
	t.deepEqual(unasked, ['tailscaled is not connected.']);
});

test('one who leaves ends it at once, with what there is', async t => {
	const leaving = new AbortController();
	const {ask, ran} = setUp(t, {
		budgetMs: 3_600_000,
		answer: run => (run.check.type === 'tunnel' ? never() : upOf(run)),
	});

	const asking = ask(leaving.signal);
	leaving.abort();
	const {outcomes} = await asking;

	t.false(outcomes.has('tunnel/cluster/june-gpu-1'));
	t.true(ran.every(({signal}) => signal?.aborted));
});

test('an error of ours is reported, and spoils nothing else', async t => {
	const bugs: string[] = [];
	const {ask} = setUp(t, {
		onBug: text => bugs.push(text),
		askPeer: async () => {
			throw new TypeError('made up');
		},
	});

	const {outcomes, unasked} = await ask();

	t.is(outcomes.size, 2);
	t.regex(bugs.join(), /made up/);
	t.deepEqual(unasked, ['tailscaled on cluster: made up.']);
});
