import test from 'ava';
import type {HeadscaleState} from '../../src/headscale/types.ts';
import {freshNodes} from '../../src/inventory/view.ts';
import {aNode} from '../helpers/fake-daemon.ts';

const intervalMs = 15_000;
const readAt = 1_700_000_000_000;

function aState(part: Partial<HeadscaleState> = {}): HeadscaleState {
	return {
		health: {},
		metrics: {},
		version: {},
		nodes: {succeededAt: readAt, value: {nodes: [aNode(), aNode({id: '2', online: false})], problems: []}},
		...part,
	} as HeadscaleState;
}

test('nodes may be told for three intervals after they were read', t => {
	t.is(freshNodes(aState(), intervalMs, readAt + 45_000)?.length, 2);
	t.is(freshNodes(aState(), intervalMs, readAt + 45_001), undefined);
});

test('a failed read leaves the list of the last good one until then', t => {
	const {nodes} = aState();
	const failed = aState({nodes: {...nodes, triedAt: readAt + 15_000, error: 'It refused.'}});

	t.is(freshNodes(failed, intervalMs, readAt + 20_000)?.length, 2);
});

test('nothing is told of a headscale that was never read, or that is not there', t => {
	t.is(freshNodes(aState({nodes: {}}), intervalMs, readAt), undefined);
	t.is(freshNodes(undefined, intervalMs, readAt), undefined);
});

test('an empty tailnet is a list', t => {
	const empty = aState({nodes: {succeededAt: readAt, value: {nodes: [], problems: []}}});

	t.deepEqual(freshNodes(empty, intervalMs, readAt), []);
});

test('shortly after headscale restarted nobody is called offline', t => {
	const nodes = freshNodes(aState({graceUntil: readAt + 30_000}), intervalMs, readAt);

	t.deepEqual(
		nodes?.map(({online}) => online),
		[true, undefined],
	);
});
