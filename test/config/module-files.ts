import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {loadConfig} from '../../src/config/load.ts';

async function load(files: Record<string, string>) {
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-modules-'));
	for (const [name, text] of Object.entries(files)) {
		await mkdir(join(directory, name, '..'), {recursive: true});
		await writeFile(join(directory, name), text);
	}
	const loaded = await loadConfig(join(directory, 'tailprobe.yaml'));
	await rm(directory, {recursive: true});
	return {
		loaded,
		config: loaded.ok ? loaded.config : undefined,
		mistakes: loaded.ok ? [] : loaded.mistakes.map(mistake => mistake.replaceAll(`${directory}/`, '')),
		directory,
	};
}

const theirs = `
modules:
  http_2xx: {prober: http, timeout: 3s}
  ping: {prober: icmp}
`;

test('modules of a file are there as if they were written in the configuration', async t => {
	const {config, directory, mistakes} = await load({
		'tailprobe.yaml': `
module_files: [theirs/blackbox.yml]
checks:
  - {name: ping, module: ping, via: direct, targets: [{name: x, target: x.example}]}
`,
		'theirs/blackbox.yml': theirs,
	});

	t.deepEqual(mistakes, []);
	t.like(config?.modules.get('http_2xx'), {
		type: 'http',
		timeoutMs: 3000,
		via: 'tailnet',
		options: {preferred_ip_protocol: 'ip6'},
	});
	t.like(config?.checks[0], {type: 'icmp', options: {count: 1}});
	t.deepEqual(config?.moduleFiles, [join(directory, 'theirs/blackbox.yml')]);
});

test('via and only hold for the modules of that file', async t => {
	const {config} = await load({
		'tailprobe.yaml': 'module_files: [{path: b.yml, via: direct, only: [ping]}]\n',
		'b.yml': `${theirs}  remote: {prober: grpc}\n`,
	});

	t.is(config?.modules.get('ping')?.via, 'direct');
	t.is(config?.modules.get('http_2xx')?.timeoutMs, undefined);
	t.false(config?.modules.has('remote'));
});

test('only modules that are said to be trusted are, one by one or by file', async t => {
	const {config, mistakes} = await load({
		'tailprobe.yaml': `
modules: {own: {prober: http}, own_trusted: {prober: http, trust_adhoc: true}}
module_files: [a.yml, {path: b.yml, via: direct}, {path: c.yml, trust_adhoc: true}]
`,
		'a.yml': 'modules: {a: {prober: tcp}}',
		'b.yml': 'modules: {b: {prober: tcp}}',
		'c.yml': 'modules: {c: {prober: tcp}}',
	});

	t.deepEqual(mistakes, []);
	t.deepEqual(
		[...(config?.modules.values() ?? [])]
			.filter(({trustAdhoc}) => trustAdhoc)
			.map(({name}) => name)
			.sort(),
		['c', 'own_trusted'],
	);
});

test('a file of modules cannot trust its own', async t => {
	const {mistakes} = await load({
		'tailprobe.yaml': 'module_files: [a.yml]\n',
		'a.yml': 'modules: {a: {prober: tcp, trust_adhoc: true}}',
	});

	t.is(mistakes.length, 1, mistakes.join('\n'));
	t.regex(mistakes[0] ?? '', /^a\.yml:1:\d+: modules\.a\.trust_adhoc: there is no such key/);
});

test('mistakes of the configuration and of its files are told together, each in its own file', async t => {
	const {mistakes, loaded, directory} = await load({
		'tailprobe.yaml': 'module_files: [b.yml, none.yml, .]\nlog: {level: loud}\n',
		'b.yml': 'modules:\n  m: {prober: http, http: {proxy_url: x}}\n',
	});

	t.is(mistakes.length, 4, mistakes.join('\n'));
	t.regex(
		mistakes[0] ?? '',
		/^tailprobe\.yaml:1:23: module_files\[1\]: the file none\.yml cannot be used: there is no such file$/,
	);
	t.regex(mistakes[1] ?? '', /^tailprobe\.yaml:1:33: module_files\[2\]: the file \S+ cannot be used: it is no file$/);
	t.regex(mistakes[2] ?? '', /^tailprobe\.yaml:2:7: log\.level: /);
	t.regex(mistakes[3] ?? '', /^b\.yml:2:\d+: modules\.m\.http\.proxy_url: this is not supported/);
	t.deepEqual(
		loaded.ok ? [] : loaded.moduleFiles,
		['b.yml', 'none.yml', '.'].map(file => join(directory, file)),
	);
});

test('a check with a module that is wrong is no mistake of its own', async t => {
	const {mistakes} = await load({
		'tailprobe.yaml':
			'module_files: [b.yml]\nchecks: [{name: a, module: m, via: direct, targets: [x.example]}, {name: b, module: none, via: direct, targets: [x.example]}]\n',
		'b.yml': 'modules: {m: {prober: grpc}}\n',
	});

	t.is(mistakes.length, 2, mistakes.join('\n'));
	t.regex(mistakes[0] ?? '', /there is no module named none/);
	t.regex(mistakes[1] ?? '', /there is no grpc probe/);
});

test('a name that is there twice is a mistake, wherever it stands', async t => {
	const {mistakes} = await load({
		'tailprobe.yaml': 'modules: {ping: {prober: icmp}}\nmodule_files: [a.yml, b.yml]\n',
		'a.yml': theirs,
		'b.yml': 'modules: {http_2xx: {prober: http}}\n',
	});

	t.is(mistakes.length, 2, mistakes.join('\n'));
	t.regex(mistakes[0] ?? '', /module_files\[0\]: there is a module named ping already, and a\.yml brings another/);
	t.regex(mistakes[1] ?? '', /module_files\[1\]: there is a module named http_2xx already, and b\.yml brings another/);
});

test('what is wrong with the key itself is told once', async t => {
	const {mistakes} = await load({'tailprobe.yaml': 'module_files: [{file: b.yml}]\n'});

	t.is(mistakes.length, 1, mistakes.join('\n'));
	t.regex(mistakes[0] ?? '', /module_files/);
});
