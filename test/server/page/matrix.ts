import test from 'ava';
import {renderMatrix} from '../../../src/server/page/matrix.ts';
import {readQuery} from '../../../src/server/page/query.ts';
import type {CheckView} from '../../../src/server/types.ts';
import {aCheck} from '../../helpers/checks.ts';
import {aCheckView} from '../../helpers/fake-daemon.ts';

function views(vantages: readonly string[], targets: readonly string[], address = 'http://x:1/'): CheckView[] {
	return vantages.flatMap(vantage =>
		targets.map(name =>
			aCheckView({
				check: aCheck({
					key: `c/${vantage}/${name}`,
					name: 'c',
					vantage,
					target: {name, address, via: 'tailnet', peer: ''},
				}),
			}),
		),
	);
}

/** The texts of the head and of the first cell of each row. */
function shape(checks: readonly CheckView[]): {head: string[]; rows: string[]} {
	const {text} = renderMatrix(checks);
	const texts = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, found]) => found ?? '');
	return {head: texts(/<th scope="col">([^<]*)<\/th>/g), rows: texts(/<th scope="row">([^<]*)<\/th>/g)};
}

const machines = Array.from({length: 6}, (_, at) => `june-gpu-${at + 1}`);

test('targets stand below each other, and the few vantages beside each other', t => {
	t.deepEqual(shape(views(['cluster', 'june-gpu-1'], ['livekit', 'tts'])), {
		head: ['target', 'from cluster', 'from june-gpu-1'],
		rows: ['livekit', 'tts'],
	});
});

test('many vantages that look at few targets stand below each other', t => {
	t.deepEqual(shape(views(machines, ['livekit'])), {head: ['from', 'livekit'], rows: machines});
});

test('a check by which each vantage looks at itself has one column', t => {
	const own = machines.flatMap(name => views([name], [name], 'self'));

	t.deepEqual(shape(own), {head: ['from', 'state'], rows: machines});
});

const query = (search: string) => readQuery(new URLSearchParams(search));

test('with very many vantages and targets the worst columns and rows are shown, and the rest is counted with a link', t => {
	const names = Array.from({length: 100}, (_, at) => `n-${at}`);
	const mesh = views(names, names).map(each =>
		each.check.key === 'c/n-70/n-80' ? {...each, verdict: 'down' as const} : each,
	);

	const {text} = renderMatrix(mesh);

	t.is(text.match(/<th scope="col">from /g)?.length, 10);
	t.regex(text, /<th scope="col">from n-70</);
	t.regex(text, /<tbody><tr><th scope="row">n-80</);
	t.regex(text, /9600 more checks not shown here \(9600 up\); <a href="\.\/\?filter=c&#38;all=checks">show all of c</);
	t.true(text.length < 200_000, `${text.length}`);
});

test('very many kinds of checks are bounded too, the worst first', t => {
	const kinds = Array.from({length: 200}, (_, at) => {
		const check = aCheck({key: `k-${at}`, name: `k-${at}`});
		return aCheckView({check, verdict: at === 150 ? 'down' : 'up'});
	});

	const {text} = renderMatrix(kinds);

	t.is(text.match(/<table/g)?.length, 60);
	t.regex(text, />k-150 </);
	t.regex(text, /140 more kinds of checks not shown here; <a href="\.\/\?all=checks">/);
});

test('all checks are shown page by page', t => {
	const many = views(
		['cluster'],
		Array.from({length: 700}, (_, at) => `t-${at}`),
	);

	const {text} = renderMatrix(many, query('all=checks&page=3'));

	t.is(text.match(/<th scope="row">/g)?.length, 100);
	t.regex(text, /page 3 of 3/);
	t.notRegex(text, /not shown here/);
});

test('a filter keeps what has all of its words, and says how many', t => {
	const {text} = renderMatrix(views(['cluster', 'gpu'], ['livekit', 'tts']), query('filter=livekit gpu'));

	t.regex(text, /<span class="muted">1 of 4 have “livekit gpu”<\/span>/);
	t.is(text.match(/<th scope="row">/g)?.length, 1);
});
