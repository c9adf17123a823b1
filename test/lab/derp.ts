import test from 'ava';
import {derp} from '../../src/probes/derp.ts';
import {dns} from '../../src/probes/dns.ts';
import {stun} from '../../src/probes/stun.ts';
import {aLab} from '../helpers/lab.ts';
import {measure, testPlace} from '../helpers/probing.ts';

const lab = await aLab(test);

test.afterEach.always(() => lab.heal());

test.serial('the relay passes for one', async t => {
	const reading = await measure(derp, lab.urls.derpUrl);

	t.true(reading.ok, reading.detail);
	t.like(reading.facts, {probe: 'ok', upgrade: 'ok', derp_version: '2'});
});

test.serial('the STUN server beside it answers', async t => {
	const reading = await measure(stun, lab.urls.stunServer);

	t.true(reading.ok, reading.detail);
	t.regex(reading.facts.mapped_address ?? '', /^127\.0\.0\.1:\d+$/);
});

test.serial('MagicDNS says what tailscaled says, unless it is broken', async t => {
	const {dnsServer, tailscaledSocket} = lab.urls;
	const tailnet = {...testPlace.tailnet, prefixes: ['127.77.0.0/16'], domain: 'tail.ozzu.world', dnsServer};
	const over = {target: {via: 'tailnet' as const}, place: {tailnet, tailscaled: tailscaledSocket}};
	const ask = () => measure(dns, `dns://${dnsServer}/june-orchestrator`, {expect_addresses: 'peers'}, over);

	const sound = await ask();
	await lab.break('name-outside-tailnet');
	const broken = await ask();

	t.true(sound.ok, sound.detail);
	t.is(sound.facts.answer, '127.77.0.1');
	t.is(broken.reason, 'wrong_network', broken.detail);
});
