import test from 'ava';
import {lowest, nameCauses} from '../../src/diagnosis/explain.ts';
import type {NamedCause} from '../../src/diagnosis/types.ts';
import {listed} from '../helpers/machine-scenes.ts';
import {aLink, aScene, aTunnel, isDown} from '../helpers/scenes.ts';

const aCause = (part: Partial<NamedCause>): NamedCause => ({
	...{id: 'cause', rung: 'answer', title: '', means: '', effect: 'breaks', confidence: 'certain', about: 'x', says: ''},
	evidence: [],
	next: [{where: 'here', run: 'true', why: ''}],
	...part,
});

test('of what was seen the lowest rung wins, and of one rung what is surest', t => {
	const node = aCause({id: 'node', rung: 'node', confidence: 'likely'});
	const sure = aCause({id: 'sure', rung: 'node', confidence: 'certain'});
	const service = aCause({id: 'service', rung: 'answer', confidence: 'certain'});

	t.is(lowest([service, node])?.id, 'node');
	t.is(lowest([service, node, sure])?.id, 'sure');
});

test('a guess hides nothing above it that was seen, and of guesses alone the lowest wins', t => {
	const guess = aCause({id: 'guess', rung: 'control', confidence: 'consistent'});
	const higher = aCause({id: 'higher', rung: 'tunnel', confidence: 'consistent'});
	const seen = aCause({id: 'seen', rung: 'machine', confidence: 'certain'});

	t.is(lowest([guess, seen])?.id, 'seen');
	t.is(lowest([higher, guess])?.id, 'guess');
});

test('what slows a link is the lowest that does, however sure', t => {
	const relay = aCause({id: 'relay', effect: 'slows', rung: 'underlay', confidence: 'consistent'});
	const service = aCause({id: 'service', effect: 'slows', rung: 'answer', confidence: 'certain'});

	t.is(lowest([service, relay])?.id, 'relay');
});

test('a service behind a node that is silent, with nothing to compare it with, is told as behind that node', t => {
	const {cause} = nameCauses(aScene([isDown(aLink(), 'timeout'), isDown(aTunnel(), 'timeout')], listed()));

	t.like(cause, {id: 'node-silent', confidence: 'consistent', about: 'node june-gpu-1'});
});
