/** The one way in which text becomes HTML. */

/** HTML that is safe to put into a page: made by `html` and by nothing else. */
export class Html {
	readonly text: string;
	constructor(text: string) {
		this.text = text;
	}
}

type Piece = Html | string | number | undefined | readonly Piece[];

/** A template whose values are escaped, for element content and for attributes in double quotes; only `Html` goes in as it is. */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
	return new Html(strings.map((text, at) => (at === 0 ? text : render(pieces[at - 1]) + text)).join(''));
}

function render(piece: Piece): string {
	if (piece === undefined) return '';
	if (piece instanceof Html) return piece.text;
	if (typeof piece === 'object') return piece.map(render).join('');
	return escapeText(String(piece));
}

/** Characters that mean something in HTML become references; control and direction characters, which can hide or reorder text, go. */
function escapeText(text: string): string {
	return text.replace(hidden, '\ufffd').replace(/[&<>"'`]/g, character => `&#${character.charCodeAt(0)};`);
}

const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
