import {X509Certificate} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {chainExpirySeconds, prepareAuthorities} from '../../src/net/tls-chain.ts';
import {findProbe} from '../../src/probes/registry.ts';
import {measure} from '../helpers/probing.ts';
import {type CertificateName, serveTls} from '../helpers/servers.ts';

const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), 'utf8');
const seconds = (time: string) => Date.parse(time) / 1000;

/** A ca_file with these, in this order. */
async function trusting(t: ExecutionContext, names: readonly string[]): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), 'authorities-'));
	t.teardown(() => rm(directory, {recursive: true}));
	const file = join(directory, 'ca.pem');
	await writeFile(file, names.map(pem).join(''));
	return file;
}

const ends = test.macro({
	async exec(t, certificate: CertificateName, authorities: readonly string[], end: string) {
		const file = await trusting(t, authorities);
		const server = await serveTls(t, certificate, {});
		const tls = findProbe('tls');
		if (!tls) throw new Error('there is no tls probe');

		const reading = await measure(tls, `localhost:${server.port}`, {tls_config: {ca_file: file}});

		t.true(reading.ok, reading.detail);
		t.is(reading.values.tls_chain_expiry_seconds, seconds(end));
	},
	title: (_, certificate, authorities: readonly string[] = []) =>
		`the chain of ${certificate}, with ${authorities.join(', ')} in ca_file`,
});

// The old one ended in 2021, and is no longer what the chain is trusted by.
test(ends, 'renewed', ['renewed-old-ca', 'renewed-ca'], '2050-01-01T00:00:00Z');
test(ends, 'renewed', ['renewed-ca', 'renewed-old-ca'], '2050-01-01T00:00:00Z');
// Its successor is not valid yet.
test(ends, 'renewed', ['renewed-next-ca', 'renewed-old-ca', 'renewed-ca'], '2050-01-01T00:00:00Z');
// The authority in between is trusted, and ends later than its root.
test(ends, 'behind', ['behind-ca', 'renewed-ca'], '2050-01-01T00:00:00Z');
test(ends, 'behind', ['renewed-old-ca', 'renewed-ca', 'behind-ca'], '2050-01-01T00:00:00Z');
// Its own authority.
test(ends, 'self-signed', ['ca', 'self-signed'], new X509Certificate(pem('self-signed')).validTo);

test('without a way to a root nothing is said', async t => {
	const file = await trusting(t, ['ca']);

	t.is(await chainExpirySeconds(new X509Certificate(pem('renewed')), file), undefined);
	t.is(await chainExpirySeconds(new X509Certificate(pem('self-signed')), file), undefined);
});

test('where no certificate of an authority is valid any more, the one that lasted longest counts', async t => {
	const file = await trusting(t, ['renewed-old-ca']);

	t.is(await chainExpirySeconds(new X509Certificate(pem('renewed')), file), seconds('2021-01-01T00:00:00Z'));
});

test('preparing a file that is not there is no failure yet', async t => {
	await t.notThrowsAsync(async () => prepareAuthorities('/nowhere.pem'));
	t.is(prepareAuthorities('/nowhere.pem'), undefined);
});
