import test from 'ava';
import {probes} from '../../src/probes/registry.ts';
import {asSentence, count, withArticle} from '../../src/util/words.ts';

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
});
