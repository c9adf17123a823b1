import test from 'ava';
import {nameOutsideTailnet} from '../../../src/diagnosis/causes/name-outside-tailnet.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {anOutcome} from '../../helpers/fake-daemon.ts';
import {aLink, aScene, isDown, isUp} from '../../helpers/scenes.ts';
import {aFresh, tunnelUp} from '../../helpers/tunnels.ts';

const detail = 'june-gpu-1 was resolved, but 10.0.0.9 is outside the tailnet';
const astray = isDown(aLink(), 'wrong_network', detail, {phases: {resolve: 0.002}, facts: {phase: 'resolve'}});

test('a name that leads out of the tailnet is named, although the tunnel is up', t => {
	const {cause} = nameCauses(aScene([astray, tunnelUp('june-gpu-1')]));

	t.like(cause, {id: 'name-outside-tailnet', confidence: 'certain', about: 'name june-gpu-1'});
	t.like(cause?.next[0], {
		where: 'where headscale runs',
		run: "grep -n -A 20 'extra_records' /etc/headscale/config.yaml",
	});
});

test('several names are the trouble of the vantage', t => {
	const other = isDown(
		aLink({target: {name: 'livekit', peer: 'livekit', address: 'http://livekit:7880/'}}),
		'wrong_network',
	);

	t.is(nameOutsideTailnet.find(aScene([astray, other]))?.about, 'vantage cluster');
});

test('an address outside the tailnet has no name that could lead astray, and a name that is right again is none', t => {
	const literal = isDown(aLink({target: {address: 'http://10.0.0.9:8000/'}}), 'wrong_network');

	t.is(nameOutsideTailnet.find(aScene([literal])), undefined);
	t.is(nameOutsideTailnet.find(aScene([isUp(aLink())], {fresh: aFresh({byMagicDns: anOutcome()})})), undefined);
});
