/** The form for one run now: any target by a module, or a configured check, from a vantage. */

import type {VantageState} from '../../vantages/types.ts';
import type {CheckView} from '../types.ts';
import {type Html, html} from './escape.ts';

/** What stands in the form when it is shown. */
export interface ProbeWish {
	target: string;
	module: string;
	/** Name of a check, '' for none. */
	check: string;
	/** Name of a vantage, '' for the first. */
	from: string;
}

export const noWish: ProbeWish = {target: '', module: 'http_2xx', check: '', from: ''};

const namesAtMost = 200;

/** Outside <main>, so that a refresh leaves what is typed alone. */
export function renderProbeForm(
	vantages: readonly VantageState[],
	checks: readonly CheckView[],
	wish: ProbeWish = noWish,
	root = '',
): Html {
	const names = bounded([...new Set(checks.map(({check}) => check.name))], wish.check);
	const places = bounded(
		vantages.map(({name}) => name),
		wish.from,
	);
	const targets = [...new Set(checks.map(({check}) => check.target.name))].slice(0, namesAtMost);
	const option = (name: string, chosen: string) =>
		html`<option${name === chosen ? html` selected` : ''}>${name}</option>`;
	return html`<section aria-labelledby="probe-title" id="probe">
<h2 id="probe-title">Probe now</h2>
<form action="${root}probe-now" method="post">
<label>target <input name="target" value="${wish.target}" placeholder="http://livekit:7880/" size="28" maxlength="2048" list="targets" autocomplete="off" autocapitalize="off" spellcheck="false"></label>
<datalist id="targets">${targets.map(name => html`<option>${name}</option>`)}</datalist>
<label>with the module <input name="module" value="${wish.module}" size="12" maxlength="200" autocomplete="off" autocapitalize="off" spellcheck="false"></label>
<label>or as the check <select name="check"><option value="">–</option>${names.map(name => option(name, wish.check))}</select></label>
<label>from <select name="from">${places.map(name => option(name, wish.from))}</select></label>
<button>Probe now</button>
</form>
<p class="muted small">Of a check: one of its targets by name, or none where it has only one. The module is left aside then.</p>
</section>`;
}

/** The chosen one is among them, however many there are. */
function bounded(names: readonly string[], chosen: string): string[] {
	const shown = names.slice(0, namesAtMost);
	return chosen === '' || shown.includes(chosen) || !names.includes(chosen) ? shown : [...shown, chosen];
}
