import {mkdtempSync, rmSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {commandLab} from '../../src/lab/commanding.ts';
import {serveControl} from '../../src/lab/control.ts';
import {controlPathIn} from '../../src/lab/directory.ts';
import type {Answer, Command} from '../../src/lab/messages.ts';
import {UserError} from '../../src/util/errors.ts';

const status = {pid: 7, startedAt: 1, active: [{name: 'gpu1-derp', since: 2}]};

function aDirectory(t: ExecutionContext): string {
	const directory = mkdtempSync(join(tmpdir(), 'tailprobe-test-'));
	t.teardown(() => rmSync(directory, {recursive: true, force: true}));
	return directory;
}

async function serve(t: ExecutionContext, answer: Answer): Promise<{directory: string; heard: Command[]}> {
	const directory = aDirectory(t);
	const heard: Command[] = [];
	const server = await serveControl(controlPathIn(directory), async command => {
		heard.push(command);
		return answer;
	});
	t.teardown(() => server.close());
	return {directory, heard};
}

test('a command goes in and the answer comes out', async t => {
	const {directory, heard} = await serve(t, {ok: true, status});

	const answer = await commandLab(directory, {do: 'heal', fault: 'gpu1-derp'});

	t.deepEqual(answer, {ok: true, status});
	t.deepEqual(heard, [{do: 'heal', fault: 'gpu1-derp'}]);
});

test('where nobody listens there is no lab', async t => {
	const directory = aDirectory(t);

	t.is(await commandLab(directory, {do: 'status'}), undefined);
	t.is(await commandLab(join(directory, 'missing'), {do: 'status'}), undefined);
});

test('what is no command is refused and reaches nothing', async t => {
	const {directory, heard} = await serve(t, {ok: true, status});

	for (const line of [
		'no json\n',
		'{"do":"stop"}\n',
		'{"do":"break"}\n',
		'{"do":"break","fault":1}\n',
		'x'.repeat(9000),
	]) {
		const socket = connect(controlPathIn(directory));
		socket.setEncoding('utf8').write(line);
		const answer = await new Promise<string>(resolve => socket.once('data', resolve));
		socket.destroy();

		t.deepEqual(JSON.parse(answer), {ok: false, message: 'That is no command of the lab.'}, line.slice(0, 30));
	}

	t.deepEqual(heard, []);
});

test('an answer of another shape is said to be one', async t => {
	const directory = aDirectory(t);
	const server = createServer(socket => socket.end('{"ok":true,"status":"fine"}\n'));
	await new Promise<void>(resolve => server.listen(controlPathIn(directory), resolve));
	t.teardown(() => server.close());

	await t.throwsAsync(commandLab(directory, {do: 'status'}), {
		instanceOf: UserError,
		message: /does not speak as a lab/,
	});
});
