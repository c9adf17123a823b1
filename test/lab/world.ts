import test from 'ava';
import {createWorld} from '../../src/lab/world.ts';
import {fakeClock} from '../helpers/fake-clock.ts';

test('a fault goes on once and off once, and each part is waited for', async t => {
	const events: string[] = [];
	const world = createWorld((name, on) => events.push(`${name} ${on}`));
	world.onChange(async now => {
		await new Promise(resolve => setImmediate(resolve));
		events.push(`livekit listens: ${now.services.livekit.listens}`);
	});

	await world.break('livekit-down');
	await world.break('livekit-down');
	await world.heal('livekit-down');

	t.deepEqual(events, ['livekit-down true', 'livekit listens: false', 'livekit-down false', 'livekit listens: true']);
});

test('healing without a name mends everything', async t => {
	const world = createWorld(() => {});
	await world.break('gpu1-derp');
	await world.break('magicdns-dead');

	await world.heal();

	t.is(world.active.size, 0);
	t.true(world.conditions.magicDns.answers);
});

test('an unknown name changes nothing', async t => {
	const world = createWorld(() => t.fail());

	t.false(await world.break('gpu9-on-fire'));
	t.false(await world.heal('gpu9-on-fire'));
});

test('a part that fails is told, and the next change still arrives', async t => {
	const world = createWorld(() => {});
	const seen: boolean[] = [];
	world.onChange(now => {
		seen.push(now.services.livekit.listens);
		if (!now.services.livekit.listens) throw new Error('port taken');
	});

	await t.throwsAsync(world.break('livekit-down'), {message: 'port taken'});
	await world.heal();

	t.deepEqual(seen, [false, true]);
});

test('a restart of headscale mends itself', async t => {
	const clock = fakeClock();
	const events: string[] = [];
	const world = createWorld((name, on) => events.push(`${name} ${on}`), clock);

	await world.break('headscale-restart');
	await clock.advance(5999);
	const during = world.conditions.nodes.livekit.online;
	await clock.advance(1);

	t.false(during);
	t.true(world.conditions.nodes.livekit.online);
	t.deepEqual(events, ['headscale-restart true', 'headscale-restart false']);
});
