import test from 'ava';
import {linkTo, matcherOf, matchesCheck, readQuery, slicePage, wholePage} from '../../../src/server/page/query.ts';
import {someTime} from '../../helpers/fake-daemon.ts';
import {downView, view} from '../../helpers/status-page.ts';

const read = (search: string) => readQuery(new URLSearchParams(search));

test('what is asked for is read, and what is not understood counts as not said', t => {
	t.deepEqual(read(''), wholePage);
	t.deepEqual(read('filter=+gpu+down+&all=nodes&page=3'), {filter: 'gpu down', all: 'nodes', page: 3});
	t.deepEqual(read('all=everything&page=-1'), wholePage);
	t.deepEqual(read('page=1e3'), wholePage);
	t.is(read(`filter=${'x'.repeat(5000)}`).filter.length, 200);
});

test('links keep the filter, and say nothing that need not be said', t => {
	t.is(linkTo(wholePage), './');
	t.is(linkTo(wholePage, 'nodes'), './?all=nodes');
	t.is(linkTo(read('filter=a%26b'), 'checks', 2), './?filter=a%26b&all=checks&page=2');
});

test('all words of a filter must be there, in whatever case and order', t => {
	const matches = matcherOf(read('filter=DOWN gpu-1'));

	t.true(matchesCheck(matches, downView('tts', 'gpu-1', someTime)));
	t.false(matchesCheck(matches, downView('tts', 'gpu-2', someTime)));
	t.false(matchesCheck(matches, view('tts', 'gpu-1')));
	t.true(matcherOf(wholePage)());
});

test('signs that mean something in patterns are only signs', t => {
	t.true(matcherOf(read('filter=(a+)%2B$'))('x (a )+$ (a+)+$'));
	t.false(matcherOf(read('filter=.*'))('abc'));
});

test('a page beyond the last is the last, and an empty list has one', t => {
	t.deepEqual(slicePage([1, 2, 3], {...wholePage, page: 9}, 2), {shown: [3], page: 2, pages: 2});
	t.deepEqual(slicePage([], wholePage, 2), {shown: [], page: 1, pages: 1});
});
