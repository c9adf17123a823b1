import test from 'ava';
import {configPage, configSchema, optionsTable} from '../../../scripts/docs/config-page.ts';
import {probes} from '../../../src/probes/registry.ts';

interface Node {
	properties?: Record<string, Node>;
	additionalProperties?: Node | boolean;
	items?: Node;
	anyOf?: readonly Node[];
	oneOf?: readonly Node[];
}

/** Names of all keys at any depth, blocks of probe types left out. */
function keysOf(node: Node): string[] {
	const inner = [
		...(node.anyOf ?? []),
		...(node.oneOf ?? []),
		...(node.items ? [node.items] : []),
		...(typeof node.additionalProperties === 'object' ? [node.additionalProperties] : []),
	];
	const own = Object.entries(node.properties ?? {});
	return [...own.flatMap(([key, child]) => [key, ...keysOf(child)]), ...inner.flatMap(keysOf)];
}

test('every key of the configuration is on its page, or on that of its probe type', t => {
	const page = [configPage(), ...probes.flatMap(({type}) => optionsTable(type))].join('\n');

	const missing = [...new Set(keysOf(configSchema() as Node))].filter(
		key => !new RegExp(`[\`.{ ]${key}[\`},: ]`).test(page),
	);

	t.deepEqual(missing, []);
	t.notRegex(page, /No options/);
});

test('keys below lists, below what is by name and below either of two forms have their row', t => {
	const page = configPage();
	const headers = optionsTable('http').join('\n');

	for (const key of [
		'bearer_tokens[].env',
		'cli.command',
		'tailscaled.socket',
		'tailscaled.socks5',
		'path',
		'only',
		'targets[].target',
	])
		t.true(page.includes(`| \`${key}\` |`), key);
	t.true(headers.includes('| `http_headers.NAME.files` |'));
	t.regex(page, /\| `targets\[\]\.name` \| string \| required \|/);
	t.regex(page, /\| `bearer_tokens\[\]\.file` \| string \| {2}\|/);
	t.regex(page, /`vantages` \(a list\)\n\n.*one entry of type `local`, and any of type `remote`/);
	t.regex(page, /an address makes a poor label/);
});

test('a key that has the name of a probe type is only left out where it is the block of that type', t => {
	const page = configPage();

	t.regex(page, /\n\| `match` \|(?:.*\n)+?\| `gpu` \| boolean \|/);
	t.notRegex(page, /\n\| `http` \|/);
	t.regex(page, /\n\| `ways` \| list of \{agent\} or \{ssh\} or \{pod\} \|/);
});
