import {once} from 'node:events';
import {connect} from 'node:net';
import {mock} from 'node:test';
import test from 'ava';
import {hadLine, keepLine, takeLine} from '../../../src/probes/http/kept-lines.ts';
import {serve} from '../../helpers/servers.ts';
import {until} from '../../helpers/until.ts';

test.serial('a connection that nobody asks for within five minutes is closed', async t => {
	const server = await serve(t, {});
	const plain = connect(server.port, '127.0.0.1');
	await once(plain, 'connect');
	await until(() => server.open.size === 1);
	mock.timers.enable({apis: ['setTimeout']});
	t.teardown(() => mock.timers.reset());

	keepLine('a', {plain, socket: plain, address: '127.0.0.1', facts: {}, values: {}});
	mock.timers.tick(299_000);
	const kept = !plain.writableEnded && !plain.destroyed;
	mock.timers.tick(2000);
	mock.timers.reset();

	t.true(kept);
	t.is(takeLine('a'), undefined);
	t.true(hadLine('a'));
	await until(() => plain.destroyed && server.open.size === 0);
});
