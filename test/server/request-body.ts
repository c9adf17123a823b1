import test from 'ava';
import {fakeDaemon} from '../helpers/fake-daemon.ts';
import {guard, hashOf} from '../helpers/guarded.ts';

const json = {'Content-Type': 'application/json'};
const path = '/api/v1/probe';

test('a path that takes a body gets the text of it', async t => {
	const daemon = fakeDaemon();
	const {ask} = await guard(t, {listenHost: '127.0.0.1', view: daemon});

	const answer = await ask(path, {method: 'POST', headers: json, body: '{"target": "http://zoë:1/"}'});

	t.is(answer.status, 200);
	t.is(daemon.asked[0]?.target, 'http://zoë:1/');
});

for (const [what, status, headers, body] of [
	['of another type', 415, {'Content-Type': 'text/plain'}, '{}'],
	['of no type', 415, {}, '{}'],
	['of a type that only begins alike', 415, {'Content-Type': 'application/json5'}, '{}'],
	['that is too large', 413, json, `"${'x'.repeat(20_000)}"`],
	['without a length', 411, {...json, 'Transfer-Encoding': 'chunked'}, undefined],
	['that is no JSON', 400, json, '{'],
] as const)
	test(`a body ${what} is ${status}, as problem+json, and asks nobody`, async t => {
		const daemon = fakeDaemon();
		const {ask} = await guard(t, {listenHost: '127.0.0.1', view: daemon});

		const answer = await ask(path, {method: 'POST', headers, ...(body === undefined ? {} : {body})});

		t.is(answer.status, status);
		t.regex(answer.headers['content-type'] ?? '', /^application\/problem\+json/);
		t.deepEqual(daemon.asked, []);
	});

test('a body that is not UTF-8 is 400', async t => {
	const {port} = await guard(t, {listenHost: '127.0.0.1'});

	const {status} = await fetch(`http://127.0.0.1:${port}${path}`, {
		method: 'POST',
		headers: json,
		body: Uint8Array.of(0x22, 0xff, 0x22),
	});

	t.is(status, 400);
});

test('whoever is not let in cannot make us read a large body either', async t => {
	const {ask} = await guard(t, {web: `basic_auth_users: {alice: "${hashOf('right')}"}`});

	const answer = await ask('/-/reload', {method: 'POST', headers: {'Content-Length': '1000000'}});

	t.is(answer.status, 413);
	t.is(answer.headers.connection, 'close');
});
