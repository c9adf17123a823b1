import test from 'ava';
import {createGate} from '../../src/agent/gate.ts';
import {hashOf, newNonce, proveRequest} from '../../src/agent/proof.ts';
import {agentPaths, proofHeaders} from '../../src/agent/wire.ts';

const secret = 'a-secret-for-the-gate';
const boot = newNonce();

function request(to: string, timeMs = 0) {
	const claim = {method: 'POST', path: agentPaths.sync, to, boot, timeMs, nonce: newNonce(), bodyHash: hashOf('')};
	const headers = {
		[proofHeaders.to]: to,
		[proofHeaders.boot]: boot,
		[proofHeaders.time]: String(timeMs),
		[proofHeaders.nonce]: claim.nonce,
		[proofHeaders.bodyHash]: claim.bodyHash,
		[proofHeaders.proof]: proveRequest(secret, claim),
	};
	return {method: 'POST', path: agentPaths.sync, headers};
}

function aGate(secrets: readonly string[] = [secret]) {
	let nowMs = 0;
	const gate = createGate({boot, now: () => nowMs, secrets: () => secrets, isOurs: to => to === '100.64.0.7'});
	return {
		gate,
		at(ms: number) {
			nowMs = ms;
		},
	};
}

test('a proved request that was sent to another address is turned away', t => {
	const {gate} = aGate();

	t.like(gate(request('100.64.0.7')), {ok: true, secret});
	t.deepEqual(gate(request('100.64.0.8')), {ok: false, status: 421, code: 'address'});
});

test('the secret before a rotation opens too, and the answer is proved with the one that was used', t => {
	const {gate} = aGate(['the-new-secret-of-today', secret]);

	t.like(gate(request('100.64.0.7')), {ok: true, secret});
});

test('without any secret nobody is let in', t => {
	const {gate} = aGate([]);

	t.like(gate(request('100.64.0.7')), {ok: false, code: 'proof'});
});

test('what must be remembered against replays is bounded, and forgotten when its time is over', t => {
	const {gate, at} = aGate();
	const results = new Map<string, number>();
	const note = (timeMs: number) => {
		const judged = gate(request('100.64.0.7', timeMs));
		const word = judged.ok ? 'ok' : judged.code;
		results.set(word, (results.get(word) ?? 0) + 1);
	};

	for (let count = 0; count < 6100; count++) note(0);
	at(61_000);
	note(61_000);

	t.deepEqual(
		[...results],
		[
			['ok', 6001],
			['busy', 100],
		],
	);
});

test('a proof for one time does not serve for another, and no other method or path', t => {
	const {gate} = aGate();
	const asked = request('100.64.0.7');

	const later = gate({...asked, headers: {...asked.headers, [proofHeaders.time]: '1'}});
	const method = gate({...asked, method: 'PUT'});
	const path = gate({...asked, path: agentPaths.run});

	for (const judged of [later, method, path]) t.like(judged, {ok: false, code: 'proof'});
});
