import test from 'ava';
import {createDeparted, withDeparted} from '../../src/diagnosis/departed.ts';
import {diagnose} from '../../src/diagnosis/diagnose.ts';
import {createWorld} from '../../src/diagnosis/world.ts';
import {fakeClock} from '../helpers/fake-clock.ts';
import {aNode, aNodeView, aVantage, fakeDaemon} from '../helpers/fake-daemon.ts';
import {aLink, aRemoteVantage, aTunnel, isDown, isUnknown, isUp, someTime} from '../helpers/scenes.ts';

const node = (name: string, address = '100.64.0.9') => aNode({name, addresses: [address]});
const both = [node('gpu1', '100.64.0.8'), node('gpu2')];
const list = (nodes: readonly ReturnType<typeof node>[], part: Parameters<typeof fakeDaemon>[0] = {}) =>
	fakeDaemon({nodes: () => nodes.map(each => aNodeView({node: each})), listedNodes: () => ({nodes}), ...part});

test('a node that left can be asked about for an hour, by whatever it went by', async t => {
	const clock = fakeClock(someTime);
	const departed = createDeparted(clock);
	const tts = aLink({target: {name: 'gpu2', peer: 'gpu2', address: 'http://gpu2:8000'}});

	departed.look(list(both));
	await clock.advance(5000);
	departed.look(list([both[0] ?? node('gpu1')], {checks: () => [isUp(tts), isUp(aLink())]}));

	const {key} = tts;
	for (const text of [
		'gpu2',
		'node GPU2',
		'vantage gpu2',
		'gpu2.tail.example.com.',
		'100.64.0.9',
		key,
		'tts gpu2',
		'tts/gpu2',
	])
		t.like(departed.find(text), {name: 'gpu2', leftAtMs: someTime + 5000}, text);
	t.like(departed.find(`http://127.0.0.1:9753/checks/${encodeURIComponent(key)}?refresh=5`), {name: 'gpu2'});
	t.deepEqual(
		departed.find('gpu2')?.checks.map(({check}) => check.key),
		[key],
	);
	for (const text of ['gpu1', 'gpu', 'gpu22', '']) t.is(departed.find(text), undefined);
	await clock.advance(3_600_001);
	departed.look(list([both[0] ?? node('gpu1')]));
	t.is(departed.find('gpu2'), undefined);
});

test('one that is back has not left, and a list that does not come takes nobody off it', t => {
	const departed = createDeparted(fakeClock(someTime));

	departed.look(list(both));
	departed.look(fakeDaemon({nodes: () => [], listedNodes: () => undefined}));
	t.is(departed.find('gpu2'), undefined);
	departed.look(list([]));
	t.like(departed.find('gpu2'), {name: 'gpu2'});
	departed.look(list(both));

	t.is(departed.find('gpu2'), undefined);
});

test('of thousands that leave at once only some are kept', t => {
	const departed = createDeparted(fakeClock(someTime));
	const many = Array.from({length: 2000}, (_, at) => node(`gpu-${at}`));

	departed.look(list(many));
	departed.look(list([]));

	t.is(many.filter(({name}) => departed.find(name)).length, 200);
});

test('its own record is why, and not that nobody can look from it any more', t => {
	const departed = createDeparted(fakeClock(someTime));
	const tunnel = aTunnel({target: {name: 'gpu2', peer: 'gpu2', address: 'gpu2'}});
	const own = aLink({vantage: 'gpu2', name: 'back'});
	const vantages = () => [
		aVantage(),
		aRemoteVantage({
			name: 'gpu2',
			condition: 'gone',
			leftSinceMs: someTime - 90_000,
			facts: {backendState: 'NeedsLogin'},
		}),
	];

	departed.look(list(both));
	departed.look(list([], {checks: () => [isDown(tunnel, 'timeout'), isUnknown(own, 'vantage')], vantages}));
	const left = departed.find('gpu2');
	t.truthy(left);
	if (!left) return;
	const world = createWorld(withDeparted(list([], {vantages: () => [aVantage()]}), left), someTime);

	const {cause, also} = diagnose(world, {kind: 'node', node: 'gpu2'});

	t.is(left.leftAtMs, someTime - 90_000);
	t.like(cause, {id: 'node-deleted-while-alive', confidence: 'certain', about: 'node gpu2'});
	t.true(also.some(({id}) => id === 'vantage-left'));
});
