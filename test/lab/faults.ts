import test from 'ava';
import {isReachable, soundConditions} from '../../src/lab/conditions.ts';
import {conditionsUnder, faults} from '../../src/lab/faults.ts';
import {gpuNodeNames} from '../../src/lab/platform.ts';

test('without faults everything is sound', t => {
	t.deepEqual(conditionsUnder(new Map()), soundConditions());
});

test('each fault changes something of its own', t => {
	const seen = new Set([JSON.stringify(soundConditions())]);

	for (const fault of faults) seen.add(JSON.stringify(conditionsUnder(new Map([[fault.name, 5]]))));

	t.is(seen.size, faults.length + 1);
});

test('faults add up', t => {
	const {nodes, services} = conditionsUnder(
		new Map([
			['gpu1-derp', 1],
			['gpu1-loss', 2],
			['livekit-slow', 3],
		]),
	);

	t.like(nodes['june-gpu-00000001'], {path: 'derp', loss: 0.3, alive: true});
	t.is(services.livekit.extraMs, 800);
});

test('whatever makes a machine with an agent unreachable says what becomes of its vantage and its pool', t => {
	const hidden = faults.filter(({name}) => {
		const conditions = conditionsUnder(new Map([[name, 5]]));
		return gpuNodeNames.some(gpu => isReachable(soundConditions(), gpu) && !isReachable(conditions, gpu));
	});

	t.true(hidden.length >= 4);
	for (const {name, see} of hidden) t.regex(see, /vantages? .*(?:gone|unknown).*pool/s, name);
});

test('every fault has a name of its own and says in sentences what it does and what is seen', t => {
	t.is(new Set(faults.map(fault => fault.name)).size, faults.length);
	for (const {name, effect, see} of faults) {
		t.regex(name, /^[a-z0-9]+(-[a-z0-9]+)+$/);
		for (const sentence of [effect, see]) t.regex(sentence, /^[\S ]{10,160}\.$/, name);
	}
});
