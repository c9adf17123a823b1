import {execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {SshWayConfig} from '../../src/config/types.ts';
import type {ShellTransport} from '../../src/vantages/shell-transport.ts';
import {createSshTransport} from '../../src/vantages/ssh-transport.ts';
import {startSocks5} from '../helpers/socks5-server.ts';
import {type Sshd, startSshd} from '../helpers/sshd.ts';
import {until} from '../helpers/until.ts';

interface Changes {
	way?: Partial<SshWayConfig>;
	socks5?: string;
	address?: string;
	program?: string;
}

function reach(
	t: ExecutionContext,
	sshd: Sshd,
	{way, socks5, address = '127.0.0.1', program}: Changes = {},
): ShellTransport {
	const {port, user, identityFile, knownHostsFile} = sshd;
	const transport = createSshTransport({
		member: {name: 'june-gpu-1', group: 'gpu', address},
		way: {type: 'ssh', port, user, identityFile, knownHostsFile, ...way},
		dial: socks5 === undefined ? {} : {socks5},
		...(program === undefined ? {} : {program}),
	});
	t.teardown(() => transport.stop());
	return transport;
}

function run(transport: ShellTransport, script: string, deadlineMs = 10_000, signal = new AbortController().signal) {
	return transport.run(script, {deadlineMs, maxBytes: 1_000_000, signal});
}

/** What ssh's shared connections of this process look like from outside. */
function ownFolders(): string[] {
	return readdirSync(tmpdir()).filter(name => name.startsWith('tp-ssh-'));
}

test.serial('scripts run there over one connection, also many at a time, and nothing stays behind', async t => {
	const before = ownFolders().length;
	const sshd = await startSshd(t);
	const transport = reach(t, sshd);

	const first = await run(transport, "echo out; echo err >&2; echo '$(id)'; exit 7");
	const others = await Promise.all(Array.from({length: 8}, (_, at) => run(transport, `echo ${at}`)));
	await transport.stop();

	t.like(first, {kind: 'ran', status: 7, stderr: 'err\n'});
	t.is(first.kind === 'ran' ? first.stdout.toString() : first.detail, 'out\n$(id)\n');
	t.deepEqual(
		others.map(one => (one.kind === 'ran' ? one.stdout.toString() : one.detail)),
		Array.from({length: 8}, (_, at) => `${at}\n`),
	);
	t.is(sshd.logins(), 1);
	t.is(ownFolders().length, before);
	await until(() => !execFileSync('ps', ['-eo', 'args'], {encoding: 'utf8'}).includes(`-p ${sshd.port} `), 5000).catch(
		() => {},
	);
	t.false(
		execFileSync('ps', ['-eo', 'args'], {encoding: 'utf8'})
			.split('\n')
			.some(line => /ssh.*\[mux\]/.test(line) && line.includes('tp-ssh') && line.includes(String(sshd.port))),
	);
});

test.serial('a script of hundreds of kilobytes arrives whole', async t => {
	const transport = reach(t, await startSshd(t));
	const script = `{\n: '${'x'.repeat(300_000)}'\necho done\n}\n`;

	const result = await run(transport, script);

	t.is(result.kind === 'ran' ? result.stdout.toString() : result.detail, 'done\n');
});

test.serial('a host key that changed is refused by name, one that is not known too', async t => {
	const sshd = await startSshd(t);
	const transport = reach(t, sshd);
	await sshd.changeHostKey();
	writeFileSync(`${sshd.knownHostsFile}-empty`, '');
	const unknown = reach(t, sshd, {way: {knownHostsFile: `${sshd.knownHostsFile}-empty`}});

	const changed = await run(transport, 'echo no');
	const strange = await run(unknown, 'echo no');

	t.like(changed, {kind: 'refused', reason: 'vantage'});
	t.regex(changed.kind === 'refused' ? changed.detail : '', /host key of .*127\.0\.0\.1 changed/);
	t.like(strange, {kind: 'refused', reason: 'vantage'});
	t.regex(strange.kind === 'refused' ? strange.detail : '', /not in known_hosts_file/);
	t.is(sshd.logins(), 0);
});

test.serial('a key that opens nothing is denied, and one that is put in its place is used by the next run', async t => {
	const sshd = await startSshd(t);
	const transport = reach(t, sshd, {way: {identityFile: sshd.strangerFile}});
	const before = await run(transport, 'echo yes');
	renameSync(sshd.identityFile, sshd.strangerFile);
	renameSync(`${sshd.identityFile}.pub`, `${sshd.strangerFile}.pub`);

	const after = await run(transport, 'echo yes');

	t.like(before, {kind: 'refused', reason: 'denied'});
	t.regex(before.kind === 'refused' ? before.detail : '', /identity_file/);
	t.is(after.kind === 'ran' ? after.stdout.toString() : after.detail, 'yes\n');
});

test.serial('a host that is not there, and one that comes back, are told at once', async t => {
	const sshd = await startSshd(t);
	const transport = reach(t, sshd);
	await sshd.stop();
	const gone = await run(transport, 'echo yes');
	await sshd.start();

	const back = await run(transport, 'echo yes');

	t.like(gone, {kind: 'refused', reason: 'vantage'});
	t.regex(gone.kind === 'refused' ? gone.detail : '', /refused/);
	t.is(back.kind, 'ran');
});

test.serial('a run is given up at its deadline, and what came is kept', async t => {
	const sshd = await startSshd(t);
	const transport = reach(t, sshd);
	await run(transport, ':');

	const silent = await run(transport, 'sleep 20', 700);
	const cut = await run(transport, 'echo begun; sleep 20', 1500);

	t.like(silent, {kind: 'refused', reason: 'vantage', hurried: true});
	t.is(cut.kind === 'ran' ? cut.stdout.toString() : cut.detail, 'begun\n');
	t.is(cut.kind === 'ran' ? cut.status : 0, undefined);
	t.is(sshd.logins(), 1, 'the connection that others use lives on');
});

test.serial('a connection on which nothing came for long is given up, unless another run had an answer', async t => {
	const sshd = await startSshd(t);
	const transport = reach(t, sshd);
	await run(transport, ':');

	const [alone] = await Promise.all([run(transport, 'sleep 20', 5000), run(transport, 'echo yes')]);
	await run(transport, ':');
	t.is(sshd.logins(), 1);

	const silent = await run(transport, 'sleep 20', 5000);
	await run(transport, ':');
	t.is(sshd.logins(), 2);
	for (const one of [alone, silent]) {
		t.like(one, {kind: 'refused', reason: 'vantage'});
		t.false('hurried' in one);
	}
});

test('a connection that did not come about in the few seconds of a short run was not given time', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'ssh-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	const program = join(folder, 'ssh');
	writeFileSync(program, '#!/bin/sh\necho "Connection timed out during banner exchange" >&2\nexit 255\n', {
		mode: 0o755,
	});
	const transport = reach(t, {port: 1, user: 'a', identityFile: '/x', knownHostsFile: '/x'} as Sshd, {program});

	const short = await run(transport, 'echo', 4000);
	const long = await run(transport, 'echo', 20_000);

	t.like(short, {kind: 'refused', reason: 'vantage', hurried: true});
	t.like(long, {kind: 'refused', reason: 'vantage'});
	t.false('hurried' in long);
});

test('a run that is ended before ssh was started starts none', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'ssh-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	const program = join(folder, 'ssh');
	writeFileSync(program, `#!/bin/sh\ntouch ${folder}/started\nexec sleep 8\n`, {mode: 0o755});
	const transport = reach(t, {port: 1, user: 'a', identityFile: '/x', knownHostsFile: '/x'} as Sshd, {program});

	const running = run(transport, 'echo');
	await transport.stop();

	t.like(await running, {kind: 'refused'});
	t.false(existsSync(join(folder, 'started')));
});

test.serial('output beyond the bound is not kept', async t => {
	const transport = reach(t, await startSshd(t));

	const result = await transport.run('head -c 5000000 /dev/zero; echo end', {
		deadlineMs: 10_000,
		maxBytes: 10_000,
		signal: new AbortController().signal,
	});

	t.true(result.kind === 'ran' && result.stdout.length <= 10_000);
});

test('an answer of nothing but line feeds costs no more than its bytes', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'ssh-flood-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	const program = join(folder, 'ssh');
	writeFileSync(program, '#!/bin/sh\nyes "" | head -c 200000000\n', {mode: 0o755});
	const transport = reach(t, {port: 1, user: 'a', identityFile: '/x', knownHostsFile: '/x'} as Sshd, {program});
	const maxBytes = 16 * 1024 * 1024;
	const before = process.memoryUsage().rss;
	const signal = new AbortController().signal;

	const result = await transport.run('true', {deadlineMs: 10_000, maxBytes, signal});

	t.true(result.kind === 'ran' && result.stdout.length === maxBytes);
	t.true(process.memoryUsage().rss - before < 12 * maxBytes);
});

test.serial('a literal address is dialled through the SOCKS5 proxy', async t => {
	const sshd = await startSshd(t);
	const proxy = await startSocks5(t);
	const transport = reach(t, sshd, {socks5: proxy.address});

	const result = await run(transport, 'echo through');

	t.is(result.kind === 'ran' ? result.stdout.toString() : result.detail, 'through\n');
	t.deepEqual(
		proxy.asked.map(({address, port}) => [address, port]),
		[['127.0.0.1', sshd.port]],
	);
});

test('no ssh here is a way that cannot work', async t => {
	const sshd = {port: 1, user: 'a', identityFile: '/x', knownHostsFile: '/x'} as Sshd;

	const result = await run(reach(t, sshd, {program: 'no-such-ssh'}), 'echo');

	t.like(result, {kind: 'refused', reason: 'unsupported'});
});

for (const [title, changes] of [
	['host', {address: '-oProxyCommand=touch x'}],
	['host with blanks', {address: 'a b'}],
	['user', {way: {user: '-oProxyCommand=touch x'}}],
	['path', {way: {knownHostsFile: '/a" -oProxyCommand="touch x'}}],
] as const) {
	test(`a ${title} that would be an option is refused before anything is started`, async t => {
		const sshd = {port: 1, user: 'a', identityFile: '/x', knownHostsFile: '/x'} as Sshd;

		const result = await run(reach(t, sshd, {...changes, program: '/bin/false'}), 'echo');

		t.like(result, {kind: 'refused', reason: 'unsupported'});
		t.regex(result.kind === 'refused' ? result.detail : '', /cannot be used/);
	});
}
