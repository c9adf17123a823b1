import test from 'ava';
import {html} from '../../../src/server/page/escape.ts';

test('text is escaped in content and in attributes, HTML is not escaped twice', t => {
	const evil = `<script>"x" 'y' \`z\` & </script>`;

	const inner = html`<i title="${evil}">${evil}</i>`;

	const escaped = '&#60;script&#62;&#34;x&#34; &#39;y&#39; &#96;z&#96; &#38; &#60;/script&#62;';
	t.is(html`<b>${inner}</b>`.text, `<b><i title="${escaped}">${escaped}</i></b>`);
});

test('lists are joined, numbers printed, nothing where there is nothing', t => {
	t.is(html`<ul>${[1, '<', html`<li>`, undefined, ['a', ['b']]]}</ul>`.text, '<ul>1&#60;<li>ab</ul>');
});

test('characters that hide or reorder text become visible', t => {
	t.is(
		html`${'a\u0000b\u001b[2Jc\u202ed\u2066e\u200ff\u0085g'}`.text,
		'a\ufffdb\ufffd[2Jc\ufffdd\ufffde\ufffdf\ufffdg',
	);
});

test('an object that only looks like HTML is not taken for it', t => {
	const forged = {text: '<script>'} as unknown as string;

	t.notRegex(html`${String(forged)}`.text, /<script>/);
	t.throws(() => html`${forged}`);
});
