/** The status page: a whole document of plain HTML; the script only swaps its <main> for a newer one. */

import type {DaemonView} from '../types.ts';
import {groupTroubles} from './causes.ts';
import {type Html, html} from './escape.ts';
import {headline} from './headline.ts';
import {renderMatrix} from './matrix.ts';
import {renderNodes} from './nodes.ts';
import {renderNotes} from './note-cards.ts';
import {findNotes} from './notes.ts';
import {renderCalm, renderHeader} from './overview.ts';
import {renderPools, renderRented} from './pools.ts';
import {type Snapshot, takeSnapshot} from './snapshot.ts';
import {renderProblems, renderSources, renderVantages} from './sources.ts';
import {renderTroubles} from './trouble-cards.ts';
import {markShapes} from './words.ts';

/** The page as it is now; `nowMs` is the wall clock that ages are counted from. */
export function renderPage(view: DaemonView, nowMs: number): string {
	const snapshot = takeSnapshot(view, nowMs);
	const {checks, nodes, pools, rented, sources, vantages, problems} = snapshot;
	const notes = findNotes(snapshot);
	const pressing = notes.filter(({isMild}) => !isMild).length;
	const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${headline(snapshot, pressing)} · tailprobe</title>
<link rel="icon" href="favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="page.css">
<script src="page.js" defer></script>
<noscript><meta http-equiv="refresh" content="15"></noscript>
</head>
<body>
<a class="skip" href="#checks">Skip to the checks</a>
${markShapes}
<p id="stale" role="status" hidden></p>
<main>
${renderHeader(snapshot, pressing)}
${renderTroubles(groupTroubles(snapshot), nowMs) ?? renderCalm(snapshot, pressing)}
${renderNotes(notes)}
${renderPools(pools)}
${renderMatrix(checks)}
${renderNodes(nodes, sources, nowMs)}
${renderRented(rented)}
${renderVantages(vantages)}
${renderSources(sources, nowMs)}
${renderProblems(problems)}
</main>
<footer>
${renderProbeForm(vantages)}
<p class="muted small">tailprobe ${view.version} · <a href="metrics">metrics</a> · <a href="api/v1/status">status as JSON</a> · <a href="-/ready">ready</a></p>
</footer>
</body>
</html>
`;
	return page.text;
}

/** Outside <main>, so that a refresh leaves what is typed alone. */
function renderProbeForm(vantages: Snapshot['vantages']): Html {
	return html`<form action="probe" method="get">
<input type="hidden" name="debug" value="true">
<label>probe <input name="target" required placeholder="http://livekit:7880/" size="28" autocomplete="off" spellcheck="false"></label>
<label>module <input name="module" required value="http_2xx" size="12" autocomplete="off" spellcheck="false"></label>
<label>from <select name="from">${vantages.map(({name}) => html`<option>${name}</option>`)}</select></label>
<button>Probe now</button>
</form>`;
}
