import {execFileSync} from 'node:child_process';
import test from 'ava';
import {shellQuote} from '../../src/shell/quote.ts';

const pieces = [
	"'",
	'"',
	'\\',
	'$',
	'`',
	'$(id)',
	'\n',
	'\r',
	'\t',
	' ',
	';',
	'&',
	'|',
	'*',
	'?',
	'~',
	'!',
	'#',
	'-o',
	'{a,b}',
	'%s',
	'ü',
	'\u{1f600}',
	'\x01',
	'\x7f',
	'',
];

/** The same numbers in every run. */
function* numbers(seed: number): Generator<number> {
	for (let state = seed; ; state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) yield state;
}

for (const shell of [['dash'], ['bash'], ['busybox', 'sh']]) {
	test(`whatever the text, ${shell.join(' ')} gets it as one argument and reads nothing in it`, t => {
		const random = numbers(7);
		const next = (below: number) => Math.floor(((random.next().value as number) / 2_147_483_648) * below);
		const texts = Array.from({length: 300}, () =>
			Array.from({length: next(8)}, () => pieces[next(pieces.length)] ?? '').join(''),
		);
		const [program = '', ...first] = shell;

		const printed = execFileSync(program, [...first, '-c', `printf '%s\\0' ${texts.map(shellQuote).join(' ')}`], {
			encoding: 'utf8',
		});

		t.deepEqual(printed.split('\0').slice(0, -1), texts);
	});
}

test('a NUL is refused: no argument can carry it', t => {
	t.throws(() => shellQuote('a\0b'), {instanceOf: TypeError});
});
