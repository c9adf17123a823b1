import {readFileSync} from 'node:fs';
import type {IncomingMessage, RequestListener} from 'node:http';
import test, {type ExecutionContext} from 'ava';
import {createHeadscaleClient} from '../../src/headscale/client.ts';
import {HeadscaleError} from '../../src/headscale/get.ts';
import {type AnsweringServer, answer, answerTls, caFile} from '../helpers/answering-server.ts';

const recorded = (name: string) => readFileSync(new URL(`../fixtures/headscale/${name}`, import.meta.url), 'utf8');
const ownKey = 'hskey-api-RkJhATv3Plys-0123456789_SECRET';

function clientOf({port}: AnsweringServer, {timeoutMs = 5000, apiKey = ownKey} = {}) {
	return createHeadscaleClient({url: `http://127.0.0.1:${port}`, apiKey: () => apiKey, timeoutMs});
}

/** A headscale that answers these paths, and 404 otherwise; `undefined` never answers. */
function pages(answers: Record<string, [status: number, body: unknown] | undefined>): RequestListener {
	return ({url = ''}, response) => {
		const found = Object.hasOwn(answers, url) ? answers[url] : ([404, '404 page not found'] as const);
		if (!found) return;
		const [status, body] = found;
		response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
	};
}

async function sentence(t: ExecutionContext, read: Promise<unknown> | undefined): Promise<string> {
	const error = await t.throwsAsync(async () => read, {instanceOf: HeadscaleError});
	const message = error?.message ?? '';
	t.false(message.includes('SECRET'), 'the key is in the error');
	return message;
}

const gateway = (message: string) => ({code: 2, message, details: []});
const problem = (detail: string, ...errors: string[]) => ({
	title: 'Internal Server Error',
	status: 500,
	detail,
	errors: errors.map(message => ({message})),
});

/** Answers for pre-auth keys as that version does: two users, `ozzu` with a key and `ada` with two. */
function preAuthKeysOf(by: 'nothing' | 'id' | 'name'): RequestListener {
	const users = [
		{id: '1', name: 'ozzu'},
		{id: '2', name: 'ada@example.com'},
	];
	const keys = [
		{id: '1', user: users[0]},
		{id: '2', user: users[1]},
		{id: '3', user: users[1]},
	].map(key => ({...key, key: 'do-not-tell'}));
	return (request: IncomingMessage, response) => {
		const {pathname, searchParams} = new URL(request.url ?? '', 'http://x');
		const reply = (status: number, body: unknown) => response.writeHead(status).end(JSON.stringify(body));
		if (pathname === '/api/v1/user') return reply(200, {users});
		const asked = searchParams.get('user');
		if (by === 'nothing') return reply(200, {preAuthKeys: keys});
		if (by === 'id' && asked !== null && !/^\d+$/.test(asked)) return reply(400, gateway('parsing field "user"'));
		const owner = users.find(user => user[by] === asked);
		if (!owner) return reply(500, gateway('user not found'));
		return reply(200, {preAuthKeys: keys.filter(key => key.user === owner)});
	};
}

for (const [by, versions] of [
	['nothing', '0.28 and newer'],
	['id', '0.26 and 0.27'],
	['name', 'up to 0.25'],
] as const) {
	test(`pre-auth keys are asked for by ${by} where headscale wants that (${versions}), and the way is remembered`, async t => {
		const server = await answer(t, preAuthKeysOf(by));
		const client = clientOf(server);

		const first = await client.preAuthKeys?.();
		const asked = server.requests.length;
		const second = await client.preAuthKeys?.();

		t.deepEqual(
			first?.keys.map(key => [key.id, key.user]),
			[
				['1', 'ozzu'],
				['2', 'ada'],
				['3', 'ada'],
			],
		);
		t.deepEqual(second, first);
		t.false(JSON.stringify(first).includes('do-not-tell'));
		t.is(server.requests.length - asked, by === 'nothing' ? 1 : 3);
		t.deepEqual(
			server.requests.slice(asked).map(({url}) => url),
			by === 'nothing'
				? ['/api/v1/preauthkey']
				: [
						'/api/v1/user',
						`/api/v1/preauthkey?user=${by === 'id' ? '1' : 'ozzu'}`,
						`/api/v1/preauthkey?user=${by === 'id' ? '2' : 'ada%40example.com'}`,
					],
		);
	});
}

test('after an upgrade pre-auth keys are asked for the new way', async t => {
	let by: 'nothing' | 'id' | 'name' = 'name';
	const server = await answer(t, (request, response) => preAuthKeysOf(by)(request, response));
	const client = clientOf(server);

	for (by of ['name', 'id', 'nothing', 'name'] as const) t.is((await client.preAuthKeys?.())?.keys.length, 3, by);
});

test('without users headscale up to 0.27 has no pre-auth keys, which is no failure', async t => {
	const client = clientOf(
		await answer(
			t,
			pages({'/api/v1/preauthkey': [500, gateway('user not found')], '/api/v1/user': [200, {users: []}]}),
		),
	);

	t.deepEqual(await client.preAuthKeys?.(), {keys: [], problems: []});
});

test('where no way works the answer to the plain question is told', async t => {
	const broken = pages({'/api/v1/user': [200, {users: [{id: '1', name: 'u'}]}]});
	const server = await answer(t, (request, response) => {
		if (!request.url?.startsWith('/api/v1/preauthkey')) return broken(request, response);
		response.writeHead(500).end(JSON.stringify(gateway(`database is locked (${request.url.length})`)));
	});

	t.regex(
		await sentence(t, clientOf(server).preAuthKeys?.()),
		/GET \S+preauthkey answered 500.*database is locked \(18\)/,
	);
});

test('a refused key and a page that is not headscale are told at once', async t => {
	const refused = await answer(t, pages({'/api/v1/preauthkey': [401, 'Unauthorized']}));
	const old = await answer(t, pages({'/api/v1/preauthkey': [500, 'Unauthorized']}));
	const other = await answer(t, pages({'/api/v1/preauthkey': [404, '<html>']}));

	t.regex(await sentence(t, clientOf(refused).preAuthKeys?.()), /401: the API key is wrong/);
	t.regex(await sentence(t, clientOf(old).preAuthKeys?.()), /500: the API key is wrong/);
	t.regex(await sentence(t, clientOf(other).preAuthKeys?.()), /answered 404/);
	t.deepEqual(
		[refused, old, other].map(({requests}) => requests.length),
		[1, 1, 1],
	);
});

test('all requests for pre-auth keys together have one deadline', async t => {
	const users = Array.from({length: 200}, (_, at) => ({id: String(at + 1), name: 'u'}));
	const server = await answer(t, (request, response) => {
		const {pathname, searchParams} = new URL(request.url ?? '', 'http://x');
		if (pathname === '/api/v1/user') response.end(JSON.stringify({users}));
		else if (!searchParams.has('user')) response.writeHead(500).end(JSON.stringify(gateway('user not found')));
		else setTimeout(() => response.end('{"preAuthKeys":[]}'), 150);
	});

	t.regex(
		await sentence(t, clientOf(server, {timeoutMs: 600}).preAuthKeys?.()),
		/not read within 2\.4 s: headscale wants a request for each user/,
	);
});

test('only so many users are asked about, which is told', async t => {
	const users = Array.from({length: 201}, (_, at) => ({id: String(at + 1), name: 'u'}));
	const server = await answer(t, (request, response) => {
		const {pathname, searchParams} = new URL(request.url ?? '', 'http://x');
		if (pathname === '/api/v1/user') response.end(JSON.stringify({users}));
		else if (!searchParams.has('user')) response.writeHead(500).end(JSON.stringify(gateway('user not found')));
		else response.end(JSON.stringify({preAuthKeys: [{id: searchParams.get('user')}]}));
	});

	const list = await clientOf(server).preAuthKeys?.();

	t.is(list?.keys.length, 200);
	t.regex(list?.problems[0] ?? '', /only listed for the first 200 users/);
});

for (const [version, configured] of [
	['0.23.0', '-fSyMiIEEA.0123456789'],
	['0.26.1', 'P-Vg28v.0123456789'],
	['0.29.2', ownKey],
	['0.30-dev', 'hskey-api-b24bc9917220-0123456789'],
] as const) {
	test(`users and API keys of headscale ${version} are read, with our own key among them`, async t => {
		const server = await answer(
			t,
			pages({
				'/api/v1/user': [200, recorded(`${version}/rest-user.json`)],
				'/api/v1/apikey': [200, recorded(`${version}/rest-apikey.json`)],
			}),
		);
		const client = clientOf(server, {apiKey: configured});

		t.is((await client.users?.())?.users[0]?.name, 'ozzu');
		t.like(await client.apiKeys?.(), {ownId: '1'});
		t.false('ownId' in ((await clientOf(server, {apiKey: 'another'}).apiKeys?.()) ?? {}));
	});
}

test('routes of headscale up to 0.25 are read; newer ones say in either way that there is no such page', async t => {
	const old = await answer(t, pages({'/api/v1/routes': [200, recorded('0.23.0/rest-routes.json')]}));
	const newer = await answer(t, pages({'/api/v1/routes': [404, {code: 5, message: 'Not Found', details: []}]}));
	const newest = await answer(t, pages({}));

	t.is((await clientOf(old).routes?.())?.byNode.size, 1);
	t.is(await clientOf(newer).routes?.(), undefined);
	t.is(await clientOf(newest).routes?.(), undefined);
});

test('the API tells whether its database answers, an error means no, and before 0.27 there is no such page', async t => {
	const health = async (status: number, body: unknown) =>
		clientOf(await answer(t, pages({'/api/v1/health': [status, body]}))).apiHealth?.();

	t.true(await health(200, {databaseConnectivity: true}));
	t.false(await health(200, {databaseConnectivity: false}));
	t.false(await health(500, gateway('database is closed')));
	t.false(await health(500, problem('pinging database')));
	t.is(await health(404, {code: 5, message: 'Not Found', details: []}), undefined);
	t.regex(await sentence(t, health(502, '<html>')), /answered 502/);
	t.regex(await sentence(t, health(200, '{}')), /the API's health/);
});

test('a policy that is not there is told apart from one that headscale cannot read, in both forms of an error', async t => {
	const policy = async (status: number, body: unknown) =>
		clientOf(await answer(t, pages({'/api/v1/policy': [status, body]}))).policy?.();

	t.like(await policy(200, recorded('0.29.2/rest-policy.json')), {state: 'present'});
	t.deepEqual(await policy(500, gateway('loading ACL from database: acl policy not found')), {state: 'none'});
	t.deepEqual(await policy(500, problem('loading ACL from database', 'acl policy not found')), {state: 'none'});
	t.deepEqual(await policy(500, problem('reading policy from path ""', 'open : no such file or directory')), {
		state: 'none',
	});
	t.deepEqual(await policy(500, problem('reading policy from path "/acl"', 'open /acl: permission denied')), {
		state: 'unreadable',
		detail: 'Internal Server Error: reading policy from path "/acl": open /acl: permission denied',
	});
	t.regex(await sentence(t, policy(500, 'Unauthorized')), /API key is wrong/);
	t.regex(await sentence(t, policy(404, 'nothing here')), /answered 404/);
});

test('a key that is sent back in an error is not kept as its words', async t => {
	const server = await answer(t, (request, response) =>
		response.writeHead(500).end(JSON.stringify(gateway(`not for ${request.headers.authorization}`))),
	);

	const policy = await clientOf(server).policy?.();

	t.deepEqual(policy, {state: 'unreadable', detail: 'not for Bearer <redacted>'});
});

test('a control server tells its key, anything else does not', async t => {
	const key = async (status: number, body: unknown) =>
		clientOf(await answer(t, pages({'/key?v=113': [status, body]}))).key?.();
	const mkey = `mkey:${'ab'.repeat(32)}`;

	t.true(await key(200, {legacyPublicKey: `mkey:${'0'.repeat(64)}`, publicKey: mkey}));
	t.regex(await sentence(t, key(200, '<html>')), /the key of a control server/);
	t.regex(await sentence(t, key(200, {publicKey: 'x'})), /the key of a control server/);
	t.regex(await sentence(t, key(400, 'capability version must be set')), /answered 400/);
});

test('lists in a wrong shape are failures and not empty lists', async t => {
	const bad = [200, '{"code":0}'] as [number, unknown];
	const client = clientOf(
		await answer(
			t,
			pages({
				'/api/v1/user': bad,
				'/api/v1/apikey': bad,
				'/api/v1/preauthkey': bad,
				'/api/v1/routes': bad,
				'/api/v1/policy': bad,
			}),
		),
	);

	for (const read of [client.users, client.apiKeys, client.preAuthKeys, client.routes, client.policy])
		t.regex(await sentence(t, read?.()), /JSON that is cut short or of another shape/);
});

test('the certificate of an untrusted server is read without a request', async t => {
	const server = await answerTls(t, pages({}));
	const url = `https://localhost:${server.port}`;

	const untrusted = await createHeadscaleClient({url, timeoutMs: 5000}).certificate?.();
	const trusted = await createHeadscaleClient({url, timeoutMs: 5000, caFile}).certificate?.();

	t.like(untrusted, {trusted: false, fault: 'untrusted'});
	t.like(trusted, {trusted: true});
	t.is(trusted?.expiryMs, untrusted?.expiryMs);
	t.is(server.requests.length, 0);
});
