import type {RequestListener, ServerResponse} from 'node:http';
import {setImmediate as breathe} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {createHeadscaleClient} from '../../src/headscale/client.ts';
import {HeadscaleError} from '../../src/headscale/get.ts';
import {type AnsweringServer, answer, answerBytes} from '../helpers/answering-server.ts';

function clientOf({port}: AnsweringServer) {
	const client = createHeadscaleClient({
		url: `http://127.0.0.1:${port}`,
		apiKey: () => 'hskey-api-abcdefghijkl-0123456789_SECRET',
		timeoutMs: 10_000,
	});
	const {nodes, apiHealth, key} = client;
	if (!nodes || !apiHealth || !key) throw new Error('a client with a key has these');
	return {...client, nodes, apiHealth, key};
}

function says(body: string): RequestListener {
	return (_request, response) => response.end(body);
}

/** The sentence of a read that fails. */
async function sentence(t: ExecutionContext, read: Promise<unknown>): Promise<string> {
	return (await t.throwsAsync(read, {instanceOf: HeadscaleError}))?.message ?? '';
}

test('JSON that would block everything is refused in a sentence, before it is parsed', async t => {
	const list = (entries: string) => `{"nodes":[${entries}]}`;
	const hostile: [string, RegExp][] = [
		['['.repeat(1_000_000), /the answer holds more than 64 levels/],
		[list(`${'{},'.repeat(300_000)}{}`), /the answer holds more than 300000 objects and arrays/],
		[list(Array.from({length: 100_000}, (_, i) => `{"${i.toString(36)}":1}`).join()), /different keys and short texts/],
	];

	for (const [body, expected] of hostile) {
		t.regex(await sentence(t, clientOf(await answer(t, says(body))).nodes()), expected);
	}
});

test('a page of a few words is not read on when it is longer', async t => {
	const server = await answer(t, says(`{"status":"pass","x":"${'x'.repeat(70_000)}"}`));
	const {health, version, key, apiHealth} = clientOf(server);

	for (const read of [health, version, key, apiHealth])
		t.regex(await sentence(t, read()), /longer than 65536 bytes.*something else answers\.$/);
});

test('an answer in pieces of single bytes is left', async t => {
	const server = await answerBytes(t, socket => {
		socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
		socket.write('1\r\n \r\n'.repeat(50_000));
	});

	t.regex(await sentence(t, clientOf(server).nodes()), /comes in pieces of less than 64 bytes/);
	while (server.open.size > 0) await breathe();
});

test('more long answers than are held at a time are all read, one after the other', async t => {
	const begun: ServerResponse[] = [];
	const server = await answer(t, (_request, response) => {
		response.writeHead(200).write(`{"nodes":[]${' '.repeat(400_000)}`);
		begun.push(response);
	});
	const {nodes} = clientOf(server);
	const reads = Array.from({length: 4}, () => nodes());
	while (begun.length < 4) await breathe();

	for (const response of begun) response.end('}');

	t.deepEqual(
		(await Promise.all(reads)).map(list => list.nodes.length),
		[0, 0, 0, 0],
	);
});
