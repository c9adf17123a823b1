import {join} from 'node:path';
import test from 'ava';
import {fakeDaemon} from '../../helpers/fake-daemon.ts';
import {guard, hashOf} from '../../helpers/guarded.ts';
import {until} from '../../helpers/until.ts';

const withAlice = (password = 'right') => `basic_auth_users: {alice: "${hashOf(password)}"}`;
const token = 'a-token-of-enough-characters';
const aToken = {
	files: {token},
	tokens: (folder: string) => [{name: 'prometheus', secret: {file: join(folder, 'token')}}],
};

test('with a password everything answers beyond loopback, but to nobody without it, except that we live', async t => {
	const {ask} = await guard(t, {web: withAlice()});

	for (const path of ['/', '/metrics', '/probe?target=x', '/api/v1/status', '/page.js']) {
		t.is((await ask(path, {auth: 'alice:right'})).status, 200, path);
		for (const auth of ['alice:wrong', 'bob:right', 'alice:', ':', 'alice:right ', 'ALICE:right'])
			t.not((await ask(path, {auth, headers: {'X-Forwarded-For': '127.0.0.1'}})).status, 200, `${path} ${auth}`);
		t.is((await ask(path)).status, 401, path);
	}
	t.is((await ask('/nothing')).status, 401);
	t.is((await ask('/-/reload', {method: 'POST'})).status, 401);
	t.is((await ask('/-/healthy')).status, 200);
	t.is((await ask('/-/ready')).status, 200);
});

test('loopback is no proof: there the password is asked for as well, and the Host header is judged first', async t => {
	const {ask, refused} = await guard(t, {web: withAlice(), listenHost: '127.0.0.1'});

	t.is((await ask('/metrics')).status, 401);
	t.is((await ask('/metrics', {auth: 'alice:right'})).status, 200);
	t.is((await ask('/metrics', {auth: 'alice:right', headers: {Host: 'evil.example'}})).status, 403);
	t.is((await ask('/-/healthy', {headers: {Host: 'evil.example'}})).status, 403);
	t.like(Object.fromEntries(refused), {host: 2, unauthenticated: 1});
});

test('who is sent away learns in a sentence what to bring, as problem+json below /api', async t => {
	const {ask} = await guard(t, {web: withAlice(), ...aToken});

	const plain = await ask('/metrics');
	const json = await ask('/api/v1/status', {auth: 'alice:wrong'});

	t.is(plain.headers['www-authenticate'], 'Basic realm="tailprobe", charset="UTF-8", Bearer realm="tailprobe"');
	t.is(plain.body, 'tailprobe asks who you are: come with a user name and password or a bearer token.\n');
	t.is(json.status, 401);
	t.regex(json.headers['content-type'] ?? '', /^application\/problem\+json/);
	t.like(JSON.parse(json.body), {status: 401, title: 'Unauthorized'});
});

test('user names and passwords may have any characters that Basic can carry', async t => {
	const {ask} = await guard(t, {web: `basic_auth_users: {"zoë": "${hashOf('pä:ss:')}"}`});

	t.is((await ask('/metrics', {auth: 'zoë:pä:ss:'})).status, 200);
	t.is((await ask('/metrics', {auth: 'zoë:pä:ss'})).status, 401);
});

test('a bearer token opens the door under its name, and a new one in its file replaces it at once', async t => {
	const daemon = fakeDaemon();
	const {ask, write} = await guard(t, {...aToken, view: daemon});

	t.is((await ask('/probe?target=x', {token})).status, 200);
	t.is((await ask('/probe?target=x', {token: `${token}x`})).status, 401);
	t.is((await ask('/probe?target=x', {auth: `prometheus:${token}`})).status, 401);
	write('token', 'another-token-of-enough-characters\n');
	t.is((await ask('/probe?target=x', {token})).status, 401);
	t.is((await ask('/probe?target=x', {token: 'another-token-of-enough-characters'})).status, 200);
	write('token', '');
	t.is((await ask('/probe?target=x', {token: 'another-token-of-enough-characters'})).status, 401);
	t.is((await ask('/probe?target=x', {token: ''})).status, 401);

	t.deepEqual(
		daemon.asked.map(({caller, callerAddress}) => [caller, callerAddress]),
		[
			['prometheus', '127.0.0.1'],
			['prometheus', '127.0.0.1'],
		],
	);
});

test('a password that was changed or taken away opens nothing any more, at once and although it was right before', async t => {
	const {ask, write} = await guard(t, {web: withAlice()});
	t.is((await ask('/metrics', {auth: 'alice:right'})).status, 200);

	write('web.yml', withAlice('other'));

	t.is((await ask('/metrics', {auth: 'alice:right'})).status, 401);
	t.is((await ask('/metrics', {auth: 'alice:other'})).status, 200);
	write('web.yml', `basic_auth_users: {bob: "${hashOf('right')}"}`);
	t.is((await ask('/metrics', {auth: 'alice:other'})).status, 401);
});

for (const [broken, text] of [
	['that is no YAML', 'a: ['],
	['with a key that does not exist', `${withAlice()}\nbasic_auth_user: {}`],
	['that is empty, as in the middle of being written', ''],
	['without its users', 'rate_limit: {interval: 1s, burst: 5}'],
] as const)
	test(`a file ${broken} lets nobody in, and says so in the log, until it is right again`, async t => {
		const {ask, write, log, door} = await guard(t, {web: withAlice()});
		t.is((await ask('/metrics', {auth: 'alice:right'})).status, 200);

		write('web.yml', text);

		for (const auth of ['alice:right', undefined]) {
			const {status, body} = await ask('/metrics', auth === undefined ? {} : {auth});
			t.is(status, 500);
			t.regex(body, /^The web configuration of tailprobe cannot be used, so nobody is let in/);
		}
		t.is((await ask('/-/healthy')).status, 200);
		t.is(log.filter(({event}) => event === 'the web configuration cannot be used, nobody is let in').length, 1);
		t.regex(door.problems().join(), /^Nobody is let in, as the web configuration cannot be used: /);
		write('web.yml', withAlice());
		t.is((await ask('/metrics', {auth: 'alice:right'})).status, 200);
		t.deepEqual(door.problems(), []);
		t.like(log.at(-1), {event: 'the web configuration was read again', level: 'info'});
	});

for (const [what, more] of [
	['its rate_limit', 'rate_limit: {interval: 1ms, burst: 100}'],
	['users that came while we ran', withAlice()],
] as const)
	test(`a file that loses ${what} lets nobody in until they are back`, async t => {
		const rest = what === 'its rate_limit' ? withAlice() : 'http_server_config: {}';
		const {ask, write, door} = await guard(t, {web: rest});
		write('web.yml', `${rest}\n${more}`);
		t.is((await ask('/metrics', {auth: 'alice:right'})).status, 200);

		write('web.yml', rest);

		t.is((await ask('/metrics', {auth: 'alice:right'})).status, 500);
		t.is((await ask('/-/healthy')).status, 200);
		t.regex(door.problems().join(), /restart tailprobe/);
		write('web.yml', `${rest}\n${more}`);
		t.is((await ask('/metrics', {auth: 'alice:right'})).status, 200);
	});

test('the rate of all requests is judged before any password, and never holds back that we live', async t => {
	const {ask, refused} = await guard(t, {web: `${withAlice()}\nrate_limit: {interval: 1h, burst: 2}`});

	const statuses = [];
	for (let at = 0; at < 4; at++) statuses.push((await ask('/metrics', {auth: 'alice:wrong'})).status);
	const limited = await ask('/api/v1/status');

	t.deepEqual(statuses, [401, 401, 429, 429]);
	t.regex(limited.headers['retry-after'] ?? '', /^3[56]\d\d$/);
	t.like(JSON.parse(limited.body), {status: 429, title: 'Too Many Requests'});
	t.is((await ask('/-/healthy')).status, 200);
	t.is(refused.get('rate'), 3);
});

test('a flood of wrong passwords is turned away, holds back neither whoever is known nor that we live, and fills no log', async t => {
	const {ask, log, refused} = await guard(t, {web: `basic_auth_users: {alice: "${hashOf('right', 8)}"}`});
	t.is((await ask('/metrics', {auth: 'alice:right'})).status, 200);

	const flood = Array.from({length: 200}, (_, at) => ask('/metrics', {auth: `alice:wrong${at}`}));
	const known = await Promise.all([ask('/metrics', {auth: 'alice:right'}), ask('/-/healthy'), ask('/-/ready')]);
	const statuses = (await Promise.all(flood)).map(({status}) => status);

	t.deepEqual(
		known.map(({status}) => status),
		[200, 200, 200],
	);
	t.true(statuses.filter(status => status === 401).length <= 10);
	t.true(statuses.every(status => [401, 429, 503].includes(status)));
	t.is(
		[...refused.values()].reduce((sum, count) => sum + count),
		200,
	);
	t.true(log.length < 10, `${log.length} lines`);
});

test('two hundred scrapes that begin together with a password that is not known yet all come in', async t => {
	const {ask} = await guard(t, {web: `basic_auth_users: {alice: "${hashOf('right', 10)}"}`});

	const answers = await Promise.all(Array.from({length: 200}, () => ask('/api/v1/status', {auth: 'alice:right'})));

	t.true(answers.every(({status}) => status === 200));
});

test('each caller may start only so much, by name, and a scrape counts for nothing', async t => {
	const {ask, refused} = await guard(t, {
		web: `basic_auth_users: {alice: "${hashOf('a')}", bob: "${hashOf('b')}"}`,
		rate: {count: 2, perMs: 3_600_000},
	});

	const statuses = [];
	for (const auth of ['alice:a', 'alice:a', 'alice:a', 'bob:b'])
		statuses.push((await ask('/probe?target=x', {auth})).status);
	const limited = await ask('/-/reload', {auth: 'alice:a', method: 'POST', headers: {Accept: 'application/json'}});

	t.deepEqual(statuses, [200, 200, 429, 200]);
	t.is(limited.status, 429);
	t.regex(limited.headers['retry-after'] ?? '', /^1[78]\d\d$/);
	t.regex(JSON.parse(limited.body).detail, /adhoc\.rate .* Try again in \d+ s\.$/);
	t.is((await ask('/metrics', {auth: 'alice:a'})).status, 200);
	t.is(refused.get('caller_rate'), 2);
});

test('a page of another site starts nothing, whatever password the browser sends along', async t => {
	const daemon = fakeDaemon();
	const {ask, port} = await guard(t, {web: withAlice(), view: daemon});
	const Host = `tailprobe.example:${port}`;

	for (const headers of [
		{'Sec-Fetch-Site': 'cross-site'},
		{'Sec-Fetch-Site': 'same-site'},
		{Origin: 'https://evil.example'},
		{Origin: 'null'},
		{Origin: `http://tailprobe.example.evil.example:${port}`},
	] as Record<string, string>[]) {
		t.is((await ask('/probe?target=x', {auth: 'alice:right', headers: {...headers, Host}})).status, 403);
		t.is((await ask('/-/reload', {auth: 'alice:right', method: 'POST', headers: {...headers, Host}})).status, 403);
	}
	t.is(daemon.asked.length + daemon.reloads, 0);
	for (const Origin of [`http://${Host}`, `https://${Host}`])
		t.is((await ask('/probe?target=x', {auth: 'alice:right', headers: {Origin, Host}})).status, 200);
});

test('headers of the web configuration stand on each answer, instead of ours', async t => {
	const {ask} = await guard(t, {
		web: `${withAlice()}\nhttp_server_config: {headers: {X-Frame-Options: deny, Content-Security-Policy: "default-src 'self'"}}`,
	});

	for (const asking of [{}, {auth: 'alice:right'}])
		t.like((await ask('/', asking)).headers, {
			'x-frame-options': 'deny',
			'content-security-policy': "default-src 'self'",
			'x-content-type-options': 'nosniff',
		});
});

test('a refusal names no password and no control characters in the log', async t => {
	const {ask, log} = await guard(t, {web: withAlice()});

	await ask('/metrics', {auth: 'alice\nFORGED:hunter2'});
	await until(() => log.length > 0);

	t.like(log[0], {
		event: 'a request was refused',
		fields: {kind: 'wrong_credentials', caller: '127.0.0.1', path: '/metrics'},
	});
	t.notRegex(JSON.stringify(log), /hunter2|FORGED|YWxpY2/);
});
