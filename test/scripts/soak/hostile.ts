import test from 'ava';
import {drawRequest, forbiddenAddresses, spell} from '../../../scripts/soak/hostile.ts';
import {seededRandom} from '../../../scripts/soak/random.ts';

const options = {
	port: 8642,
	modules: new Map([
		['http_direct', 'http'],
		['tcp_direct', 'tcp'],
	]),
	token: 'open',
};

test('the same seed draws the same requests', t => {
	const draw = (seed: number) => {
		const random = seededRandom(seed);
		return Array.from({length: 50}, () => drawRequest(random, options).bytes.toString('latin1'));
	};

	t.deepEqual(draw(5), draw(5));
	t.notDeepEqual(draw(5), draw(6));
});

test('requests aim at every forbidden address, and many are proper HTTP with one odd part', t => {
	const random = seededRandom(1);
	const requests = Array.from({length: 3000}, () => drawRequest(random, options));

	for (const address of forbiddenAddresses)
		t.true(
			requests.some(({what}) => what.includes(address)),
			address,
		);
	t.true(requests.filter(({isHttp}) => isHttp).length > 2000);
	t.true(requests.some(({isHttp}) => !isHttp));
	t.true(requests.every(({bytes}) => bytes.length < 100_000));
});

test('an address is spelled in many ways, the canonical one among them', t => {
	const random = seededRandom(1);

	const spellings = new Set(Array.from({length: 500}, () => spell('169.254.169.254', random)));

	for (const wanted of ['169.254.169.254', '2852039166', '0xa9fea9fe', '[::ffff:a9fe:a9fe]', '0251.0376.0251.0376'])
		t.true(spellings.has(wanted), wanted);
});
