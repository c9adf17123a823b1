import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {filesNamed, withAbsolutePaths} from '../../src/config/file-paths.ts';
import {loadConfig, parseConfig} from '../../src/config/load.ts';
import type {Config} from '../../src/config/types.ts';

async function load(t: ExecutionContext, files: Record<string, string>): Promise<{config: Config; folder: string}> {
	const folder = await mkdtemp(join(tmpdir(), 'tailprobe-paths-'));
	t.teardown(() => rm(folder, {recursive: true}));
	for (const [name, text] of Object.entries(files)) {
		await mkdir(join(folder, name, '..'), {recursive: true});
		await writeFile(join(folder, name), text);
	}
	const loaded = await loadConfig(join(folder, 'tailprobe.yaml'));
	if (!loaded.ok) throw new Error(loaded.mistakes.join('\n'));
	return {config: loaded.config, folder};
}

test('every path of a configuration starts at its folder, wherever it stands', async t => {
	const {config, folder} = await load(t, {
		'tailprobe.yaml': `
web: {config_file: web.yml, bearer_tokens: [{name: x, file: tokens/x}, {name: y, env: file}]}
headscale: {url: "https://h.example", api_key: {file: key}, ca_file: /etc/ca.pem}
checks:
  - name: a
    prober: http
    via: direct
    targets: ["https://x.example/"]
    http:
      body_file: body
      basic_auth: {username_file: user, password: {file: password}}
      http_headers: {X-Key: {files: [one, two], secrets: [{file: three}, {env: four}]}}
      headers: {x_file: value, file: value}
      tls_config: {ca_file: ../ca.pem, cert_file: c.pem, key_file: /k.pem}
`,
	});
	const at = (...parts: string[]) => resolve(folder, ...parts);

	t.is(config.web.configFile, at('web.yml'));
	t.deepEqual(
		config.web.bearerTokens.map(({secret}) => secret),
		[{file: at('tokens/x')}, {env: 'file'}],
	);
	t.deepEqual(config.headscale?.apiKey, {file: at('key')});
	t.is(config.headscale?.caFile, '/etc/ca.pem');
	t.like(config.checks[0]?.options as object, {
		body_file: at('body'),
		basic_auth: {username_file: at('user'), password: {file: at('password')}},
		http_headers: {
			'X-Key': {values: [], files: [at('one'), at('two')], secrets: [{file: at('three')}, {env: 'four'}]},
		},
		headers: {x_file: 'value', file: 'value'},
		tls_config: {ca_file: at('../ca.pem'), cert_file: at('c.pem'), key_file: '/k.pem'},
	});
	t.deepEqual(
		filesNamed(config.checks[0]?.options)
			.map(({path}) => path)
			.toSorted(),
		[
			'/k.pem',
			...['../ca.pem', 'body', 'c.pem', 'one', 'password', 'three', 'two', 'user'].map(name => at(name)),
		].toSorted(),
	);
});

test('paths in a file of modules start at the folder of that file', async t => {
	const {config, folder} = await load(t, {
		'tailprobe.yaml': 'module_files: [theirs/blackbox.yml]\nmodules: {own: {prober: http, http: {body_file: body}}}\n',
		'theirs/blackbox.yml':
			'modules: {them: {prober: http, http: {body_file: body, basic_auth: {username: u, password_file: p}}}}\n',
	});

	t.like(config.modules.get('own')?.options as object, {body_file: join(folder, 'body')});
	t.like(config.modules.get('them')?.options as object, {
		body_file: join(folder, 'theirs/body'),
		basic_auth: {password_file: join(folder, 'theirs/p')},
	});
});

test('a text without a file starts at the working directory', t => {
	const loaded = parseConfig('headscale: {url: "https://h.example", api_key: {file: key}}', 'configuration');

	t.deepEqual(loaded.ok && loaded.config.headscale?.apiKey, {file: resolve('key')});
});

for (const name of ['headers', 'http_headers', 'file', 'files', 'x_file', 'secrets', '__proto__'])
	test(`no path is hidden by a header that is called ${name}`, t => {
		const sources = {values: ['plain'], files: ['one'], secrets: [{file: 'two'}, {env: 'FILE'}]};
		// As JSON brings it: a name is a key of its own, whatever it is.
		const options = JSON.parse(`{"http_headers": {${JSON.stringify(name)}: ${JSON.stringify(sources)}}}`) as object;

		const found = filesNamed(options);
		const moved = withAbsolutePaths(options, '/etc/tailprobe');

		t.deepEqual(found, [
			{key: 'files', path: 'one'},
			{key: 'file', path: 'two'},
		]);
		t.deepEqual(
			filesNamed(moved).map(({path}) => path),
			['/etc/tailprobe/one', '/etc/tailprobe/two'],
		);
	});

for (const name of ['headers', 'http_headers', 'file', 'files', 'x_file'])
	test(`the text of a header that is called ${name} is no path`, t => {
		for (const options of [{headers: {[name]: 'text'}}, {http: {headers: {[name]: 'text'}}}]) {
			t.deepEqual(filesNamed(options), []);
			t.deepEqual(withAbsolutePaths(options, '/etc/tailprobe'), options);
		}
	});

test('a path among headers counts where more than texts is there', t => {
	t.deepEqual(filesNamed({headers: {a: 'text', b: {file: 'one'}, files: ['two']}}), [
		{key: 'file', path: 'one'},
		{key: 'files', path: 'two'},
	]);
});
