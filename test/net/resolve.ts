import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {createResolve, type ResolvePlace, type ResolveTarget, resolveTarget} from '../../src/net/resolve.ts';
import type {AddressRule, FamilyChoice} from '../../src/net/types.ts';
import {CannotLookError, TargetDownError} from '../../src/util/errors.ts';
import {type DnsRecord, type DnsServer, startDnsServer} from '../helpers/dns-server.ts';
import {recorded, startLocalApi} from '../helpers/localapi-server.ts';
import {until} from '../helpers/until.ts';

const prefixes = ['100.64.0.0/10', 'fd7a:115c:a1e0::/48'];
const overTailnet: AddressRule = {via: 'tailnet', prefixes, allowLoopback: false};
const directly: AddressRule = {via: 'direct', prefixes, allowLoopback: false};
const either: FamilyChoice = {preferred: 4, fallback: true};
const endless = new AbortController().signal;

const orchestrator = 'june-orchestrator.tail.ozzu.world';

async function aServer(t: ExecutionContext, records: Record<string, DnsRecord>): Promise<DnsServer> {
	const server = await startDnsServer(records);
	t.teardown(() => server.close());
	return server;
}

function placeOf(dnsServer: string, over: Partial<ResolvePlace> & {domain?: string} = {}): ResolvePlace {
	const {domain = 'tail.ozzu.world', ...rest} = over;
	return {timeoutMs: 3000, tailnet: {prefixes, domain, dnsServer, overheadObjectiveSeconds: 0.01}, ...rest};
}

interface Files {
	hosts?: string;
	resolvConf?: string;
	/** Listens where resolv.conf says 127.0.0.1. */
	dns?: DnsServer;
}

/** resolveTarget with a hosts file and a resolv.conf of the test's own. */
function withFiles(t: ExecutionContext, {hosts = '', resolvConf = '', dns}: Files): ResolveTarget {
	const directory = mkdtempSync(join(tmpdir(), 'resolve-'));
	t.teardown(() => rmSync(directory, {recursive: true}));
	writeFileSync(join(directory, 'hosts'), hosts);
	writeFileSync(join(directory, 'resolv.conf'), resolvConf);
	return createResolve({
		hostsPath: join(directory, 'hosts'),
		resolvConfPath: join(directory, 'resolv.conf'),
		...(dns ? {dnsPort: Number(dns.address.split(':')[1])} : {}),
	});
}

test('a literal passes straight to the guard, in canonical form and without a question', async t => {
	const resolved = await resolveTarget('FD7A:115C:A1E0:0::5', overTailnet, either, placeOf('127.0.0.1:1'), endless);

	t.deepEqual(resolved, {address: 'fd7a:115c:a1e0::5', family: 6, by: 'literal', seconds: 0});
});

test('a literal of the other family is not resolved where only one is wanted', async t => {
	const only6: FamilyChoice = {preferred: 6, fallback: false};
	const place = placeOf('127.0.0.1:1');

	await t.throwsAsync(resolveTarget('100.64.0.5', overTailnet, only6, place, endless), {
		instanceOf: TargetDownError,
		message: /100\.64\.0\.5 is no IPv6 address/,
	});
	const same = await resolveTarget('fd7a:115c:a1e0::5', overTailnet, only6, place, endless);

	t.is(same.family, 6);
});

test('a literal outside the tailnet is the wrong network, metadata is forbidden', async t => {
	const place = placeOf('127.0.0.1:1');

	await t.throwsAsync(resolveTarget('10.0.0.1', overTailnet, either, place, endless), {
		instanceOf: TargetDownError,
		message: /^10\.0\.0\.1 is outside the tailnet \(100\.64\.0\.0\/10.*\) and was not tried: .* `via: direct`/,
	});
	const error = await t.throwsAsync(resolveTarget('169.254.169.254', directly, either, place, endless), {
		instanceOf: TargetDownError,
	});
	t.is(error.reason, 'forbidden');
});

for (const host of ['2130706433', '0x7f000001', '127.1', '0177.0.0.1', '127.0.0.1.']) {
	test(`a number in place of a name is forbidden, not looked up: ${host}`, async t => {
		const dns = await aServer(t, {});

		const error = await t.throwsAsync(resolveTarget(host, overTailnet, either, placeOf(dns.address), endless), {
			instanceOf: TargetDownError,
		});

		t.is(error.reason, 'forbidden');
		t.deepEqual(dns.questions, []);
	});
}

for (const host of ['', '-f', 'a..b', 'sp ace', 'a'.repeat(64), `${'a.'.repeat(127)}b`, 'süd', 'fe80::1%lo', '[::1]']) {
	test(`what is no host name is not looked up: ${JSON.stringify(host.slice(0, 20))}`, async t => {
		const error = await t.throwsAsync(resolveTarget(host, overTailnet, either, placeOf('127.0.0.1:1'), endless), {
			instanceOf: TargetDownError,
		});

		t.is(error.reason, 'resolve');
	});
}

test('a short name is asked of MagicDNS under the domain of the tailnet, and of nobody else', async t => {
	const dns = await aServer(t, {[orchestrator]: ['100.64.0.1', 'fd7a:115c:a1e0::1']});

	const resolved = await resolveTarget('June-Orchestrator', overTailnet, either, placeOf(dns.address), endless);

	t.like(resolved, {address: '100.64.0.1', family: 4, by: 'magicdns'});
	t.true(resolved.seconds > 0 && resolved.seconds < 3);
	t.deepEqual(dns.questions, [`A ${orchestrator}`]);
});

test('a full name is asked as it stands, with or without a final dot', async t => {
	const dns = await aServer(t, {[orchestrator]: ['100.64.0.1']});
	const place = placeOf(dns.address);

	await resolveTarget(orchestrator, overTailnet, either, place, endless);
	await resolveTarget(`${orchestrator}.`, overTailnet, either, place, endless);

	t.deepEqual(dns.questions, [`A ${orchestrator}`, `A ${orchestrator}`]);
});

test('every run really asks: nothing is remembered from the last one', async t => {
	const dns = await aServer(t, {[orchestrator]: ['100.64.0.1']});
	const place = placeOf(dns.address);

	for (const address of ['100.64.0.1', '100.64.0.2', '100.64.0.3']) {
		dns.records[orchestrator] = [address];
		t.like(await resolveTarget('june-orchestrator', overTailnet, either, place, endless), {address});
	}

	t.is(dns.questions.length, 3);
});

test('the preferred family is asked first, the other where the name has no such address and it may be taken', async t => {
	const dns = await aServer(t, {'six.tail.ozzu.world': ['fd7a:115c:a1e0::6']});
	const place = placeOf(dns.address);

	const resolved = await resolveTarget('six', overTailnet, either, place, endless);

	t.like(resolved, {address: 'fd7a:115c:a1e0::6', family: 6});
	t.deepEqual(dns.questions, ['A six.tail.ozzu.world', 'AAAA six.tail.ozzu.world']);
	await t.throwsAsync(resolveTarget('six', overTailnet, {preferred: 4, fallback: false}, place, endless), {
		instanceOf: TargetDownError,
		message: /answered that six\.tail\.ozzu\.world has no IPv4 address/,
	});
});

test('an answer of another network is the wrong network, and the sentence says which', async t => {
	const dns = await aServer(t, {[orchestrator]: ['10.96.14.2']});

	const error = await t.throwsAsync(
		resolveTarget('june-orchestrator', overTailnet, either, placeOf(dns.address), endless),
		{instanceOf: TargetDownError},
	);

	t.is(error.reason, 'wrong_network');
	t.regex(
		error.message,
		/^june-orchestrator was resolved, but 10\.96\.14\.2 is outside the tailnet \(100\.64\.0\.0\/10.*\): another network answered/,
	);
});

test('one answer outside among several is the wrong network too', async t => {
	const dns = await aServer(t, {[orchestrator]: ['100.64.0.1', '192.0.2.1']});

	const error = await t.throwsAsync(
		resolveTarget('june-orchestrator', overTailnet, either, placeOf(dns.address), endless),
		{instanceOf: TargetDownError},
	);

	t.is(error.reason, 'wrong_network');
});

test('a name that MagicDNS does not know is not looked for elsewhere', async t => {
	const dns = await aServer(t, {});
	const local = await startLocalApi(t);
	const place = placeOf(dns.address, {tailscaled: local.socket});

	const error = await t.throwsAsync(resolveTarget('livekit', overTailnet, either, place, endless), {
		instanceOf: TargetDownError,
	});

	t.is(error.reason, 'resolve');
	t.regex(error.message, /^MagicDNS \(127\.0\.0\.1:\d+\) answered that livekit\.tail\.ozzu\.world does not exist$/);
	t.false(local.calls.some(call => call === 'GET /localapi/v0/status'));
});

for (const trouble of ['silent', 'servfail', 'refused'] as const) {
	test(`when MagicDNS is ${trouble}, the list of peers answers`, async t => {
		const dns = await aServer(t, {'livekit.tail.ozzu.world': trouble});
		const local = await startLocalApi(t);
		const place = placeOf(dns.address, {tailscaled: local.socket, timeoutMs: 1500});

		const resolved = await resolveTarget('livekit', overTailnet, either, place, endless);

		t.like(resolved, {address: '100.64.0.2', family: 4, by: 'peers'});
	});
}

test('when nobody listens where MagicDNS should be, the list of peers answers, the prober itself included', async t => {
	const local = await startLocalApi(t);
	const place = placeOf('127.0.0.1:1', {tailscaled: local.socket});
	const six: FamilyChoice = {preferred: 6, fallback: false};

	t.like(await resolveTarget('prober', overTailnet, either, place, endless), {address: '100.64.0.5', by: 'peers'});
	t.like(await resolveTarget('livekit', overTailnet, six, place, endless), {address: 'fd7a:115c:a1e0::2'});
});

test('the list of peers must have the very name: the beginning of one is not enough', async t => {
	const local = await startLocalApi(t);
	const place = placeOf('127.0.0.1:1', {tailscaled: local.socket});

	const error = await t.throwsAsync(resolveTarget('livekit.tail.ozzu', overTailnet, either, place, endless), {
		instanceOf: TargetDownError,
	});

	t.is(error.reason, 'resolve');
	t.regex(error.message, /nothing listens there; tailscaled's list of peers has no livekit\.tail\.ozzu either/);
});

test('without a tunnel device its resolver is not waited for', async t => {
	const local = await startLocalApi(t, {status: {...recorded('status'), TUN: false}});
	const place = placeOf('100.100.100.100', {tailscaled: local.socket, timeoutMs: 30_000});

	const resolved = await resolveTarget('livekit', overTailnet, either, place, endless);

	t.like(resolved, {address: '100.64.0.2', by: 'peers'});
	t.true(resolved.seconds < 0.9, 'the resolver would have been given a second');
});

test('without a configured domain tailscaled is asked for it', async t => {
	const dns = await aServer(t, {[orchestrator]: ['100.64.0.1']});
	const local = await startLocalApi(t);
	const {domain: _, ...tailnet} = placeOf(dns.address).tailnet;
	const place = {timeoutMs: 3000, tailscaled: local.socket, tailnet};

	t.like(await resolveTarget('june-orchestrator', overTailnet, either, place, endless), {by: 'magicdns'});
	t.deepEqual(dns.questions, [`A ${orchestrator}`]);
});

test('where neither MagicDNS nor tailscaled can be asked, nobody can look', async t => {
	const place = placeOf('127.0.0.1:1');

	for (const there of [place, {...place, tailscaled: '/nonexistent/tailscaled.sock'}]) {
		const error = await t.throwsAsync(resolveTarget('livekit', overTailnet, either, there, endless), {
			instanceOf: CannotLookError,
		});
		t.is(error.reason, 'vantage');
	}
});

test('a run that ends does not wait for a silent resolver', async t => {
	const dns = await aServer(t, {[orchestrator]: 'silent'});
	const controller = new AbortController();
	const run = resolveTarget('june-orchestrator', overTailnet, either, placeOf(dns.address), controller.signal);

	const reason = new Error('over');
	controller.abort(reason);

	t.is(await t.throwsAsync(run), reason);
});

test('directly, the hosts file comes first and is not asked for the search list', async t => {
	const resolve = withFiles(t, {hosts: '10.0.0.7 auth\nfd00::7 auth\n', resolvConf: 'nameserver 127.0.0.1'});
	const place = placeOf('127.0.0.1:1');

	t.like(await resolve('Auth', directly, either, place, endless), {address: '10.0.0.7', by: 'hosts'});
	t.like(await resolve('auth', directly, {preferred: 6, fallback: true}, place, endless), {address: 'fd00::7'});
});

test('a name that leads to loopback or metadata is forbidden', async t => {
	const resolve = withFiles(t, {hosts: '127.0.0.1 localhost\n169.254.169.254 innocent.example\n'});

	for (const host of ['localhost', 'innocent.example']) {
		const error = await t.throwsAsync(resolve(host, directly, either, placeOf('127.0.0.1:1'), endless), {
			instanceOf: TargetDownError,
		});
		t.is(error.reason, 'forbidden', host);
	}
});

test('directly, the search list and ndots are applied as in a pod', async t => {
	const dns = await aServer(t, {'auth.june.svc.cluster.local': ['10.96.0.7'], 'api.example.com': ['192.0.2.7']});
	const resolvConf = 'search june.svc.cluster.local svc.cluster.local\nnameserver 127.0.0.1\noptions ndots:3\n';
	const resolve = withFiles(t, {resolvConf, dns});
	const four: FamilyChoice = {preferred: 4, fallback: false};

	t.like(await resolve('auth', directly, four, placeOf(''), endless), {address: '10.96.0.7', by: 'dns'});
	t.like(await resolve('api.example.com', directly, four, placeOf(''), endless), {address: '192.0.2.7'});

	t.deepEqual(dns.questions, [
		'A auth.june.svc.cluster.local',
		'A api.example.com.june.svc.cluster.local',
		'A api.example.com.svc.cluster.local',
		'A api.example.com',
	]);
});

test('directly, every run really asks', async t => {
	const dns = await aServer(t, {'auth.example': ['192.0.2.7']});
	const resolve = withFiles(t, {resolvConf: 'nameserver 127.0.0.1', dns});

	for (let run = 0; run < 3; run++) await resolve('auth.example', directly, either, placeOf(''), endless);

	t.is(dns.questions.length, 3);
});

test('directly, a broken server for one domain does not hide the names behind it', async t => {
	const dns = await aServer(t, {'auth.broken.example': 'servfail', auth: ['192.0.2.7']});
	const resolve = withFiles(t, {resolvConf: 'search broken.example\nnameserver 127.0.0.1', dns});

	t.like(await resolve('auth', directly, either, placeOf(''), endless), {address: '192.0.2.7'});
});

test('directly, silence is told as such, in time for the rest of the run', async t => {
	const dns = await aServer(t, {'auth.example': 'silent'});
	const resolve = withFiles(t, {resolvConf: 'nameserver 127.0.0.1', dns});
	const startedAt = performance.now();

	const error = await t.throwsAsync(
		resolve('auth.example', directly, either, placeOf('', {timeoutMs: 1000}), endless),
		{instanceOf: TargetDownError},
	);

	t.is(error.reason, 'resolve');
	t.regex(
		error.message,
		/^The name servers of resolv\.conf \(127\.0\.0\.1\) did not resolve auth\.example: no answer in time$/,
	);
	t.true(performance.now() - startedAt < 950);
});

test('directly, an unknown name is down by resolve, whichever families were asked', async t => {
	const dns = await aServer(t, {'empty.example': 'nodata'});
	const resolve = withFiles(t, {resolvConf: 'nameserver 127.0.0.1', dns});

	await t.throwsAsync(resolve('nosuch.example', directly, either, placeOf(''), endless), {
		instanceOf: TargetDownError,
		message: /answered that nosuch\.example does not exist/,
	});
	await t.throwsAsync(resolve('empty.example', directly, either, placeOf(''), endless), {
		instanceOf: TargetDownError,
		message: /answered that empty\.example has no address/,
	});
});

test('a hundred names at once are all answered', async t => {
	const names = Array.from({length: 100}, (_, at) => `node-${at}`);
	const dns = await aServer(
		t,
		Object.fromEntries(names.map((name, at) => [`${name}.tail.ozzu.world`, [`100.64.1.${at + 1}`]])),
	);
	const place = placeOf(dns.address);

	const resolved = await Promise.all(names.map(name => resolveTarget(name, overTailnet, either, place, endless)));

	t.deepEqual(
		resolved.map(({address}) => address),
		names.map((_, at) => `100.64.1.${at + 1}`),
	);
});

test('files of the system that are none any more go on saying what they said; a failure tells so', async t => {
	const directory = mkdtempSync(join(tmpdir(), 'resolve-'));
	t.teardown(() => rmSync(directory, {recursive: true}));
	const dns = await aServer(t, {'found.example': ['10.0.0.8']});
	const [hostsPath, resolvConfPath] = [join(directory, 'hosts'), join(directory, 'resolv.conf')];
	const resolve = createResolve({hostsPath, resolvConfPath, dnsPort: Number(dns.address.split(':')[1])});
	const place = placeOf('127.0.0.1:1');
	mkdirSync(resolvConfPath);

	await t.throwsAsync(resolve('found.example', directly, either, place, endless), {
		instanceOf: CannotLookError,
		message: `${resolvConfPath} cannot be read: it is no file. It names who is asked`,
	});

	rmSync(resolvConfPath, {recursive: true});
	writeFileSync(resolvConfPath, 'nameserver 127.0.0.1');
	await until(async () => {
		const found = await resolve('found.example', directly, either, place, endless).catch(() => undefined);
		return found?.address === '10.0.0.8';
	});
	rmSync(resolvConfPath);
	mkdirSync(hostsPath);
	await until(async () => {
		const error = await resolve('lost.example', directly, either, place, endless).catch(thrown => thrown);
		return (
			error instanceof TargetDownError &&
			error.message ===
				`The name servers of resolv.conf (127.0.0.1) answered that lost.example does not exist; this may be wrong, as files cannot be read now (${hostsPath}: it is no file, ${resolvConfPath}: there is no such file)`
		);
	});

	t.like(await resolve('found.example', directly, either, place, endless), {address: '10.0.0.8', by: 'dns'});
});
