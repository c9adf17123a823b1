/** What one run now found, for the person who asked for it: verdict, phases, path, and the record of the checks with the same target. */

import {formatLatency, formatPath} from '../../util/readable.ts';
import {assumesPort80, describeProbeNow, describeResolver, showAddress} from '../json.ts';
import type {AdhocAnswer, DaemonView} from '../types.ts';
import {renderColophon, renderDocument, renderTrail} from './document.ts';
import {type Html, html} from './escape.ts';
import {renderPhases} from './phases.ts';
import {type ProbeWish, renderProbeForm} from './probe-form.ts';
import {drawStrip, renderStripLegend} from './strip.ts';
import {asSentence, checkPath, clockTime, shownVerdict, verdictMark, withCode} from './words.ts';

const checksShown = 10;

/** `wish`: what stands in the form below the answer. */
export function renderProbePage(view: DaemonView, answer: AdhocAnswer, wish: ProbeWish, nowMs: number): string {
	const ran = answer.kind === 'ran' ? answer : undefined;
	const main = html`${renderTrail('', 'probe')}
${ran ? renderRun(ran, view, nowMs) : html`<h1>Nothing was probed</h1><p role="alert" class="problem">${answer.kind === 'ran' ? '' : asSentence(answer.detail)}</p>`}`;
	return renderDocument({
		title: ran ? `${ran.outcome.verdict} ${showAddress(ran.check.target.address)}` : 'nothing was probed',
		root: '',
		main,
		footer: html`${renderProbeForm(view.vantages(), view.checks(), wish)}${renderColophon(view.version, '')}`,
		refreshes: false,
		skipTo: {id: 'probe', words: 'Skip to the form'},
	});
}

function renderRun(answer: AdhocAnswer & {kind: 'ran'}, view: DaemonView, nowMs: number): Html {
	const {check, outcome, module} = answer;
	const {verdict, reason, detail, late, reading, durationMs, startedAt} = outcome;
	const {path} = describeProbeNow(answer, view);
	const body = reading?.facts.body_start;
	return html`<header class="top ${verdict}">
<h1>${verdictMark(verdict)} ${showAddress(check.target.address)} <span class="name">from ${check.vantage}</span></h1>
<p class="asof muted">${clockTime(startedAt, nowMs)}</p>
</header>
<p class="muted">${module ? html`module ${module.name}` : html`as the check ${check.name}${check.expect ? ' (nothing may answer there)' : ''}`}, via ${check.target.via}, ${verdict === 'unknown' ? 'gave up after' : 'took'} ${formatLatency(durationMs / 1000)}${path === undefined ? '' : html`, path ${formatPath(path, reading?.facts.derp_region) ?? path}`}</p>
${reason || detail ? html`<p class="why">${reason ? html`<code>${reason}</code> ` : ''}${withCode(asSentence(detail ?? 'no more is known'))}</p>` : ''}
${verdict === 'down' && assumesPort80(check.type, check.target.address) ? html`<p>The target names neither scheme nor port: port 80 was assumed.</p>` : ''}
${body ? html`<p>Its answer begins: <q>${body}</q></p>` : ''}
${late ? html`<p>tailprobe's own thread was late during this run: the times are too high.</p>` : ''}
<section aria-labelledby="phases-title" id="phases"><h2 id="phases-title">Phases</h2>${renderPhases(check, outcome)}${reading?.phases || reading?.values.tsmp_seconds !== undefined ? '' : html`<p class="muted">None began.</p>`}</section>
${renderFacts(answer)}
${renderRecord(answer, view)}`;
}

function renderFacts({outcome: {reading}}: AdhocAnswer & {kind: 'ran'}): Html {
	const {values = {}, facts = {}, phases = {}} = reading ?? {};
	const {address, resolved_by: by, http_version: version, tls_version: tls} = facts;
	const told: [string, string | number | undefined][] = [
		['status', values.status_code],
		['HTTP', version],
		['TLS', tls],
		['redirects', values.redirects || undefined],
		['body', values.body_bytes === undefined ? undefined : `${values.body_bytes} bytes`],
		['loss', values.loss_ratio === undefined ? undefined : `${Math.round(values.loss_ratio * 100)} %`],
		['address', address && by ? `${address} (${describeResolver(by, phases.resolve)})` : address],
	];
	const known = told.filter(([, value]) => value !== undefined && value !== '');
	return known.length === 0
		? html``
		: html`<dl class="facts">${known.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>`;
}

/** The checks that dial the same, from this vantage first: a run now may find another thing than they did. */
function renderRecord({check}: AdhocAnswer & {kind: 'ran'}, view: DaemonView): Html {
	const same = view
		.checks()
		.filter(known => known.check.target.address === check.target.address)
		.toSorted(
			(one, other) => Number(other.check.vantage === check.vantage) - Number(one.check.vantage === check.vantage),
		)
		.slice(0, checksShown);
	if (same.length === 0)
		return html`<p class="muted">No check watches this target, so there is no last hour of it.</p>`;
	return html`<section id="record" aria-labelledby="record-title"><h2 id="record-title">The last hour of the checks that watch it</h2>
${renderStripLegend()}<ul class="plain">${same.map(known => html`<li>${verdictMark(shownVerdict(known))} <a href="${checkPath(known.check.key)}">${known.check.name} ${known.check.target.name}</a> <span class="muted">from ${known.check.vantage}</span> ${drawStrip(known.strip)}</li>`)}</ul></section>`;
}
