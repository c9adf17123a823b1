import test from 'ava';
import {fakeDaemon, withServer} from '../../helpers/fake-daemon.ts';
import {type Asking, guard, hashOf} from '../../helpers/guarded.ts';

test('sources that fail for the same reason stand together, since the first of them', t => {
	const failing = {ok: false, detail: 'There is no key.'} as const;
	const daemon = fakeDaemon({
		sources: () => [
			{name: 'headscale-nodes', ...failing, failingSince: 2000},
			{name: 'headscale-health', ok: true},
			{name: 'headscale-users', ...failing, failingSince: 1000},
		],
	});
	return withServer(daemon, async ({get}) => {
		const {status, body} = await get('/-/ready');

		t.is(status, 200);
		t.is(
			body,
			'tailprobe is ready.\nsource headscale-nodes, headscale-users: failing since 1970-01-01T00:00:01.000Z: There is no key.\nsource headscale-health: ok\n',
		);
	});
});

test('troubles are told one to a line, never change the status, and are bounded in number and length', t => {
	const troubles = Array.from({length: 1000}, (_, at) => `Trouble ${at}\n${'x'.repeat(5000)}`);
	return withServer(fakeDaemon({troubles: () => troubles}), async ({get}) => {
		const {status, body} = await get('/-/ready');

		t.is(status, 200);
		t.regex(body, /^problem: Trouble 0 x+…$/m);
		t.regex(body, /^and 960 more problems$/m);
		t.true(body.length < 40_000);
	});
});

const ailing = () =>
	fakeDaemon({
		troubles: () => ['The token in /run/secrets/tailprobe/reader opens nothing.'],
		sources: () => [
			{name: 'headscale-nodes', ok: false, detail: 'http://headscale.internal:9090 refused.', failingSince: 1000},
			{name: 'headscale-health', ok: true},
		],
	});
const brief = `tailprobe is ready.
1 problem of tailprobe's own
source headscale-nodes: failing since 1970-01-01T00:00:01.000Z
source headscale-health: ok
Why: in the log, and here with a token or password where tailprobe asks for one.
`;
const token = 'a-token-of-enough-characters';
const withTokens = (folder: string) => [{name: 'operator', secret: {file: `${folder}/token`}}];

for (const [who, asking, noted] of [
	['nobody in particular', {}, undefined],
	['a wrong token', {token: 'another-token-of-enough-characters'}, 'wrong_credentials'],
	['a wrong password', {auth: 'alice:wrong'}, 'wrong_credentials'],
] as const satisfies readonly (readonly [string, Asking, string | undefined])[])
	for (const listenHost of ['0.0.0.0', '127.0.0.1'])
		test(`${who} at ${listenHost} is told that something fails, and never why`, async t => {
			const web = `basic_auth_users: {alice: "${hashOf('right')}"}`;
			const {ask, refused} = await guard(t, {view: ailing(), listenHost, web, tokens: withTokens, files: {token}});

			const {status, body} = await ask('/-/ready', asking);

			t.is(status, 200);
			t.is(body, brief);
			t.deepEqual(
				[...refused].filter(([, times]) => times > 0),
				noted === undefined ? [] : [[noted, 1]],
			);
		});

for (const [who, asking] of [
	['a token', {token}],
	['a password', {auth: 'alice:right'}],
] as const)
	test(`whoever shows ${who} is told why`, async t => {
		const web = `basic_auth_users: {alice: "${hashOf('right')}"}`;
		const {ask} = await guard(t, {view: ailing(), web, tokens: withTokens, files: {token}});

		const {body} = await ask('/-/ready', asking);

		t.regex(body, /^problem: The token in \/run\/secrets/m);
		t.regex(body, /^source headscale-nodes: failing since \S+: http:\/\/headscale\.internal:9090 refused\.$/m);
		t.notRegex(body, /^Why:/m);
	});

test('beyond loopback, where nobody is asked for anything, nobody is told why', t =>
	withServer(
		ailing(),
		async ({get}) => {
			t.is((await get('/-/ready')).body, brief);
		},
		'0.0.0.0',
	));

test('while the web configuration cannot be used nobody is told why, with whatever is shown', async t => {
	const {ask} = await guard(t, {
		view: ailing(),
		web: 'later',
		listenHost: '127.0.0.1',
		tokens: withTokens,
		files: {token},
	});

	t.is((await ask('/-/ready', {token})).body, brief);
});

test('guesses at a password count against the rate of all requests, and the answer stays brief and 200', async t => {
	const web = `basic_auth_users: {alice: "${hashOf('right')}"}\nrate_limit: {interval: 1h, burst: 1}`;
	const {ask, refused} = await guard(t, {view: ailing(), web});

	await ask('/-/ready', {auth: 'alice:wrong'});
	const later = await ask('/-/ready', {auth: 'alice:right'});

	t.like(later, {status: 200, body: brief});
	t.is(refused.get('rate'), 1);
});
