import {connect} from 'node:net';
import {join} from 'node:path';
import test from 'ava';
import {createDoor, insistOnDoor} from '../../../src/server/door/door.ts';
import {systemClock} from '../../../src/util/clock.ts';
import {UserError} from '../../../src/util/errors.ts';
import {guard, hashOf, pem} from '../../helpers/guarded.ts';
import {kubeletVolume} from '../../helpers/kubelet-volume.ts';
import {until} from '../../helpers/until.ts';

const users = `basic_auth_users: {alice: "${hashOf('right')}"}`;
const withTls = `tls_server_config: {cert_file: server.crt, key_file: server.key}\n${users}`;
const token = 'a-token-of-enough-characters';

test('a web configuration that is not there yet lets nobody in, and is in force as soon as it is', async t => {
	const {ask, write, log, door} = await guard(t, {web: 'later'});
	t.is((await ask('/metrics', {auth: 'alice:right'})).status, 500);
	t.is((await ask('/-/healthy')).status, 200);
	t.is((await ask('/-/ready')).status, 200);
	t.regex(
		door.problems().join(),
		/^Nobody is let in.*there is no such file\. Put it there, or in a pod create the Secret/,
	);
	t.is(log.filter(({event}) => event === 'the web configuration cannot be used, nobody is let in').length, 1);

	write('web.yml', users);

	t.is((await ask('/metrics')).status, 401);
	t.is((await ask('/metrics', {auth: 'alice:right'})).status, 200);
	t.deepEqual(door.problems(), []);
	t.like(log.at(-1), {event: 'a request was refused'});
	t.true(log.some(({event}) => event === 'the web configuration was read again'));
});

for (const [what, text] of [
	['empty', '\n'],
	['wrong', 'basic_auth_user: {}'],
] as const)
	test(`a web configuration that comes and is ${what} lets nobody in until it is right`, async t => {
		const {ask, write, door} = await guard(t, {web: 'later'});

		write('web.yml', text);

		t.is((await ask('/metrics', {auth: 'alice:right'})).status, 500);
		t.is(door.problems().length, 1);
		write('web.yml', users);
		t.is((await ask('/metrics', {auth: 'alice:right'})).status, 200);
	});

test('a certificate that comes later turns HTTP into HTTPS on the same port, and no password is taken before', async t => {
	const served = await guard(t, {web: 'later'});
	const {ask, write, door, log, port} = served;
	t.regex(served.url, /^http:/);

	write('web.yml', withTls);
	t.is((await ask('/metrics', {auth: 'alice:right'})).status, 500);
	t.regex(door.problems().join(), /no certificate yet: .*server\.crt cannot be read: there is no such file/);
	write('server.crt', pem('good.pem'));
	t.regex(door.problems().join(), /no certificate yet: .*server\.key cannot be read/);
	write('server.key', pem('server.key'));
	const early = await ask('/metrics', {auth: 'alice:right'}).catch(() => undefined);
	// Whether the listener has noticed yet or not.
	t.false(early?.status === 200 && early.subject === undefined);

	await until(async () => (await ask('/metrics', {auth: 'alice:right'}).catch(() => undefined))?.subject === 'CN=good');
	t.is((await ask('/metrics', {auth: 'alice:right'})).status, 200);
	t.is(Number(new URL(served.url).port), port);
	t.deepEqual(door.problems(), []);
	t.is(log.filter(({event}) => event === 'the certificates cannot be used, nobody is let in').length, 2);
	t.is(log.filter(({event}) => event === 'the certificates are there now').length, 1);
});

test('a server that waits for its certificate ends at once', async t => {
	const {port, close} = await guard(t, {web: 'later'});

	await close();

	const socket = connect(port, '127.0.0.1');
	t.is(
		await new Promise(resolve => socket.once('error', error => resolve('code' in error && error.code))),
		'ECONNREFUSED',
	);
});

test('a token that is not there yet opens nothing, and neither does its lack: it opens the door when it comes', async t => {
	const volume = kubeletVolume(t);
	const {ask, door} = await guard(t, {
		tokens: () => [{name: 'operator', secret: {file: volume.path('token')}}],
		listenHost: '127.0.0.1',
	});
	insistOnDoor(door);
	t.is((await ask('/metrics')).status, 401);
	t.is((await ask('/metrics', {token: ''})).status, 401);
	t.regex(door.problems().join(), /^The bearer token operator opens nothing: .* in a pod create the Secret/);

	volume.put({token});

	t.is((await ask('/metrics', {token})).status, 200);
	t.deepEqual(door.problems(), []);
	volume.put({token: `${token}-rotated`});
	t.is((await ask('/metrics', {token})).status, 401);
	t.is((await ask('/metrics', {token: `${token}-rotated`})).status, 200);
	volume.put({});
	t.is((await ask('/metrics', {token: `${token}-rotated`})).status, 401);
});

test('a token that should stand in the environment and does not is a mistake: it can never come', t => {
	const door = createDoor({
		bearerTokens: () => [{name: 'operator', secret: {env: 'TAILPROBE_NO_SUCH_VARIABLE'}}],
		clock: systemClock,
		log() {},
	});
	t.teardown(() => door.stop());

	t.throws(() => insistOnDoor(door), {instanceOf: UserError, message: /TAILPROBE_NO_SUCH_VARIABLE/});
});

test('a web configuration that is there at the start and wrong is every mistake at once', async t => {
	const {folder, write} = await guard(t, {});
	write('web.yml', 'basic_auth_user: {}\nrate_limits: {}\n');

	const error = t.throws(() => createDoor({webConfigPath: join(folder, 'web.yml'), clock: systemClock, log() {}}), {
		instanceOf: UserError,
	});

	t.regex(error.message, /basic_auth_user: .*\n.*rate_limits: /);
});
