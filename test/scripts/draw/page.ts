import test from 'ava';
import type {DashboardJson, PanelJson} from '../../../scripts/draw/dashboard-json.ts';
import {fieldOf, fillVariables} from '../../../scripts/draw/dashboard-json.ts';
import {drawPage} from '../../../scripts/draw/page.ts';
import type {Series, Window} from '../../../scripts/draw/prometheus.ts';

const window: Window = {start: 1_800_000_000, end: 1_800_000_060, step: 15};
const states = {type: 'value', options: {0: {text: 'up', color: 'green'}, 2: {text: 'down', color: 'red'}}};

test('Lines are drawn with their legends, their unit and a gap where values lack', t => {
	const panel = aPanel({type: 'timeseries', targets: [{refId: 'A', expr: 'x', legendFormat: 'from {{vantage}}'}]});

	const page = draw(panel, {A: [aSeries({vantage: 'cluster'}, [0.001, 0.004, undefined, 0.002, 0.003])]});

	t.regex(page, /from cluster/);
	t.regex(page, />4 ms</);
	const pieces = [...page.matchAll(/d="(M[^"]+)" fill="none"/g)].map(([, path = '']) => path.split('L').length);
	t.deepEqual(pieces, [2, 2]);
});

test('What stands on something else begins where that ends', t => {
	const panel = aPanel({type: 'timeseries', targets: [{refId: 'A', expr: 'x', legendFormat: '{{phase}}'}]});
	panel.fieldConfig = {defaults: {unit: 'none', min: 0, custom: {stacking: {mode: 'normal'}}}, overrides: []};

	const page = draw(panel, {
		A: [aSeries({phase: 'connect'}, [1, 1, 1, 1, 1]), aSeries({phase: 'tls'}, [3, 3, 3, 3, 3])],
	});

	t.regex(page, />4</);
});

test('States have the words and colours of their mappings, and one ends where values lack', t => {
	const panel = aPanel({type: 'state-timeline', targets: [{refId: 'A', expr: 'x', legendFormat: '{{check}}'}]});
	panel.fieldConfig = {defaults: {mappings: [states]}, overrides: []};

	const page = draw(panel, {A: [aSeries({check: 'tts'}, [0, 0, 2, undefined, 0])]});

	t.deepEqual(
		[...page.matchAll(/<rect [^>]*fill="(#\w+)"/g)].map(([, colour]) => colour),
		['#73bf69', '#f2495c', '#73bf69'],
	);
});

test('A table joins the rows of its queries by the labels that all share', t => {
	const panel = aPanel({
		type: 'table',
		targets: [
			{refId: 'A', expr: 'x', instant: true},
			{refId: 'B', expr: 'y', instant: true},
		],
		transformations: [
			{id: 'merge', options: {}},
			{id: 'filterFieldsByName', options: {include: {names: ['peer', 'pod', 'Value #B']}}},
			{id: 'organize', options: {indexByName: {peer: 0, 'Value #B': 1}, renameByName: {'Value #B': 'Price'}}},
		],
		fieldConfig: {
			defaults: {},
			overrides: [{matcher: {id: 'byName', options: 'Price'}, properties: [{id: 'unit', value: 'currencyUSD'}]}],
		},
	});

	const page = draw(panel, {
		A: [aSeries({peer: 'gpu-1', pod: 'tts-0'}, [1]), aSeries({peer: 'gpu-2', pod: 'stt-0'}, [1])],
		B: [aSeries({peer: 'gpu-2'}, [0.37])],
	});

	t.deepEqual(cellsOf(page), [
		['peer', 'Price', 'pod'],
		['gpu-1', '', 'tts-0'],
		['gpu-2', '$0.37', 'stt-0'],
	]);
});

test('A table leaves out the columns that are there for links only', t => {
	const panel = aPanel({
		...{type: 'table', targets: [{refId: 'A', expr: 'x', instant: true}]},
		transformations: [{id: 'filterFieldsByName', options: {include: {names: ['alert', 'runbook']}}}],
		fieldConfig: {
			defaults: {},
			overrides: [{matcher: {id: 'byName', options: 'runbook'}, properties: [{id: 'custom.hidden', value: true}]}],
		},
	});

	const page = draw(panel, {A: [aSeries({alert: 'TunnelDown', runbook: 'tunneldown.md'}, [1])]});

	t.deepEqual(cellsOf(page), [['alert'], ['TunnelDown']]);
});

test('A coloured cell without a value has the colour of the lowest step, as in Grafana', t => {
	const panel = aPanel({
		...{type: 'table', targets: [{refId: 'A', expr: 'x', instant: true}]},
		transformations: [
			{id: 'groupingToMatrix', options: {columnField: 'vantage', rowField: 'target', valueField: 'Value'}},
		],
	});
	panel.fieldConfig = {
		defaults: {
			mappings: [states],
			thresholds: {steps: [{value: null, color: 'transparent'}]},
			custom: {cellOptions: {type: 'color-background'}},
		},
		overrides: [],
	};

	const page = draw(panel, {
		A: [aSeries({target: 'tts', vantage: 'cluster'}, [0]), aSeries({target: 'stt', vantage: 'edge'}, [2])],
	});

	t.deepEqual(
		[...page.matchAll(/<td class="number" style="background:([^;]+)/g)].map(([, colour]) => colour),
		['#73bf69', 'transparent', 'transparent', '#f2495c'],
	);
});

test('A text is drawn as a list with its bold words, and becomes no HTML', t => {
	const panel = aPanel({type: 'text', options: {content: '- **Link**: a <b>\n- **DERP**: a relay'}});

	const page = draw(panel, {});

	t.regex(page, /<ul><li><b>Link<\/b>: a &#60;b&#62;<\/li><li><b>DERP<\/b>: a relay<\/li><\/ul>/);
});

test('A bucket of a heatmap shows what is in it alone, although its series counts those below too', t => {
	const panel = aPanel({type: 'heatmap', targets: [{refId: 'A', expr: 'x'}]});
	panel.fieldConfig = {defaults: {unit: 's'}, overrides: []};

	const page = draw(panel, {A: [aSeries({le: '+Inf'}, [4]), aSeries({le: '0.1'}, [4]), aSeries({le: '0.01'}, [1])]});

	t.deepEqual(
		[...page.matchAll(/fill-opacity="([\d.]+)"/g)].map(([, opacity]) => opacity),
		['0.64', '1.00'],
	);
});

test('What a server said becomes no HTML', t => {
	const panel = aPanel({type: 'stat', targets: [{refId: 'A', expr: 'x', legendFormat: '{{peer}}'}]});
	panel.options = {textMode: 'value_and_name'};

	const page = draw(panel, {A: [aSeries({peer: '<img src=x>'}, [1])]});

	t.notRegex(page, /<img/);
});

test('A panel without an answer says what its dashboard says of that', t => {
	const panel = aPanel({type: 'stat', targets: [{refId: 'A', expr: 'x'}]});
	panel.fieldConfig = {defaults: {noValue: 'Nothing is down.'}, overrides: []};

	const page = draw(panel, {A: []});

	t.regex(page, /Nothing is down\./);
});

test('What cannot be drawn truly is said, not left out', t => {
	t.throws(() => draw(aPanel({type: 'geomap'}), {A: [aSeries({}, [1])]}), {
		message: /"A panel" is of type geomap, which cannot be drawn: .+\.$/,
	});
	t.throws(
		() =>
			draw(aPanel({type: 'stat', fieldConfig: {defaults: {unit: 'furlong'}, overrides: []}}), {A: [aSeries({}, [1])]}),
		{
			message: /furlong cannot be drawn/,
		},
	);
});

test('Variables become the choices that the dashboard begins with', t => {
	const variables = [
		{name: 'job', type: 'query', allValue: '.+', current: {value: ['$__all']}},
		{name: 'pool', type: 'query', current: {value: ['june', 'july']}},
	];

	const filled = fillVariables(`rate(x{job=~"$job", pool=~"\${pool}"}[$__rate_interval])`, variables, {
		step: 15,
		range: 900,
	});

	t.is(filled, 'rate(x{job=~".+", pool=~"june|july"}[60s])');
	t.throws(() => fillVariables('x{a="$nobody"}', variables, {step: 15, range: 900}), {message: /nobody/});
});

test('Only the field of that name looks different', t => {
	const panel = aPanel({
		type: 'table',
		fieldConfig: {
			defaults: {unit: 's'},
			overrides: [
				{
					matcher: {id: 'byName', options: 'Price'},
					properties: [
						{id: 'unit', value: 'currencyUSD'},
						{id: 'custom.width', value: 80},
					],
				},
			],
		},
	});

	t.deepEqual(fieldOf(panel, 'Price'), {unit: 'currencyUSD', custom: {width: 80}});
	t.deepEqual(fieldOf(panel, 'Age'), {unit: 's'});
});

function aPanel(part: Partial<PanelJson>): PanelJson {
	return {
		...{type: 'stat', title: 'A panel', gridPos: {x: 0, y: 0, w: 12, h: 8}},
		fieldConfig: {defaults: {unit: 's'}, overrides: []},
		...part,
	};
}

function draw(panel: PanelJson, answers: Record<string, Series[]>): string {
	const dashboard: DashboardJson = {uid: 'x', title: 'X', panels: [panel], templating: {list: []}};
	return drawPage(dashboard, new Map([[0, new Map(Object.entries(answers))]]), window).page;
}

/** One value every 15 s; the last is at the end of the window. */
function aSeries(labels: Record<string, string>, values: readonly (number | undefined)[]): Series {
	const first = window.end - (values.length - 1) * window.step;
	return {
		labels,
		points: values.flatMap((value, at) => (value === undefined ? [] : [[first + at * window.step, value] as const])),
	};
}

function cellsOf(page: string): string[][] {
	return [...page.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = '']) =>
		[...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, text = '']) => text),
	);
}
