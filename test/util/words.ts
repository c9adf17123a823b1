import test from 'ava';
import {probes} from '../../src/probes/registry.ts';
import {asSentence, count, listNames, withArticle} from '../../src/util/words.ts';

test('every probe type has the article that is said before it', t => {
	const an = probes.map(({type}) => withArticle(type)).filter(words => words.startsWith('an '));

	t.deepEqual(an.toSorted(), ['an http', 'an http_warm', 'an icmp']);
});

test('a sentence ends once, however the text ended', t => {
	t.deepEqual(['It hangs', 'It hangs.', 'Does it run?', 'and so on…'].map(asSentence), [
		'It hangs.',
		'It hangs.',
		'Does it run?',
		'and so on…',
	]);
});

test('one is singular, and nothing else', t => {
	t.deepEqual(
		[0, 1, 2].map(number => count(number, 'check')),
		['0 checks', '1 check', '2 checks'],
	);
	t.is(count(2, 'key is', 'keys are'), '2 keys are');
});

test('of many names five are told, and how many more there are', t => {
	t.is(listNames({count: 2, names: ['a', 'b']}), 'a, b');
	t.is(listNames({count: 30, names: ['a', 'b', 'c', 'd', 'e', 'f']}), 'a, b, c, d, e and 25 more');
});
