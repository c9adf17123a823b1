// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are templates of a conversation, not of JavaScript.
import test from 'ava';
import {compilePattern, expandTemplate} from '../../src/net/patterns.ts';

const matches = test.macro((t, source: string, text: string, wanted: boolean) => {
	t.is(compilePattern(source).test(text), wanted);
});

test('a pattern is found anywhere', matches, 'ok', 'it is ok now', true);
test('anchors hold', matches, '^ok$', 'it is ok', false);
test('flags of RE2 are understood', matches, '(?i)READY', 'Ready', true);
test('names of classes are understood', matches, '[[:digit:]]+\\z', 'v12', true);
test('a dot is no line end', matches, 'a.b', 'a\nb', false);

const refuses = test.macro((t, source: string, message: RegExp) => {
	t.throws(() => compilePattern(source), {instanceOf: SyntaxError, message});
});

test(
	'an open bracket is told with its place',
	refuses,
	'status (ok',
	/missing closing \).*at character 1|missing closing \)/,
);
test(
	'a range in the wrong order is told with its place',
	refuses,
	'x[z-a]',
	/invalid character class range "z-a" at character 3/,
);
test('looking ahead is not RE2', refuses, '(?=a)', /invalid or unsupported Perl syntax "\(\?=" at character 1/);
test('a back reference is not RE2', refuses, '(a)\\1', /invalid escape sequence/);
test('a huge repetition is refused', refuses, 'a{2000}', /invalid repeat count/);
test('nested huge repetitions are refused', refuses, '(a{1000}){1000}', /invalid repeat count/);
test('a very long pattern is refused', refuses, 'a'.repeat(2001), /longer than 2000/);

test('a pattern is compiled once', t => {
	t.is(compilePattern('once'), compilePattern('once'));
});

test('patterns that ruin a backtracking engine take linear time', t => {
	const text = `${'a'.repeat(2 ** 20)}!`;

	for (const source of ['^(a+)+$', '(a|aa)+$', '(a*)*b', '([a-z]+)*\\d']) {
		const startedAt = performance.now();
		t.false(compilePattern(source).test(text));
		// It takes some 6 ms; a backtracking engine would not end today.
		t.true(performance.now() - startedAt < 2000, source);
	}
});

const expands = test.macro((t, template: string, wanted: string) => {
	const captures = compilePattern('^(?P<verb>\\w+) :(\\S+)( never)?').match('PING :abc');

	t.is(captures && expandTemplate(template, captures), wanted);
});

test('a group goes in by its number', expands, 'PONG $2', 'PONG abc');
test('a group goes in by its name', expands, '${verb}ED $verb', 'PINGED PING');
test('group 0 is the whole match', expands, '$0', 'PING :abc');
test('a name is as long as it can be', expands, '$1x', '');
test('a group that took no part is empty', expands, '<$3>', '<>');
test('a group that is not there is empty', expands, '<$9>$constructor', '<>');
test('two dollars are one', expands, '$$1', '$1');
test('a dollar without a name stays', expands, '$ ${1 ${} 5$', '$ ${1 ${} 5$');

test('a long line costs little unless it matches and what it captured is asked for', t => {
	// Whether it matches is told by another engine than what it captured, which is thirty times slower.
	const source = '[a-z]{120}(\\d)';
	const line = 'a'.repeat(65_536);
	const captured = cpuMicroseconds(() => compilePattern(source).match(`${line}7`)?.('1'));

	const missed = cpuMicroseconds(() => compilePattern(source).match(line));
	const unasked = cpuMicroseconds(() => compilePattern(source).match(`${line}7`));

	t.true(missed * 4 < captured, `${missed} µs against ${captured} µs`);
	t.true(unasked * 4 < captured, `${unasked} µs against ${captured} µs`);
	t.is(compilePattern(source).match(`${line}7`)?.('1'), '7');
});

function cpuMicroseconds(work: () => unknown): number {
	const before = process.threadCpuUsage();
	work();
	const {user, system} = process.threadCpuUsage(before);
	return user + system;
}

test('no match captures nothing', t => {
	t.is(compilePattern('b').match('a'), undefined);
});
