import test from 'ava';
import {oneLine} from '../../src/util/errors.ts';

test('what cannot be seen, or turns text round, does not get through', t => {
	const hidden = ['\u061c', '\u200b', '\u200e', '\u2060', '\u202e', '\u2066', '\ufeff', '\u00ad', '\u{e0041}'];

	t.is(oneLine(`a${hidden.join('')}b`, 80), 'ab');
	t.is(oneLine('a\u001b[2J\nb', 80), 'a [2J b');
	t.is(oneLine('Größe ≥ 3 · 日本', 80), 'Größe ≥ 3 · 日本');
});
