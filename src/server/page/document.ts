/** The frame of every page: head, skip link, what stands above and below <main>; the script only swaps <main> for a newer one. */

import {hashText} from '../../util/hash.ts';
import {type Html, html} from './escape.ts';
import {pageScript} from './script.ts';
import {pageStyle} from './style.ts';
import {markShapes} from './words.ts';

export interface Frame {
	/** Of the browser's tab. */
	title: string;
	/** From this page to the status page: '' or '../'. */
	root: string;
	/** Above <main>, left alone by a refresh: what somebody types into. */
	above?: Html;
	main: Html;
	/** Below, left alone too. */
	footer: Html;
	/** Whether the page asks for itself again. One that shows an answer to a question does not. */
	refreshes: boolean;
	/** Where the skip link leads. */
	skipTo?: {id: string; words: string};
}

/** Of their texts: browsers keep these files for a while, also across an upgrade. */
const versions = {style: hashText(pageStyle).toString(36), script: hashText(pageScript).toString(36)};

/** A whole document. */
export function renderDocument({title, root, above, main, footer, refreshes, skipTo}: Frame): string {
	const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · tailprobe</title>
<link rel="icon" href="${root}favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${root}page.css?v=${versions.style}">
<script src="${root}page.js?v=${versions.script}" defer></script>
${refreshes ? html`<noscript><meta http-equiv="refresh" content="15"></noscript>` : ''}
</head>
<body>
${skipTo ? html`<a class="skip" href="#${skipTo.id}">${skipTo.words}</a>` : ''}
${markShapes}
<p id="stale" role="status" hidden></p>
<p id="news" class="unseen" role="status"></p>
${above}
<main${refreshes ? html` data-refresh="yes"` : ''}>
${main}
</main>
<footer>
${footer}
</footer>
</body>
</html>
`;
	return page.text;
}

/** The last line of every page. */
export function renderColophon(version: string, root: string): Html {
	return html`<p class="muted small">tailprobe ${version} · <a href="${root}metrics">metrics</a> · <a href="${root}api/v1/status">status as JSON</a> · <a href="${root}-/ready">ready</a></p>`;
}

/** The way back, above every page but the first. */
export function renderTrail(root: string, here: string): Html {
	return html`<nav aria-label="Where this page is" class="trail"><a href="${root || './'}">tailprobe</a> <span aria-hidden="true">›</span> ${here}</nav>`;
}
