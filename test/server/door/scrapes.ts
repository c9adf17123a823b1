import test from 'ava';
import {fakeDaemon} from '../../helpers/fake-daemon.ts';
import {guard} from '../../helpers/guarded.ts';

test('reads of /metrics are remembered, and so is who was turned away from it; nothing else counts', async t => {
	const file = 'a-token-of-enough-characters';
	const {ask, door} = await guard(t, {
		files: {token: file},
		tokens: folder => [{name: 'prometheus', secret: {file: `${folder}/token`}}],
		view: fakeDaemon(),
	});

	await ask('/-/ready');
	await ask('/api/v1/status', {token: file});
	const before = door.scrapes.known();
	await ask('/metrics');
	const refused = door.scrapes.known();
	await ask('/metrics', {token: file});

	t.deepEqual(Object.keys(before), ['sinceMs']);
	t.is(refused.refused?.status, 401);
	t.is(refused.answeredMs, undefined);
	t.true((door.scrapes.known().answeredMs ?? 0) >= before.sinceMs);
	t.is(door.scrapes.known().refused, undefined);
});
