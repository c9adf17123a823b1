import test from 'ava';
import {relayDown} from '../../../src/diagnosis/causes/relay-down.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import type {CheckView} from '../../../src/server/types.ts';
import {aLink, aScene, isDown, isUp, someTime} from '../../helpers/scenes.ts';
import {listed, pastRuns, relayed, tunnelDown, tunnelUp} from '../../helpers/tunnels.ts';

const aDerp = (vantage = 'cluster') =>
	aLink({
		name: 'derp',
		type: 'derp',
		vantage,
		target: {name: 'headscale', address: 'https://headscale.example.com', via: 'direct', peer: ''},
	});
const dead: CheckView = isDown(aDerp(), 'refused');
const other = tunnelUp('livekit', 'cluster', relayed);

test('a tunnel that went by the relay is dead with it', t => {
	const scene = aScene([tunnelDown('june-gpu-1'), other, dead], {
		history: pastRuns([{facts: relayed}]),
		nodes: listed('june-gpu-1'),
		landmarks: () => ({headscale: ['headscale.example.com'], dnsServer: '100.100.100.100'}),
	});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'relay-down', effect: 'breaks', confidence: 'likely', about: 'relay headscale'});
	t.regex(cause?.says ?? '', /and went by the relay fra; the relay headscale does not work for 1 min/);
	t.regex(cause?.next[0].run ?? '', /curl .* https:\/\/headscale\.example\.com\/derp\/probe/);
});

test('where headscale, which has it built in, is gone as well, that is said', t => {
	const scene = aScene([tunnelDown('june-gpu-1'), other, dead], {
		history: pastRuns([{facts: relayed}]),
		landmarks: () => ({headscale: ['headscale.example.com'], dnsServer: '100.100.100.100'}),
		sources: () => [{name: 'headscale-health', ok: false}],
	});

	t.regex(relayDown.find(scene)?.says ?? '', /it is built into headscale, which does not answer either/);
});

test('a direct tunnel does not need it: that is told beside', t => {
	const service = aLink();
	const scene = aScene([isDown(service, 'refused'), tunnelUp('june-gpu-1'), other, dead], {
		history: pastRuns([{facts: {path: 'direct'}}]),
	});

	const {cause, also} = nameCauses(scene);

	t.is(cause?.id, 'service-refused');
	t.like(
		also.find(({id}) => id === 'relay-down'),
		{effect: 'beside', about: 'relay headscale'},
	);
});

test('a tunnel that was direct before it fell silent is not blamed on the relay', t => {
	const scene = aScene([tunnelDown('june-gpu-1'), dead], {history: pastRuns([{facts: {path: 'direct'}}])});

	t.is(relayDown.find(scene)?.effect, 'beside');
});

test('the check of the relay names it, also where it connects and answers the upgrade badly', t => {
	const bad = isDown(aDerp(), 'status', 'It answered 200 to the upgrade.', {
		phases: {resolve: 0.001, connect: 0.001, tls: 0.002, processing: 0.01},
		facts: {phase: 'processing'},
	});

	const {cause} = nameCauses(aScene([bad, other]));

	t.like(cause, {id: 'relay-down', confidence: 'certain', about: 'relay headscale'});
});

test('where another vantage reaches the relay it is rather the way there', t => {
	const finding = relayDown.find(aScene([dead, isUp(aDerp('june-gpu-2'))]));

	t.like(finding, {confidence: 'consistent', about: 'vantage cluster'});
});

test('a relay that works, and one whose name is not found, are no such fault', t => {
	t.is(relayDown.find(aScene([tunnelDown('june-gpu-1'), isUp(aDerp())])), undefined);
	t.is(relayDown.find(aScene([tunnelDown('june-gpu-1'), isDown(aDerp(), 'resolve')])), undefined);
});

const wentByFra = {history: pastRuns([{facts: relayed}]), nodes: listed('june-gpu-1', 'livekit')};
const ofRegion = (code: string, vantage = 'cluster') =>
	aLink({
		name: 'derp',
		type: 'derp',
		vantage,
		target: {name: code, address: `https://${code}.derp.example.com`, via: 'direct', peer: ''},
	});

test('a tunnel is blamed on the relay of its region, and on no other', t => {
	const nyc = isDown(ofRegion('nyc'), 'refused');
	const fra = isDown(ofRegion('fra'), 'refused');
	const find = (...relays: CheckView[]) =>
		relayDown.find(aScene([tunnelDown('june-gpu-1'), other, ...relays], wentByFra));

	t.like(find(nyc, isUp(ofRegion('fra'))), {effect: 'beside', about: 'relay nyc'});
	t.like(find(nyc, fra), {effect: 'breaks', confidence: 'likely', about: 'relay fra'});
	t.like(find(dead), {effect: 'breaks', confidence: 'consistent', about: 'relay headscale'});
	t.regex(find(dead)?.says ?? '', /by the relay fra; the relay headscale, which may be that one, does not work/);
});

test('a relay that we reach ourselves, or that anybody reached since, is not down', t => {
	const find = (...relays: CheckView[]) =>
		nameCauses(aScene([tunnelDown('june-gpu-1'), tunnelUp('livekit'), ...relays], wentByFra)).cause?.id;
	const elsewhere = isDown(ofRegion('fra', 'june-gpu-3'), 'timeout');

	t.is(find(elsewhere), 'relay-down');
	t.is(find(isUp(ofRegion('fra')), elsewhere), 'node-silent');
	t.is(find(elsewhere, isUp(ofRegion('fra', 'june-gpu-4'))), 'node-silent');
});

test('a machine that was dead for days before the relay is not dead for it', t => {
	const daysAgo = {...tunnelDown('june-gpu-1'), downSince: someTime - 3 * 86_400_000};
	const fra = isDown(ofRegion('fra'), 'refused');

	t.is(relayDown.find(aScene([daysAgo, other, fra], wentByFra))?.effect, 'beside');
});

test('that another vantage reached the relay before it failed tells nothing', t => {
	const reached = isUp(aDerp('june-gpu-2'));
	const before = {...reached, last: reached.last && {...reached.last, startedAt: someTime - 600_000}};

	t.like(relayDown.find(aScene([dead, before])), {confidence: 'certain', about: 'relay headscale'});
});
