import test from 'ava';
import {clientCollector} from '../../src/collectors/clients.ts';
import type {ClientVersion} from '../../src/tailscaled/types.ts';
import {checkRows, collect} from '../helpers/samples.ts';

const told =
	(versions: readonly (ClientVersion | undefined)[] | undefined, headscaleVersion?: string) =>
	(t: Parameters<typeof collect>[0]) =>
		collect(t, clientCollector, {versions, headscaleVersion}, 0);

test('its rows keep to the rules', t => {
	checkRows(t, clientCollector);
});

test('nodes are counted by version, with the skew and those below the minimum', t => {
	const lines = told([[1, 102, 3], [1, 78, 1], [1, 102, 3], undefined], 'v0.29.2')(t);

	t.deepEqual(lines, [
		'tailprobe_tailnet_client_minimum_info{version="1.80"} 1',
		'tailprobe_tailnet_client_version_skew 24',
		'tailprobe_tailnet_client_versions{version="1.102.3"} 2',
		'tailprobe_tailnet_client_versions{version="1.78.1"} 1',
		'tailprobe_tailnet_client_versions{version="unknown"} 1',
		'tailprobe_tailnet_clients_below_minimum 1',
	]);
});

test('without a known version of headscale there is no minimum', t => {
	t.deepEqual(told([[1, 102, 3]])(t), [
		'tailprobe_tailnet_client_version_skew 0',
		'tailprobe_tailnet_client_versions{version="1.102.3"} 1',
	]);
});

test('what nobody told is absent, not zero', t => {
	t.deepEqual(told(undefined)(t), []);
	t.deepEqual(told([undefined])(t), ['tailprobe_tailnet_client_versions{version="unknown"} 1']);
});

test('clients of different major versions have no skew in minor ones', t => {
	t.false(
		told([
			[1, 102, 3],
			[2, 0, 0],
		])(t).some(line => line.includes('skew')),
	);
});

test('a thousand versions are twenty series and the rest', t => {
	const lines = told(Array.from({length: 1000}, (_, patch): ClientVersion => [1, 102, patch]))(t);

	const counts = lines.filter(line => line.includes('client_versions{'));
	t.is(counts.length, 21);
	t.true(counts.includes('tailprobe_tailnet_client_versions{version="other"} 980'));
});
