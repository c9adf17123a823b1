import test from 'ava';
import {
	canonicalAddress,
	checkAddress,
	isInside,
	isPublic,
	looksNumeric,
	parseAddress,
	parsePrefix,
} from '../../src/net/guard.ts';
import type {AddressRule} from '../../src/net/types.ts';
import {TargetDownError} from '../../src/util/errors.ts';

const tailnetPrefixes = ['100.64.0.0/10', 'fd7a:115c:a1e0::/48'];
const direct: AddressRule = {via: 'direct', prefixes: tailnetPrefixes, allowLoopback: false};
const tailnet: AddressRule = {...direct, via: 'tailnet'};

function verdict(address: string, rule: AddressRule): string {
	try {
		checkAddress(address, rule);
		return 'allowed';
	} catch (error) {
		if (error instanceof TargetDownError) return error.reason;
		throw error;
	}
}

const neverDialled = {
	'this network': ['0.0.0.0', '0.1.2.3', '::'],
	'link-local': ['169.254.0.1', '169.254.255.255', 'fe80::1', 'febf::1'],
	multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
	'reserved and broadcast': ['240.0.0.1', '255.255.255.255'],
	'cloud metadata': [
		'169.254.169.254',
		'fd00:ec2::254',
		'fd20:ce::254',
		'100.100.100.200',
		'168.63.129.16',
		'192.0.0.192',
	],
	"tailscaled's own": ['100.100.100.100', 'fd7a:115c:a1e0::53'],
	'IPv4 in IPv6': [
		'::ffff:127.0.0.1',
		'::ffff:a9fe:a9fe',
		'::ffff:100.64.0.1',
		'::127.0.0.1',
		'::ffff:0:7f00:1',
		'64:ff9b::7f00:1',
		'64:ff9b:1::1',
		'2002:7f00:1::',
		'2001:0:1::1',
	],
};
for (const [kind, addresses] of Object.entries(neverDialled)) {
	test(`never dialled, not even in the lab: ${kind}`, t => {
		for (const address of addresses) {
			t.is(verdict(address, direct), 'forbidden', address);
			t.is(verdict(address, tailnet), 'forbidden', address);
			t.is(verdict(address, {...direct, allowLoopback: true}), 'forbidden', address);
			t.is(verdict(address, {...direct, only: ['0.0.0.0/0', '::/0']}), 'forbidden', address);
		}
	});
}

test('loopback is forbidden unless the lab allows it', t => {
	for (const address of ['127.0.0.1', '127.255.255.254', '::1']) {
		t.is(verdict(address, direct), 'forbidden', address);
		t.is(verdict(address, {...direct, allowLoopback: true}), 'allowed', address);
	}
});

test('over the tailnet only its own addresses are dialled, up to the edges of the prefixes', t => {
	for (const address of ['100.64.0.0', '100.127.255.255', 'fd7a:115c:a1e0::1', 'fd7a:115c:a1e0:ffff::1'])
		t.is(verdict(address, tailnet), 'allowed', address);
	for (const address of ['100.63.255.255', '100.128.0.0', '10.96.0.1', '8.8.8.8', 'fd7a:115c:a1e1::1'])
		t.is(verdict(address, tailnet), 'wrong_network', address);
});

test('the sentence about a wrong network names the address and the prefixes', t => {
	t.throws(() => checkAddress('10.96.3.4', tailnet), {
		instanceOf: TargetDownError,
		message: /10\.96\.3\.4 is outside the tailnet \(100\.64\.0\.0\/10, fd7a:115c:a1e0::\/48\)/,
	});
});

test('an ad hoc target stays inside what it was limited to', t => {
	const rule = {...direct, only: ['100.64.0.0/10']};

	t.is(verdict('100.64.0.7', rule), 'allowed');
	t.is(verdict('10.0.0.1', rule), 'forbidden');
	t.is(verdict('10.0.0.1', {...direct, only: []}), 'forbidden');
});

test('after a public address a redirect may not lead to a private one', t => {
	const rule = {...direct, publicOnly: true};

	for (const address of ['1.1.1.1', '2606:4700::1111']) t.is(verdict(address, rule), 'allowed', address);
	for (const address of ['10.0.0.1', '172.31.0.1', '192.168.1.1', '100.64.0.1', 'fd00::1', 'fec0::1', '2001:db8::1'])
		t.is(verdict(address, rule), 'forbidden', address);
});

test('what is public is neither private, shared, documentation, nor special', t => {
	for (const address of ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2a00::1']) t.true(isPublic(address), address);
	for (const address of ['127.0.0.1', '10.1.1.1', '198.18.0.1', '192.0.2.1', '169.254.169.254', '::1', 'fc00::1', 'x'])
		t.false(isPublic(address), address);
});

test('only canonical literals are addresses', t => {
	t.deepEqual(parseAddress('100.64.0.1'), {address: '100.64.0.1', family: 4});
	t.is(canonicalAddress('FD7A:115C:A1E0:0:0:0:0:5'), 'fd7a:115c:a1e0::5');
	for (const text of [
		'010.0.0.1',
		'0x7f.0.0.1',
		'2130706433',
		'127.1',
		'fe80::1%eth0',
		'[::1]',
		' 10.0.0.1',
		'10.0.0.1\n',
		'１０.0.0.1',
		'1.2.3.4.5',
		'',
	])
		t.is(parseAddress(text), undefined, JSON.stringify(text));
});

test('what another parser would take for an address is recognised as such', t => {
	for (const text of ['2130706433', '0x7f000001', '127.1', '010.0.0.1', '0177.0.0.1', '1.2.3.4.5', '127.0.0.1.'])
		t.true(looksNumeric(text), text);
	for (const text of ['june-gpu-00000001', '1.example', 'a.1b', 'deadbeef', '10.0.0.1', '::1'])
		t.false(looksNumeric(text), text);
});

test('a host that is no address is refused, not resolved', t => {
	t.is(verdict('localhost', direct), 'forbidden');
	t.is(verdict('0x7f.1', direct), 'forbidden');
});

test('prefixes are read strictly', t => {
	t.deepEqual(parsePrefix('100.64.0.0/10'), {address: '100.64.0.0', family: 4, bits: 10});
	for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/08', '::/129', '/8', '10.0.0.0/8/8', 'fe80::%lo/64'])
		t.is(parsePrefix(text), undefined, text);
	t.throws(() => isInside('10.0.0.1', ['ten']), {instanceOf: TypeError});
});

test('a prefix of one family says nothing about the other', t => {
	t.false(isInside('10.0.0.1', ['::/0']));
	t.false(isInside('::ffff:10.0.0.1', ['10.0.0.0/8']));
	t.true(isInside('10.0.0.1', ['::/0', '10.0.0.0/8']));
});
