import test from 'ava';
import {bigPacketsLost} from '../../../src/diagnosis/causes/big-packets-lost.ts';
import {nameCauses} from '../../../src/diagnosis/explain.ts';
import {aLink, aScene, isDown, isUp} from '../../helpers/scenes.ts';
import {aFresh, tunnelDown, tunnelUp} from '../../helpers/tunnels.ts';

const stalled = (name: string, port: number, phase = 'processing') =>
	isDown(aLink({name, target: {address: `http://june-gpu-1:${port}/${name}`}}), 'timeout', 'It timed out.', {
		phases: {resolve: 0.001, connect: 0.002, [phase]: 2},
		facts: {phase},
	});
const small = isUp(aLink({name: 'healthz', target: {address: 'http://june-gpu-1:8000/healthz'}}));
const tunnel = tunnelUp('june-gpu-1');
const lost = {bytes: 1280, sent: 4, answered: 0, by: 'icmp', reached: true} as const;

test('large pings that are lost beside small ones that are not break what hangs after connecting, for certain', t => {
	const scene = aScene([stalled('big', 8000), tunnel], {fresh: aFresh({bigPing: lost})});

	const {cause} = nameCauses(scene);

	t.like(cause, {id: 'big-packets-lost', effect: 'breaks', confidence: 'certain', about: 'node june-gpu-1'});
	t.regex(cause?.says ?? '', /those of 1280 bytes vanish\. They are lost on the way back from june-gpu-1/);
	t.is(cause?.next[0].run, 'ping -M do -c 5 -s 1252 june-gpu-1');
});

test('the tunnel itself, which is up, is slowed by it', t => {
	const {cause} = nameCauses(aScene([tunnel], {fresh: aFresh({bigPing: {...lost, reached: false}})}));

	t.like(cause, {id: 'big-packets-lost', effect: 'slows'});
	t.regex(cause?.says ?? '', /lost on the way to june-gpu-1/);
});

test('from memory a large answer that hangs beside a small one of the same port is only consistent with it', t => {
	const {cause} = nameCauses(aScene([stalled('big', 8000, 'transfer'), small, tunnel]));

	t.like(cause, {id: 'big-packets-lost', effect: 'breaks', confidence: 'consistent'});
});

test('from memory two ports that hang beside one that answers are consistent with it', t => {
	const finding = bigPacketsLost.find(
		aScene([stalled('h2', 8443, 'tls'), stalled('big', 8080, 'transfer'), small, tunnel]),
	);

	t.is(finding?.confidence, 'consistent');
	t.regex(finding?.says ?? '', /big hangs in the same way/);
});

test('one service that hangs is a service that hangs', t => {
	t.is(bigPacketsLost.find(aScene([stalled('asr', 9000), small, tunnel])), undefined);
	t.is(bigPacketsLost.find(aScene([stalled('asr', 9000), stalled('llm', 9100), tunnel])), undefined);
});

test('large pings that are answered clear it', t => {
	const checks = [stalled('big', 8000, 'transfer'), small, tunnel] as const;

	const both = aScene([...checks], {fresh: aFresh({bigPing: {...lost, answered: 3}})});
	const there = aScene([...checks], {fresh: aFresh({bigPing: {...lost, answered: 4, by: 'disco'}})});

	t.is(bigPacketsLost.find(both), undefined);
	t.is(bigPacketsLost.find(there), undefined);
});

test('where the tunnel is down, or nothing connects, the size is not to blame', t => {
	t.is(bigPacketsLost.find(aScene([stalled('big', 8000), small, tunnelDown('june-gpu-1')])), undefined);
	t.is(bigPacketsLost.find(aScene([stalled('big', 8000, 'connect'), small, tunnel])), undefined);
});

test('from memory a program that does not answer a small request hangs, and that a connection opens is no witness', t => {
	const port = isUp(aLink({name: 'port', type: 'tcp', target: {address: 'june-gpu-1:8000'}}));

	t.is(nameCauses(aScene([stalled('asr', 8000), small, tunnel])).cause?.id, 'service-hangs');
	t.is(nameCauses(aScene([stalled('asr', 8000), port, tunnel])).cause?.id, 'service-hangs');
	t.is(bigPacketsLost.find(aScene([stalled('asr', 8000, 'transfer'), port, tunnel])), undefined);
});

test('from memory a large request may be what is lost, and what is surer comes first', t => {
	const big = stalled('big', 8000);
	const upload = {...big, check: {...big.check, options: {body: 'x'.repeat(2000)}}};

	const {cause, also} = nameCauses(aScene([upload, small, tunnel]));

	t.is(cause?.id, 'service-hangs');
	t.is(also.find(({id}) => id === 'big-packets-lost')?.confidence, 'consistent');
});
