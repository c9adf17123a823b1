import test from 'ava';
import {createWaitLog} from '../../src/agent/waiting.ts';

function setUp() {
	const told: string[] = [];
	const waits = createWaitLog({
		prefixes: ['100.64.0.0/10'],
		log: {warn: (fields: {why: string}, message: string) => void told.push(`${message}: ${fields.why}`)} as never,
	});
	return {told, note: waits.note};
}

const noSocket = {condition: 'sick', detail: 'its socket does not exist', addresses: []} as const;
const signedOut = {condition: 'sick', detail: 'it must sign in', addresses: []} as const;
const joined = {condition: 'sound', addresses: ['100.64.0.7']} as const;

test('what stands in the way of a tailnet address is told once, when it changes, and when it comes back', t => {
	const {told, note} = setUp();

	for (const now of [{condition: 'starting', addresses: []} as const, noSocket, noSocket, signedOut, joined, noSocket])
		note(now);

	t.deepEqual(told, [
		'the agent waits for tailscaled: its socket does not exist',
		'the agent waits for tailscaled: it must sign in',
		'the agent waits for tailscaled: its socket does not exist',
	]);
});

test('a tailscaled that tells other addresses than those of the tailnet is told with what to change', t => {
	const {told, note} = setUp();

	note({condition: 'sound', addresses: ['192.0.2.7']});
	note({condition: 'sound', addresses: []});

	t.deepEqual(told, [
		'the agent waits for tailscaled: it tells the addresses 192.0.2.7, none of which lies in tailnet.prefixes',
		'the agent waits for tailscaled: it tells no address of its own yet',
	]);
});
