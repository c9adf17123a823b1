/** The whole dashboard as one page. */

import {Html, html} from '../../src/server/page/escape.ts';
import type {DashboardJson} from './dashboard-json.ts';
import {drawPanel} from './panel.ts';
import type {Series, Window} from './prometheus.ts';

/** What was answered: for each panel, by its place in the dashboard, the series of each query by its letter. */
export type Answers = ReadonlyMap<number, ReadonlyMap<string, readonly Series[]>>;

const width = 1400;
const margin = 8;
const unit = 30;
const head = 58;

/** A page 1400 pixels wide that needs nothing else, and its height. */
export function drawPage(dashboard: DashboardJson, answers: Answers, window: Window): {page: string; height: number} {
	const column = (width - margin) / 24;
	const boxes = dashboard.panels.map((panel, at) => {
		const {x, y, w, h} = panel.gridPos;
		const size = {width: Math.floor(w * column - margin), height: h * (unit + margin) - margin};
		const place = `left:${Math.round(x * column + margin)}px;top:${head + y * (unit + margin)}px;width:${size.width}px;height:${size.height}px`;
		if (panel.type === 'row') return html`<h2 style="${place}">⌄ ${panel.title}</h2>`;
		return html`<section style="${place}">${drawPanel(panel, answers.get(at) ?? new Map(), window, size)}</section>`;
	});
	const rows = Math.max(...dashboard.panels.map(({gridPos}) => gridPos.y + gridPos.h));
	const [from, to] = [window.start, window.end].map(at => new Date(at * 1000).toISOString().slice(11, 16));
	const page =
		html`<!doctype html><html lang="en"><meta charset="utf-8"><title>${dashboard.title}</title><style>${new Html(style)}</style>
<header><h1>${dashboard.title}</h1><p>${from} to ${to} UTC. Drawn by a script of tailprobe from what a real Prometheus answered to the queries of this dashboard, not by Grafana.</p></header>
<main>${boxes}</main></html>`.text;
	return {page, height: head + rows * (unit + margin) + margin};
}

const style = `
body{margin:0;background:#111217;color:#ccccdc;font:12px/1.5 "DejaVu Sans",Inter,Arial,sans-serif}
header{display:flex;gap:24px;align-items:center;padding:0 16px;height:50px}
h1{font-size:18px;font-weight:500;margin:0;white-space:nowrap}
header p{margin:0;color:#8e8e99}
h2{position:absolute;margin:0;font-size:14px;font-weight:500;line-height:30px}
section{position:absolute;box-sizing:border-box;background:#181b1f;border:1px solid #25282e;border-radius:3px;overflow:hidden;padding:0 8px 6px}
h3{margin:0;font-size:13px;font-weight:500;line-height:30px;white-space:nowrap;overflow:hidden}
svg{display:block}svg text{fill:#9d9fa8;font-size:11px}svg text[fill]{fill:attr(fill)}
ul{margin:0;padding-left:18px}li{line-height:22px}
.none{text-align:center;color:#8e8e99;font-size:15px;margin-top:8%}
.aside{display:flex;gap:10px}.legend{display:flex;flex-wrap:wrap;gap:0 14px;overflow:hidden;line-height:18px;align-content:start}
.aside .legend{display:block}.aside .legend span{display:block;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.legend i{display:inline-block;width:14px;height:4px;border-radius:2px;margin-right:5px;vertical-align:middle}.legend b{font-weight:600}
.stat{display:flex;gap:6px}.stat.above{flex-direction:column}.stat div{flex:1;display:flex;flex-direction:column;align-items:center;justify-content:center;border-radius:3px;line-height:1.2;overflow:hidden}
.stat strong{font-weight:600;white-space:nowrap}.stat small{font-size:13px}
table{border-collapse:collapse;width:100%;table-layout:auto}th,td{text-align:left;padding:2px 7px;height:20px;border-bottom:1px solid #25282e;white-space:nowrap;overflow:hidden}
th{color:#8ab8ff;font-weight:500}th.number,td.number{text-align:right}.more{margin:2px 7px;color:#8e8e99}`;
