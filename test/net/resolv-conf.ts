import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {candidateNames, createFileReader, parseHosts, parseResolvConf} from '../../src/net/resolv-conf.ts';

test('the resolv.conf of a pod: servers, search list and ndots', t => {
	const conf = parseResolvConf(`# made by the kubelet
search june-services.svc.cluster.local svc.cluster.local cluster.local
nameserver 10.96.0.10
options ndots:5 timeout:2
`);

	t.deepEqual(conf, {
		servers: ['10.96.0.10'],
		search: ['june-services.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
		ndots: 5,
	});
});

test('as glibc has it: three servers at most, the last search line wins, ndots is at most 15', t => {
	const conf = parseResolvConf(`nameserver 1.1.1.1
nameserver not-an-address
nameserver 2.2.2.2
nameserver fd00::53
nameserver 4.4.4.4
search first.example
domain SECOND.example
options ndots:99
`);

	t.deepEqual(conf, {servers: ['1.1.1.1', '2.2.2.2', 'fd00::53'], search: ['second.example'], ndots: 15});
});

test('a missing or empty resolv.conf means the server on this machine', t => {
	t.deepEqual(parseResolvConf(''), {servers: ['127.0.0.1'], search: [], ndots: 1});
});

test('a name with few dots goes through the search list first, one with enough dots last', t => {
	const conf = {search: ['svc.cluster.local', 'cluster.local'], ndots: 2};

	t.deepEqual(candidateNames('auth', conf), ['auth.svc.cluster.local', 'auth.cluster.local', 'auth']);
	t.deepEqual(candidateNames('a.b.c', conf), ['a.b.c', 'a.b.c.svc.cluster.local', 'a.b.c.cluster.local']);
});

test('a final dot means the very name', t => {
	t.deepEqual(candidateNames('auth.example.', {search: ['cluster.local'], ndots: 5}), ['auth.example']);
});

test('a hosts file gives all addresses of a name, in order, whatever its case', t => {
	const hosts = parseHosts(`127.0.0.1	localhost
::1 localhost ip6-localhost # both
10.0.0.7 Auth auth.june
nonsense auth
0x0a.1 auth
`);

	t.deepEqual(hosts.get('localhost'), ['127.0.0.1', '::1']);
	t.deepEqual(hosts.get('auth'), ['10.0.0.7']);
	t.deepEqual(hosts.get('auth.june'), ['10.0.0.7']);
	t.is(hosts.get('nonsense'), undefined);
});

test('a file is parsed once while it stays as it is, and a missing one counts as empty', t => {
	const directory = mkdtempSync(join(tmpdir(), 'resolv-conf-'));
	t.teardown(() => rmSync(directory, {recursive: true}));
	const path = join(directory, 'hosts');
	let parsed = 0;
	const parse = (text: string) => {
		parsed++;
		return text;
	};
	let now = 0;
	const read = createFileReader(path, parse, () => now);

	t.deepEqual(read(), {value: ''});
	writeFileSync(path, 'one');
	t.deepEqual(read(), {value: ''}, 'not looked at again within a second');
	now += 1500;
	t.deepEqual(read(), {value: 'one'});
	now += 1500;
	t.deepEqual(read(), {value: 'one'});
	t.is(parsed, 2);
	writeFileSync(path, 'two');
	utimesSync(path, 1, 1);
	now += 1500;
	t.deepEqual(read(), {value: 'two'});
});

test('a file that went away, or is no file any more, goes on saying what it said, and that is told', t => {
	const directory = mkdtempSync(join(tmpdir(), 'resolv-conf-'));
	t.teardown(() => rmSync(directory, {recursive: true}));
	const path = join(directory, 'hosts');
	writeFileSync(path, 'one');
	let now = 0;
	const read = createFileReader(
		path,
		text => text,
		() => now,
	);
	const later = () => {
		now += 1500;
		return read();
	};
	t.deepEqual(later(), {value: 'one'});

	rmSync(path);
	t.deepEqual(later(), {value: 'one', fault: 'there is no such file'});
	execFileSync('mkfifo', [path]);
	t.deepEqual(later(), {value: 'one', fault: 'it is no file'});
	rmSync(path);
	writeFileSync(path, 'one');
	t.deepEqual(later(), {value: 'one'});
});

test('a file that is there and never could be read says nothing but why', t => {
	for (const path of ['/dev/zero', tmpdir()])
		t.deepEqual(createFileReader(path, text => text)(), {value: undefined, fault: 'it is no file'}, path);
});
