import {readFileSync} from 'node:fs';
import test from 'ava';
import bcrypt from 'bcryptjs';
import {parse} from 'yaml';
import {z} from 'zod';
import {parseConfig} from '../../src/config/load.ts';
import {parseWebConfig} from '../../src/config/web-config.ts';
import {guard, hashOf, pem} from '../helpers/guarded.ts';

const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');

/** The one example of the page that begins so. */
function exampleOf(beginning: string): string {
	const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(match => match[1] ?? '');
	const [example, ...others] = examples.filter(text => text.startsWith(beginning));
	if (example === undefined || others.length > 0) throw new Error(`not one example begins with ${beginning}`);
	return example;
}

const scrapeSchema = z.strictObject({
	scrape_configs: z.tuple([
		z.strictObject({
			job_name: z.string(),
			scheme: z.literal('https'),
			basic_auth: z.strictObject({username: z.string(), password_file: z.string()}),
			tls_config: z.strictObject({ca_file: z.string()}),
			static_configs: z.tuple([z.strictObject({targets: z.tuple([z.string().regex(/:9753$/)])})]),
		}),
	]),
});

test('the configuration of the page loads, and leads to its web configuration', t => {
	const loaded = parseConfig(exampleOf('web:'), 'security.md');

	t.deepEqual(loaded.ok ? [] : loaded.mistakes, []);
	t.is(loaded.ok && loaded.config.web.configFile, '/etc/tailprobe/web.yml');
});

test('the web configuration of the page loads: TLS, a user whose password is the word that the page says, a rate', t => {
	const loaded = parseWebConfig(exampleOf('tls_server_config:'), '/etc/tailprobe/web.yml');
	if (!loaded.ok) return t.fail(loaded.mistakes.join());

	const {tls, users, rate} = loaded.web;
	t.deepEqual(tls?.certificate, {file: '/etc/tailprobe/tailprobe.crt'});
	t.deepEqual(rate, {count: 200, perMs: 2000});
	t.true(bcrypt.compareSync('example', users.get('prometheus') ?? ''));
	t.regex(page, /the hash below is of the word `example`/);
});

test('Prometheus as on the page is let in by a tailprobe as on the page', async t => {
	const {
		scrape_configs: [{basic_auth: basic, static_configs: statics}],
	} = scrapeSchema.parse(parse(exampleOf('scrape_configs:')));
	// The same file, with a hash that costs no time.
	const web = exampleOf('tls_server_config:').replace(/\$2y\$10\$\S+/, hashOf('example'));
	const {ask} = await guard(t, {web, files: {'tailprobe.crt': pem('good.pem'), 'tailprobe.key': pem('server.key')}});

	t.is((await ask('/metrics', {auth: `${basic.username}:example`})).status, 200);
	t.is((await ask('/metrics', {auth: `${basic.username}:wrong`})).status, 401);
	t.is(statics[0].targets.length, 1);
});
