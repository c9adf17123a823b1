import test from 'ava';
import {groupSources} from '../../src/notes/source-groups.ts';
import type {SourceView} from '../../src/server/types.ts';
import {aVantage} from '../helpers/fake-daemon.ts';
import {aSnapshot} from '../helpers/status-page.ts';

test('sources of one system that fail for the same reason are one trouble', t => {
	const failing = (name: string, detail: string) => ({name, ok: false, detail});
	const silent = (path: string) =>
		`GET https://headscale.example${path}: connected, but no answer came within 2 s. It hangs.`;

	const sources: SourceView[] = [
		failing('headscale-key', silent('/health')),
		failing('headscale-nodes', silent('/api/v1/node')),
		failing('headscale-metrics', 'GET http://headscale.example:50480/metrics: nothing listens there (ECONNREFUSED).'),
		failing('other-nodes', silent('/health')),
		{name: 'headscale-version', ok: true},
		{name: 'headscale-later', ok: undefined},
	];

	const groups = groupSources(aSnapshot({sources}));

	t.deepEqual(
		groups.map(({name, sources}) => [name, sources.map(source => source.name)]),
		[
			['headscale', ['headscale-key', 'headscale-nodes']],
			['headscale-metrics', ['headscale-metrics']],
			['other-nodes', ['other-nodes']],
		],
	);
});

test('while headscale says nothing of its health, what else is read of it fails behind that', t => {
	const sources = [
		{name: 'headscale-metrics', ok: false, detail: 'Nothing listens there.'},
		{name: 'headscale-health', ok: false, detail: 'It did not answer.'},
	];

	t.deepEqual(
		groupSources(aSnapshot({sources})).map(({name, sources: group}) => [name, group.length]),
		[['headscale', 2]],
	);
});

test('what fails of the tailscaled of a vantage that cannot look is left to that vantage; of one that can it is one trouble', t => {
	const failing = (name: string): SourceView => ({name, ok: false, detail: `${name} says something of its own.`});
	const sources = [
		failing('tailscaled-status-a'),
		failing('tailscaled-health-a'),
		failing('tailscaled-status-b-a'),
		failing('tailscaled-metrics-b-a'),
		failing('tailscaled-whois'),
		failing('headscale-nodes'),
		{name: 'tailscaled-metrics-a', ok: true},
	];
	const vantages = [aVantage({name: 'a', condition: 'sick'}), aVantage({name: 'b-a'})];
	const platform = {tailscaled: [{vantage: 'a'}, {vantage: 'b-a'}]};

	const groups = groupSources(aSnapshot({vantages, sources, platform}));

	t.deepEqual(
		groups.map(({name, sources: own}) => [name, own.map(source => source.name)]),
		[
			['tailscaled', ['tailscaled-status-b-a', 'tailscaled-metrics-b-a']],
			['tailscaled-whois', ['tailscaled-whois']],
			['headscale-nodes', ['headscale-nodes']],
		],
	);
});

test('where one vantage only has a tailscaled, all of its sources are that vantage’s', t => {
	const sources = ['tailscaled-status', 'tailscaled-whois'].map(name => ({name, ok: false, detail: name}));
	const vantages = [aVantage({name: 'a', condition: 'gone'}), aVantage({name: 'b', condition: 'sick'})];

	t.deepEqual(groupSources(aSnapshot({vantages, sources, platform: {tailscaled: [{vantage: 'a'}]}})), []);
});
