import test from 'ava';
import type {PoolView} from '../../../src/pools/types.ts';
import {groupTroubles} from '../../../src/server/page/causes.ts';
import {headline} from '../../../src/server/page/headline.ts';
import {renderPools} from '../../../src/server/page/pools.ts';
import {renderTroubles} from '../../../src/server/page/trouble-cards.ts';
import {aCheckView} from '../../helpers/fake-daemon.ts';
import {aSnapshot, nowMs} from '../../helpers/status-page.ts';

const pool = (over: Partial<PoolView> = {}): PoolView => ({
	name: 'june-gpu',
	min: 2,
	usable: 1,
	unusable: 1,
	unknown: 0,
	sinceMs: nowMs - 65_000,
	members: [
		{name: 'june-gpu-2', state: 'unusable', why: 'Its <tunnel> is down'},
		{name: 'june-gpu-1', state: 'usable'},
	],
	...over,
});

test('a pool below its minimum is what is wrong, even while every check is up', t => {
	const snapshot = aSnapshot({pools: [pool()], checks: [aCheckView()]});

	const card = renderTroubles(groupTroubles(snapshot), nowMs)?.text ?? '';

	t.is(headline(snapshot, 0), 'pool june-gpu 1 of 2 · 1 up');
	t.regex(card, /pool june-gpu<\/b> 1 of at least 2 usable/);
	t.regex(card, /june-gpu-2<\/b> Its &#60;tunnel&#62; is down\./);
	t.regex(card, /1 min/);
});

test('a pool with enough, or of which nobody knows, is no trouble of its own', t => {
	const enough = aSnapshot({pools: [pool({usable: 2, unusable: 0, members: []})], checks: [aCheckView()]});
	const unsure = aSnapshot({pools: [pool({unusable: 0, unknown: 1})], checks: [aCheckView()]});

	for (const snapshot of [enough, unsure]) {
		t.is(renderTroubles(groupTroubles(snapshot), nowMs), undefined);
		t.is(headline(snapshot, 0), 'all up');
	}
	t.regex(renderPools(unsure.pools).text, /unknown<\/span> 1 of at least 2/);
});
