/** What another machine says is read on the main thread: nothing that it can say may hold that up, or fill the memory. */

import test from 'ava';
import {z} from 'zod';
import {findProbe} from '../../src/probes/registry.ts';
import type {ShellOutput} from '../../src/probes/types.ts';
import {execute, mostOutputBytes, outputBytes} from '../../src/shell/execution.ts';
import {readFrames} from '../../src/shell/frames.ts';
import {readStatus} from '../../src/shell/own-status.ts';
import type {ScriptCommand} from '../../src/shell/script.ts';
import type {ShellRunOptions, ShellTransport} from '../../src/vantages/shell-transport.ts';
import {refusalOfSsh} from '../../src/vantages/ssh-refusal.ts';
import {localShell} from '../helpers/local-shell.ts';
import {testPlace} from '../helpers/probing.ts';
import {check, look, wordOf} from '../helpers/shell-rounds.ts';

const token = '0123456789abcdef0123456789abcdef';
const sent: ScriptCommand = {argv: ['true'], maxBytes: 100, limitSeconds: 5};

const targets: Record<string, [address: string, options?: Record<string, unknown>]> = {
	http: ['https://100.64.0.9/', {fail_if_body_not_matches_regexp: ['ok']}],
	tcp: ['100.64.0.9:80'],
	tls: ['100.64.0.9:443'],
	ws: ['wss://100.64.0.9/'],
	icmp: ['100.64.0.9'],
	tunnel: ['100.64.0.9'],
	gpu: [''],
};

/** Reads both, whatever comes of it. */
const readers: Record<string, (output: ShellOutput) => unknown> = {
	status: readStatus,
	ssh: ({stderr}) => refusalOfSsh(stderr, 'somebody@somewhere'),
	...Object.fromEntries(
		Object.entries(targets).map(([type, [address, written = {}]]) => {
			const probe = findProbe(type);
			const options = probe?.options(z).parse(written);
			const target = {name: 'target', address, via: 'direct' as const, peer: ''};
			const place = {...testPlace, address: '100.64.0.9', timeoutMs: 5000};
			return [type, (output: ShellOutput) => probe?.shell?.parse(output, target, options, place)];
		}),
	),
};

/** What the patterns look for, and what stands between. */
const atoms = [
	...[
		'1',
		'1.',
		' ',
		'\n',
		'\r',
		'\r\n',
		': ',
		'[',
		'-',
		',',
		'a,',
		' bytes from ',
		'icmp_seq=1 ',
		'time=1 ms ',
		'DUP ',
	],
	...[
		'* ',
		'* connect to x',
		' failed: ',
		'curl: (7',
		'\ncurl: (7) x',
		'tailprobe 1',
		'\ntailprobe 200\n',
		'connect: ',
	],
	...[
		'-----BEGIN CERTIFICATE-----',
		'HTTP/1.1 100 x\r\n\r\n',
		'tailprobe-gpu exit 1',
		'CUDA Version ',
		'\u001b[1',
		'0,1,',
	],
	...["Can't complete SOCKS5 connection to (1", '{"a":', '* SSL connection using x / ', 'ok 1.'],
];
const starts = [
	'',
	'tailprobe-gpu fields index,name\n',
	'HTTP/1.1 200 OK\r\n',
	'64 bytes from x: seq=1 ',
	'* connect to ',
];

function fill(atom: string, length: number): string {
	return atom.repeat(Math.ceil(length / atom.length)).slice(0, length);
}

/** One atom all along, one behind a start, and three one after the other. */
function* texts(length: number): Generator<[title: string, text: string]> {
	const third = Math.floor(length / 3);
	for (const [at, atom] of atoms.entries()) {
		for (const start of starts) yield [`${start}${atom}`, `${start}${fill(atom, length)}`];
		const others = [atoms[(at + 1) % atoms.length] ?? '', atoms[(at + 7) % atoms.length] ?? ''];
		yield [[atom, ...others].join(), [atom, ...others].map(one => fill(one, third)).join('')];
	}
	yield ['a ping', ` bytes from ${fill('seq=1 ', third)}${fill('time=1 ms ', third)}${fill('DUP\n', third)}`];
	yield ['pings', `${fill(' bytes from ', third)}${fill('seq=1 ', third)}${fill('time=1 ms ', third)}DUP\n`];
}

function millisecondsOf(work: () => unknown): number {
	const begunAt = performance.now();
	try {
		work();
	} catch {
		// Refused, as it should be.
	}
	return performance.now() - begunAt;
}

for (const [name, read] of Object.entries(readers)) {
	test(`what ${name} reads takes no more than its share when it is four times as long`, t => {
		for (const status of [0, 7]) {
			const longer = new Map(texts(16_384));
			for (const [title, short] of texts(4096)) {
				const long = longer.get(title) ?? '';
				const of = (text: string): ShellOutput => ({
					status,
					stdout: Buffer.from(text),
					stderr: text.slice(0, text.length / 4),
					timedOut: false,
					cut: false,
				});
				const [few, many] = [of(short), of(long)];
				// Only what takes long at all is looked at again; four times as much of the square is sixteen times as long.
				for (let tries = 5; millisecondsOf(() => read(many)) > 10; tries--) {
					const times = (output: ShellOutput) =>
						Math.min(...Array.from({length: 3}, () => millisecondsOf(() => read(output))));
					if (times(many) < 9 * times(few)) break;
					if (tries === 0) return t.fail(`${JSON.stringify(title.slice(0, 60))} with status ${status}`);
				}
			}
		}
		t.pass();
	});
}

for (const [title, piece] of Object.entries({
	'line feeds': '\n',
	'lines of the token': `${token} 0 A\n`,
	'the token and nothing': `${token} \n`,
	'one line': `${token} 0 AAAA`,
})) {
	test(`an answer of nothing but ${title} is looked at no further than a script can write`, t => {
		const small = Buffer.alloc(2 ** 20, piece, 'latin1');
		const large = Buffer.alloc(64 * 2 ** 20, piece, 'latin1');
		const read = (stdout: Buffer) => readFrames(stdout, {token, commands: [sent]});

		const before = process.memoryUsage().rss;
		const tookMs = Math.min(...Array.from({length: 3}, () => millisecondsOf(() => read(large))));
		const grown = process.memoryUsage().rss - before;

		t.deepEqual(read(large), {begun: false, ended: false, results: [{kind: 'cut'}]});
		t.true(tookMs < 250 + 64 * millisecondsOf(() => read(small)), `${tookMs} ms`);
		t.true(grown < large.length, `${grown} bytes`);
	});
}

function framed(out: number, errors: number): Buffer {
	const text = (length: number) => Buffer.from('x'.repeat(length));
	const said = Buffer.concat([text(errors - 3), Buffer.from(' 0\n')]);
	const chunk = `${text(out).toString('base64')}-${said.toString('base64')}`;
	return Buffer.from(
		`${token} begin 64\n${token} 0 s\n${token} 0 ${chunk}\n${token} 0 = 1 1.00 2.00\n${token} end 1\n`,
	);
}

test('a command says no more than it was asked for, on either of its outputs', t => {
	const kindOf = (out: number, errors: number) =>
		readFrames(framed(out, errors), {token, commands: [sent]}).results[0]?.kind;

	t.deepEqual([kindOf(101, 4000), kindOf(102, 10), kindOf(10, 4001), kindOf(10, 8000)], ['ran', 'cut', 'cut', 'cut']);
});

/** Notes what was allowed to come back, and how many scripts ran at a time. */
function watched(options: Parameters<typeof localShell>[0] = {}): ShellTransport & {bytes: number[]; most(): number} {
	const shell = localShell(options);
	const bytes: number[] = [];
	let running = 0;
	let most = 0;
	return {
		...shell,
		bytes,
		most: () => most,
		async run(script: string, how: ShellRunOptions) {
			bytes.push(how.maxBytes);
			running += how.maxBytes;
			most = Math.max(most, running);
			const run = await shell.run(script, how);
			running -= how.maxBytes;
			return run;
		},
	};
}

test('checks whose answers could fill the memory together come one script after the other', async t => {
	const options = {body_size_limit: '1MB', fail_if_body_not_matches_regexp: ['ok']};
	const checks = Array.from({length: 25}, (_, at) => check('http', `http://127.0.0.1:1/${at}`, options));
	const shell = watched();

	const found = await look(checks, {...shell, scripts: []});

	t.deepEqual(new Set([...found.values()].map(({result}) => wordOf(result))), new Set(['refused']));
	t.is(found.size, 25);
	t.is(shell.bytes.length, 3);
	t.true(shell.most() <= mostOutputBytes);
});

test('what alone could answer too much is not asked', async t => {
	const options = {body_size_limit: '20MB', fail_if_body_not_matches_regexp: ['a']};
	const one = check('http', 'http://127.0.0.1:1/', options);

	const found = await look([one]);

	t.is(wordOf(found.get(one.key)?.result), 'unsupported');
});

test('however much the commands could say, only so much is taken', async t => {
	const large = Array.from({length: 40}, (): ScriptCommand => ({...sent, maxBytes: 2 ** 20, limitSeconds: 1}));
	const shell = watched();

	const {results} = await execute(shell, large, {deadlineMs: 15_000, lanes: 8, signal: new AbortController().signal});

	t.true(outputBytes(large) > mostOutputBytes);
	t.deepEqual(shell.bytes, [mostOutputBytes]);
	t.true(results.every(result => !(result instanceof Error)));
});

test('a request body is not sent through exec, where it would stand in a log', async t => {
	const withBody = check('http', 'http://127.0.0.1:1/', {method: 'POST', body: 'secret'});
	const without = check('http', 'http://127.0.0.1:1/without', {method: 'POST'});
	const shell = {...localShell(), type: 'pod' as const};

	const found = await look([withBody, without], shell);
	const bySsh = await look([withBody]);

	t.is(wordOf(found.get(withBody.key)?.result), 'unsupported');
	t.is(wordOf(found.get(without.key)?.result), 'refused');
	t.false(shell.scripts.join().includes('secret'));
	t.is(wordOf(bySsh.get(withBody.key)?.result), 'refused');
});
