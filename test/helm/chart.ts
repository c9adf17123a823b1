import {readdirSync, readFileSync} from 'node:fs';
import test from 'ava';
import {parse} from 'yaml';
import {version} from '../../src/util/version.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const chart = parse(read('helm/tailprobe/Chart.yaml')) as {
	version: string;
	appVersion: string;
	annotations: Record<string, string>;
};

test('the chart installs the version of the program that it comes with, and says so', t => {
	const values = parse(read('helm/tailprobe/values.yaml'), {version: '1.1'}) as {
		image: {repository: string; tag: string};
		tailscale: {image: {repository: string; tag: string}};
	};
	const images = parse(chart.annotations['artifacthub.io/images'] ?? '') as {name: string; image: string}[];
	const {repository, tag} = values.tailscale.image;

	t.is(chart.appVersion, version);
	t.is(values.image.tag, '');
	t.deepEqual(images, [
		{name: 'tailprobe', image: `${values.image.repository}:${version}`},
		{name: 'tailscale', image: `${repository}:${tag}`},
	]);
});

test('the chart carries every file of rules as it is, every dashboard, and no other', t => {
	const rules = names('alerts').filter(name => name.endsWith('.yaml'));
	const dashboards = names('dashboards').filter(name => name.endsWith('.json'));

	t.deepEqual(names('helm/tailprobe/files/alerts'), rules);
	t.deepEqual(names('helm/tailprobe/files/dashboards'), dashboards);
	for (const name of rules) t.is(read(`helm/tailprobe/files/alerts/${name}`), read(`alerts/${name}`), name);
	for (const name of dashboards) {
		const carried: unknown = JSON.parse(read(`helm/tailprobe/files/dashboards/${name}`));
		t.deepEqual(carried, JSON.parse(read(`dashboards/${name}`)), name);
	}
});

test('a release that keeps the values of an older chart finds the defaults of this one', t => {
	t.is(read('helm/tailprobe/files/defaults.yaml'), read('helm/tailprobe/values.yaml'));
});

test('links of alerts begin with one of the three addresses that the chart replaces', t => {
	const replaced =
		/^https:\/\/(?:runbooks\.example\.com\/tailprobe\/|grafana\.example\.com\/d\/|tailprobe\.example\.com)/;

	for (const name of names('alerts').filter(one => one.endsWith('.yaml'))) {
		const {groups} = parse(read(`alerts/${name}`), {merge: true}) as {
			groups: {rules: {annotations?: Record<string, string>}[]}[];
		};
		const texts = groups.flatMap(({rules}) => rules.flatMap(({annotations = {}}) => Object.values(annotations)));
		for (const text of texts.filter(one => one.includes('example.com'))) t.regex(text, replaced);
	}
});

test('the example of the June platform is the configuration of the docs, without what the chart knows better', t => {
	const values = parse(read('helm/tailprobe/examples/june.yaml')) as {config: unknown};
	const config = parse(
		read('docs/examples/june.yaml')
			.replace('/run/secrets/headscale-api-key', '/run/secrets/tailprobe/headscale-api-key')
			.replace('/run/secrets/tailprobe-agent', '/run/secrets/tailprobe/agent'),
	) as {web?: unknown; vantages: {tailscaled?: unknown}[]};

	delete config.web;
	for (const vantage of config.vantages) delete vantage.tailscaled;

	t.deepEqual(values.config, config);
});

function names(folder: string): string[] {
	return readdirSync(new URL(`${folder}/`, root)).toSorted();
}
