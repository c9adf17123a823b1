import test from 'ava';
import {createSourceLog, type SourceTry} from '../../src/sinks/source-log.ts';
import {createLog} from '../../src/util/log.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

function setUp() {
	const lines: Record<string, unknown>[] = [];
	const output = {write: (line: string) => void lines.push(JSON.parse(line)), isTTY: false};
	const clock = fakeClock();
	const sourceLog = createSourceLog(createLog({level: 'info', format: 'json'}, output as never), clock);
	const tried = (name: string, part: Partial<SourceTry> = {}) =>
		sourceLog.tried({name: `headscale-${name}`, system: 'headscale', place: 'url', ...part});
	/** What each line says: message and names. */
	const said = () => lines.map(({msg, source, sources}) => `${msg}: ${sources ?? source}`);
	return {lines, clock, sourceLog, tried, said};
}

const refused = {error: 'GET https://hs/health failed: nothing listens there.', failure: 'unanswered'} as const;
const unauthorised = {error: 'Refused with 401.', failure: 'status 401'} as const;

test('an outage is one line at its begin and one at its end, though its parts are read at different times', async t => {
	const {lines, clock, tried, said} = setUp();

	for (const name of ['health', 'nodes']) tried(name, refused);
	tried('metrics', {...refused, place: 'metrics_url'});
	await clock.advance(40_000);
	for (const name of ['users', 'policy', 'key']) tried(name, refused);
	await clock.advance(10_000);
	for (const name of ['health', 'nodes', 'metrics', 'users', 'policy', 'key'])
		tried(name, name === 'metrics' ? {place: 'metrics_url'} : {});
	await clock.advance(5000);

	t.deepEqual(said(), [
		'sources fail: headscale-health,headscale-nodes,headscale-metrics',
		'sources work again: headscale-metrics,headscale-health,headscale-nodes,headscale-users,headscale-policy,headscale-key',
	]);
	t.like(lines[0], {source: 'headscale', detail: refused.error});
	t.is(lines[1]?.failed_for, '50 s');
});

test('a source that fails for a cause of its own has lines of its own', async t => {
	const {clock, tried, said} = setUp();

	tried('policy', {error: 'It is no policy.'});
	tried('users', {error: 'It is no user list.'});
	await clock.advance(5000);
	tried('policy');
	await clock.advance(5000);

	t.deepEqual(said(), [
		'source fails: headscale-policy',
		'source fails: headscale-users',
		'source works again: headscale-policy',
	]);
});

test('another address that stops to answer later is told', async t => {
	const {clock, tried, said} = setUp();

	tried('metrics', {...refused, place: 'metrics_url'});
	await clock.advance(5000);
	tried('health', refused);
	await clock.advance(5000);

	t.deepEqual(said(), ['source fails: headscale-metrics', 'source fails: headscale-health']);
});

test('those that are refused later with the same status are told by name, together', async t => {
	const {lines, clock, tried, said} = setUp();

	tried('nodes', unauthorised);
	await clock.advance(40_000);
	for (const name of ['users', 'policy']) tried(name, {...unauthorised, error: `${name} was refused with 401.`});
	await clock.advance(5000);

	t.deepEqual(said(), ['source fails: headscale-nodes', 'sources fail: headscale-users,headscale-policy']);
	t.is(lines[1]?.detail, 'users was refused with 401.');
});

test('what fails in another way is told when it did so twice, and does not work again in between', async t => {
	const {clock, tried, said} = setUp();
	tried('nodes', refused);
	await clock.advance(5000);

	for (const failure of [unauthorised, refused, unauthorised]) {
		tried('nodes', failure);
		await clock.advance(5000);
	}
	t.is(said().length, 1);
	tried('nodes', unauthorised);
	await clock.advance(5000);
	tried('nodes');
	await clock.advance(5000);

	t.deepEqual(said(), [
		'source fails: headscale-nodes',
		'source fails: headscale-nodes',
		'source works again: headscale-nodes',
	]);
});

test('a tailscaled of one vantage says nothing of that of another', async t => {
	const {lines, clock, sourceLog} = setUp();

	for (const vantage of ['cluster', 'edge'])
		for (const name of ['tailscaled-status', 'tailscaled-health'])
			sourceLog.tried({name, system: 'tailscaled', vantage, error: `${name} hangs.`, failure: 'unanswered'});
	await clock.advance(5000);

	t.deepEqual(
		lines.map(({vantage, sources}) => [vantage, sources]),
		['cluster', 'edge'].map(vantage => [vantage, ['tailscaled-status', 'tailscaled-health']]),
	);
});

test('begin, end and begin again within a second are told in their order', async t => {
	const {clock, tried, said} = setUp();

	tried('health', refused);
	tried('health');
	tried('health', refused);
	await clock.advance(5000);

	t.deepEqual(said(), [
		'source fails: headscale-health',
		'source works again: headscale-health',
		'source fails: headscale-health',
	]);
	t.is(clock.pending(), 0);
});

test('what is gathered is told at the end, and leaves no timer', t => {
	const {clock, sourceLog, tried, said} = setUp();

	tried('health', refused);
	sourceLog.flush();

	t.deepEqual(said(), ['source fails: headscale-health']);
	t.is(clock.pending(), 0);
});
