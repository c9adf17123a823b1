import test from 'ava';
import {describeConfig, isStable, targetCount} from '../../../scripts/soak/config.ts';
import {hostOf, kinds} from '../../../scripts/soak/kinds.ts';
import {seededRandom} from '../../../scripts/soak/random.ts';
import {parseConfig} from '../../../src/config/load.ts';
import {probes} from '../../../src/probes/registry.ts';
import {caFile} from '../../helpers/servers.ts';

const options = {
	scale: 0.1,
	caFile,
	listenPort: 9753,
	headscaleUrl: 'http://127.0.0.1:1',
	apiKeyFile: '/nowhere',
};

const read = (seed: number, isEmpty = false) =>
	parseConfig(describeConfig({...options, draw: seededRandom(seed), isEmpty}), 'soak');

test('every moment of the soak is a configuration that the daemon takes without any licence', t => {
	for (const loaded of [read(1), read(2), read(3, true)]) t.deepEqual(loaded.ok ? [] : loaded.mistakes, []);
});

test('the same seed draws the same targets, another one others, and stable ones are always there', t => {
	const namesOf = (seed: number) => {
		const loaded = read(seed);
		return loaded.ok ? loaded.config.checks.flatMap(({targets}) => targets?.map(({name}) => name) ?? []) : [];
	};
	const stable = kinds.flatMap(kind =>
		Array.from({length: targetCount(kind, 0.1)}, (_, at) => at)
			.filter(at => isStable(kind, at, 0.1))
			.map(at => `${kind.name}-${at}`),
	);

	t.deepEqual(namesOf(1), namesOf(1));
	t.notDeepEqual(namesOf(1), namesOf(2));
	t.true(stable.length >= kinds.length);
	t.deepEqual(
		stable.filter(name => !namesOf(2).includes(name)),
		[],
	);
});

test('every kind has a place of its own', t => {
	const places = kinds.map(kind => `${hostOf(kind, 0)} ${kind.port}`);

	t.is(new Set(kinds.map(({name}) => name)).size, kinds.length);
	t.is(new Set(places).size, kinds.length);
});

test('every probe type that measures in process and needs no tailscaled is in the mix', t => {
	const soaked = new Set(kinds.map(({type}) => type));
	const missing = probes.map(({type}) => type).filter(type => !soaked.has(type));

	t.deepEqual(missing, ['tunnel', 'icmp', 'derp', 'gpu']);
});
