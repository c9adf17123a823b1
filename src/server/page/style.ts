/** The page's style: system fonts, tabular numbers, light and dark by the reader's setting, one column when narrow. */

export const pageStyle = `
:root {
	--back: #f7f7f5; --card: #fff; --text: #1c2024; --muted: #5c6670; --line: #e1e3e5; --link: #1b5fa6;
	--up: #1a7f4e; --down: #b3261e; --down-back: #fdf0ee; --unknown: #8a6100; --unknown-back: #fbf5e6;
	--degraded: #6a3fa3; --degraded-back: #f6f1fb;
}
@media (prefers-color-scheme: dark) {
	:root {
		--back: #131619; --card: #1a1e22; --text: #e3e6e9; --muted: #98a2ac; --line: #2b3137; --link: #83b9f0;
		--up: #4fc18b; --down: #ff8276; --down-back: #2c1c1c; --unknown: #e0b44a; --unknown-back: #28231a;
		--degraded: #c4a4f0; --degraded-back: #241d2e;
	}
}
* { box-sizing: border-box; }
body {
	margin: 0 auto; padding: 1.25rem clamp(0.75rem, 3vw, 2rem) 3rem; max-width: 76rem;
	background: var(--back); color: var(--text);
	font: 0.9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
	font-variant-numeric: tabular-nums;
}
a { color: var(--link); text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }
code, pre { font: 0.875em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
p code, li code { display: inline-block; max-width: 100%; overflow-x: auto; white-space: nowrap; vertical-align: bottom; }
p { margin: 0; }
h1, h2, h3 { margin: 0; line-height: 1.3; }
h1 { font-size: 1.375rem; font-weight: 600; }
h2 { font-size: 1.0625rem; font-weight: 600; margin-bottom: 0.5rem; }
h3 { font-size: 0.9375rem; font-weight: 600; }
h2 .muted, h3 .muted { font-weight: 400; }
section { margin-top: 1.75rem; }
.muted { color: var(--muted); }
.small { font-size: 0.8125rem; }
.under { display: block; }
search { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; align-items: center; justify-content: space-between; margin-bottom: 1rem; font-size: 0.875rem; }
search nav { display: flex; flex-wrap: wrap; gap: 0.25rem 0.9rem; }
.trail { margin-bottom: 0.75rem; font-size: 0.875rem; overflow-wrap: anywhere; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 0.5rem; background: var(--card); padding: 0.25rem 0.5rem; }
.shapes { position: absolute; width: 0; height: 0; }

#stale { position: sticky; top: 0; z-index: 1; margin-bottom: 1rem; padding: 0.5rem 0.75rem; background: var(--unknown-back); border: 1px solid var(--unknown); border-radius: 6px; }
#stale[hidden] { display: none; }

.top { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.25rem 1.5rem; }
.top .name { font-weight: 400; color: var(--muted); margin-right: 0.35rem; }
.top.down h1 { color: var(--down); }
.top.unknown h1 { color: var(--unknown); }
.counts { display: flex; flex-wrap: wrap; gap: 0.25rem 1.1rem; margin: 0; padding: 0; list-style: none; }
.asof { margin-left: auto; }

.mark { width: 0.75em; height: 0.75em; margin-right: 0.35em; fill: currentColor; }
.verdict { white-space: nowrap; font-weight: 500; }
.verdict.up { color: var(--up); }
.verdict.down { color: var(--down); }
.verdict.unknown { color: var(--unknown); }
.verdict.degraded { color: var(--degraded); }
.verdict.pending { color: var(--muted); }
.note { white-space: nowrap; margin-left: 0.35rem; }
.tag { display: inline-block; padding: 0 0.4em; border: 1px solid var(--line); border-radius: 4px; font-size: 0.8125rem; font-weight: 400; color: var(--muted); }
.odd { color: var(--unknown); font-weight: 500; }

.fine { padding: 0.75rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.fine pre { margin: 0.5rem 0 0; overflow-x: auto; }
.troubles { margin: 0; padding: 0; list-style: none; display: grid; gap: 0.5rem; }
.troubles > li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 1rem; padding: 0.6rem 0.9rem; border: 1px solid var(--line); border-left: 4px solid var(--muted); border-radius: 6px; background: var(--card); scroll-margin-top: 1rem; }
.troubles > li.down { border-left-color: var(--down); background: var(--down-back); }
.troubles > li.unknown { border-left: 4px double var(--unknown); background: var(--unknown-back); }
.troubles > li.degraded { border-left-color: var(--degraded); background: var(--degraded-back); }
.troubles .why { grid-column: 1 / -1; }
.troubles div.why { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.25rem; }
.troubles > li > h3 { overflow-wrap: break-word; }
.about { font-weight: 400; color: var(--muted); margin-left: 0.25rem; }
.troubles .unsure { padding: 0 0.35rem; border: 1px dashed currentColor; border-radius: 4px; font-size: 0.85em; font-weight: 400; }
.troubles .plain, .evidence { margin: 0.25rem 0 0.5rem; padding-left: 1.1rem; overflow-wrap: anywhere; }
summary { cursor: pointer; width: fit-content; }
.next { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.15rem; margin: 0.15rem 0; }
.command { display: block; padding: 0.35rem 0.6rem; border: 1px solid var(--line); border-radius: 5px; background: var(--back); overflow-x: auto; white-space: pre; user-select: all; cursor: copy; }
.notes > li { border-left-color: var(--line); padding-block: 0.4rem; }
.notes b { margin-left: 0; }
.notes .mild { color: var(--muted); }
.notes > li > .small { grid-column: 2; grid-row: 1; }
.also > li { display: list-item; padding: 0; border: 0; background: none; }
.also { grid-column: 1 / -1; margin: 0.15rem 0 0; padding-left: 0; list-style: none; font-size: 0.875rem; overflow-wrap: anywhere; }
.also li { margin-left: 1.1rem; }
.to { color: inherit; text-decoration: none; }
.to:hover { text-decoration: underline; }
.old .told, .old .told * { color: var(--muted); }
.why { overflow-wrap: break-word; }
.rest { margin-top: 0.4rem; color: var(--muted); font-size: 0.875rem; }
.plain { margin: 0; padding-left: 1.1rem; overflow-wrap: anywhere; }

.groups { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 32rem), 1fr)); gap: 0.75rem; align-items: start; }
.group.wide, .groups > .rest, .groups > nav { grid-column: 1 / -1; }
.group { min-width: 0; padding: 0.75rem 1rem 0.5rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0.35rem 1.25rem 0.35rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; font-size: 0.8125rem; font-weight: 400; color: var(--muted); white-space: nowrap; }
tbody th { font-weight: 500; overflow-wrap: break-word; }
.matrix td { min-width: 15rem; }
.matrix th[scope="row"] { min-width: 8rem; white-space: nowrap; }
.wide .matrix th[scope="row"] { width: 16rem; }
.group:not(.wide) td { min-width: 0; width: 100%; padding-right: 0; }
.group:not(.wide) .cell { grid-template-columns: minmax(10rem, max-content) minmax(4rem, 9rem); justify-content: space-between; }
.group:not(.wide) .strip { width: 100%; }
.matrix .key { width: 0.5rem; }
.column { display: none; }
.cell { display: grid; grid-template-columns: minmax(15rem, max-content) auto; align-items: center; justify-content: start; gap: 0 1rem; }
.strip { width: 9rem; height: 0.8rem; border-bottom: 1px solid var(--line); }
.key { width: 0.5rem; vertical-align: -0.1em; }
.legend { margin-bottom: 0.5rem; }
.strip .up { fill: var(--up); opacity: 0.55; }
.strip .down { fill: var(--down); }
.strip .unknown { fill: var(--unknown); }
.large { width: 100%; height: 2.5rem; border-bottom: 1px solid var(--line); }
.large .up { fill: var(--up); opacity: 0.55; }
.large .down { fill: var(--down); }
.large .unknown { fill: var(--unknown); }

.ladder { margin: 0; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
.ladder > li { display: grid; grid-template-columns: 7.5rem 10.5rem minmax(0, 1fr); gap: 0 0.75rem; padding: 0.4rem 0.9rem; border-top: 1px solid var(--line); overflow-wrap: break-word; }
.ladder > li:first-child { border-top: 0; }
.ladder > li.broken { background: var(--down-back); }
.ladder .rung { font-weight: 500; }
.ladder details { grid-column: 3; }
.cause { padding: 0.6rem 0.9rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); display: grid; gap: 0.35rem; margin-bottom: 0.5rem; grid-template-columns: minmax(0, 1fr); overflow-wrap: break-word; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.15rem 1rem; margin: 0; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.phases { display: grid; grid-template-columns: max-content max-content minmax(6rem, 30rem); gap: 0.15rem 0.75rem; align-items: center; margin: 0.25rem 0; }
.bar { width: 100%; height: 0.75rem; background: var(--line); border-radius: 2px; }
.runs th, .runs .brief { white-space: nowrap; }
.stacked { width: 9rem; height: 0.75rem; }
.ph-resolve { fill: #8a63c9; }
.ph-connect, .ph-connect_proxy { fill: #3b82c4; }
.ph-tls { fill: #2f9e8e; }
.ph-processing { fill: #c98a1b; }
.ph-transfer { fill: #6b8f2a; }
.ph-whole { fill: var(--muted); }
.ph-failed { fill: var(--down); }
.stack { background: var(--card); border: 1px solid var(--line); border-radius: 8px; border-collapse: separate; border-spacing: 0; }
.stack th, .stack td { padding: 0.4rem 1rem; }
.stack th > a { white-space: nowrap; }
.tunnel { display: block; white-space: nowrap; }
.nodes { font-size: 0.8125rem; }
.nodes thead th { white-space: normal; }
.nodes .tunnel { white-space: normal; }
.nodes .verdict, .nodes .brief { white-space: nowrap; }
.nodes .why, .nodes .odd.under { min-width: 8rem; }
.stack .brief { white-space: nowrap; }
.nodes th, .nodes td { padding: 0.4rem 0.55rem; }
.ended { margin: 0; padding: 0; list-style: none; display: grid; gap: 0.25rem; font-size: 0.875rem; }
.ended > li { display: flex; flex-wrap: wrap; gap: 0 1rem; overflow-wrap: break-word; }

footer { margin-top: 2rem; padding-top: 1rem; border-top: 1px solid var(--line); display: grid; gap: 0.75rem; }
form { display: flex; flex-wrap: wrap; gap: 0.5rem 0.9rem; align-items: center; }
label { color: var(--muted); max-width: 100%; }
input, select, button { font: inherit; color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 0.25rem 0.5rem; max-width: 100%; }
button { cursor: pointer; }
button:hover { border-color: var(--link); }

@media (max-width: 46rem) {
	.asof { margin-left: 0; }
	body:has(> search) { display: flex; flex-direction: column; }
	body > search + main { display: contents; }
	body > #stale { order: -3; }
	body > search + main > .top { order: -2; }
	body > search { order: -1; margin: 0.75rem 0 0; }
	.troubles > li { grid-template-columns: minmax(0, 1fr); }
	.ladder > li { grid-template-columns: max-content minmax(0, 1fr); }
	.ladder > li > .says, .ladder details { grid-column: 1 / -1; }
	.phases { grid-template-columns: max-content max-content minmax(3rem, 1fr); }
	.troubles .why, .notes > li > .small { grid-column: auto; grid-row: auto; }
	.group { padding: 0.75rem 0.75rem 0.5rem; }
	.matrix th[scope="row"] { width: auto; white-space: normal; min-width: 6rem; }
	.group:not(.wide) .cell { grid-template-columns: minmax(0, 1fr); }
	.stack th > a, .tunnel { white-space: normal; }
	.matrix td { min-width: 9.5rem; }
	.cell { grid-template-columns: auto; }
	.several thead { position: absolute; left: -99rem; }
	.several, .several tbody, .several tr, .several th, .several td { display: block; }
	.several td { min-width: 0; }
	.several .column { display: block; color: var(--muted); font-size: 0.85em; }
	.stack thead { position: absolute; left: -99rem; }
	.stack, .stack tbody, .stack tr, .stack th, .stack td { display: block; }
	.stack tr { padding: 0.5rem 0.75rem; border-top: 1px solid var(--line); }
	.stack tr:first-child { border-top: 0; }
	.stack th, .stack td { padding: 0.1rem 0; border: 0; }
	.stack td { display: grid; grid-template-columns: 6.5rem 1fr; gap: 0 0.5rem; }
	.stack td::before { content: attr(data-label); color: var(--muted); grid-row: 1 / span 9; }
	.stack td > * { grid-column: 2; justify-self: start; }
}
`;
