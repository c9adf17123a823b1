/** The kinds of panels that the dashboards are made of. Each takes a specification and fills in what all have in common. */

import {PanelBuilder as BarGauge} from '@grafana/grafana-foundation-sdk/bargauge';
import type {Builder} from '@grafana/grafana-foundation-sdk/cog';
import {
	BarGaugeDisplayMode,
	type BigValueColorMode,
	BigValueGraphMode,
	BigValueTextMode,
	GraphDrawStyle,
	GraphThresholdsStyleConfigBuilder,
	GraphThresholdsStyleMode,
	LegendDisplayMode,
	LegendPlacement,
	type ReduceDataOptions,
	ReduceDataOptionsBuilder,
	ScaleDistribution,
	ScaleDistributionConfigBuilder,
	SortOrder,
	StackingConfigBuilder,
	StackingMode,
	TableCellBackgroundDisplayMode,
	TableCellDisplayMode,
	TooltipDisplayMode,
	VisibilityMode,
	VizLegendOptionsBuilder,
	VizOrientation,
	VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
	type DataTransformerConfig,
	FieldColorBuilder,
	FieldColorModeId,
	type Panel,
	type Threshold,
	ThresholdsConfigBuilder,
	ThresholdsMode,
	type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
	PanelBuilder as Heatmap,
	HeatmapColorMode,
	HeatmapColorOptionsBuilder,
	YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import {PanelBuilder as Stat} from '@grafana/grafana-foundation-sdk/stat';
import {PanelBuilder as StateTimeline} from '@grafana/grafana-foundation-sdk/statetimeline';
import {PanelBuilder as Table} from '@grafana/grafana-foundation-sdk/table';
import {PanelBuilder as Text, TextMode} from '@grafana/grafana-foundation-sdk/text';
import {PanelBuilder as TimeSeries} from '@grafana/grafana-foundation-sdk/timeseries';
import type {Link} from './links.ts';
import {good, neutral, steps} from './looks.ts';
import type {Target} from './targets.ts';
import {dataSource} from './variables.ts';

/** What every panel says of itself. */
export interface PanelSpec {
	title: string;
	/** What it shows and what to make of it, for somebody who does not know tailscale. */
	description: string;
	/** A unit of Grafana, such as `s`, `percentunit`, `short`. */
	unit: string;
	/** Columns of 24. */
	span: number;
	/** Rows of about 30 pixels. */
	height: number;
	targets: readonly Target[];
	decimals?: number;
	min?: number;
	max?: number;
	thresholds?: readonly Threshold[];
	mappings?: readonly ValueMapping[];
	/** Shown where nothing came. */
	noValue?: string;
	/** Of each value. */
	valueLinks?: readonly Link[];
	/** Of the panel. */
	links?: readonly Link[];
	transformations?: readonly DataTransformerConfig[];
	overrides?: readonly Override[];
}

/** Properties of one field, chosen by its name (a column or a legend). */
export interface Override {
	name: string;
	properties: Array<{id: string; value: unknown}>;
}

/** One or a few big values. */
export function stat(
	spec: PanelSpec & {color?: BigValueColorMode; text?: BigValueTextMode; graph?: boolean},
): Builder<Panel> {
	const panel = new Stat()
		.graphMode(spec.graph === true ? BigValueGraphMode.Area : BigValueGraphMode.None)
		.reduceOptions(lastValue())
		.textMode(spec.text ?? BigValueTextMode.Auto)
		.orientation(VizOrientation.Auto);
	if (spec.color !== undefined) panel.colorMode(spec.color);
	return filled(panel, spec);
}

/** Lines over time. */
export function lines(
	spec: PanelSpec & {stacked?: boolean; bars?: boolean; logarithmic?: boolean; legendTable?: boolean},
): Builder<Panel> {
	const panel = new TimeSeries()
		.lineWidth(1)
		.fillOpacity(spec.stacked === true ? 30 : 6)
		.showPoints(VisibilityMode.Never)
		.tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
		.legend(
			spec.legendTable === true
				? new VizLegendOptionsBuilder()
						.displayMode(LegendDisplayMode.Table)
						.placement(LegendPlacement.Right)
						.showLegend(true)
						.calcs(['lastNotNull', 'max'])
				: new VizLegendOptionsBuilder()
						.displayMode(LegendDisplayMode.List)
						.placement(LegendPlacement.Bottom)
						.showLegend(true)
						.calcs([]),
		);
	if (spec.bars === true) panel.drawStyle(GraphDrawStyle.Bars).fillOpacity(80);
	if (spec.stacked === true) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
	if (spec.logarithmic === true) {
		panel.scaleDistribution(new ScaleDistributionConfigBuilder().type(ScaleDistribution.Log).log(10));
	}
	if (spec.thresholds !== undefined) {
		panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
	}
	return filled(panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic)), spec);
}

/** A bar of colours over time for each line: states by value, with `mappings`. */
export function stateTimeline(spec: PanelSpec): Builder<Panel> {
	const panel = new StateTimeline()
		.mergeValues(true)
		.showValue(VisibilityMode.Auto)
		.rowHeight(0.8)
		.lineWidth(0)
		.fillOpacity(80)
		.perPage(25)
		.tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single).sort(SortOrder.None))
		.legend(hiddenLegend());
	return filled(panel.colorScheme(byThresholds()), spec);
}

/** Rows; `rows` of targets.ts are its queries, and columns.ts has what shapes them. `isColored`: every cell by its value. */
export function table(spec: PanelSpec & {isColored?: boolean}): Builder<Panel> {
	const panel = new Table().showHeader(true).colorScheme(byThresholds());
	if (spec.isColored === true)
		panel.cellOptions({type: TableCellDisplayMode.ColorBackground, mode: TableCellBackgroundDisplayMode.Basic});
	return filled(panel, spec);
}

/** Bars of values that compare. */
export function bars(spec: PanelSpec): Builder<Panel> {
	const panel = new BarGauge()
		.displayMode(BarGaugeDisplayMode.Basic)
		.orientation(VizOrientation.Horizontal)
		.reduceOptions(lastValue())
		.showUnfilled(true);
	return filled(panel.colorScheme(byThresholds()), spec);
}

/** How often which value came, over time: `buckets` of targets.ts is its query, `unit` that of the bounds. */
export function heatmap(spec: PanelSpec): Builder<Panel> {
	const panel = new Heatmap()
		.calculate(false)
		.color(
			new HeatmapColorOptionsBuilder()
				.mode(HeatmapColorMode.Scheme)
				.scheme('Oranges')
				.steps(64)
				.exponent(0.5)
				.reverse(false)
				.fill('dark-orange'),
		)
		.yAxis(new YAxisConfigBuilder().unit(spec.unit))
		.cellGap(1)
		.showLegend();
	return filled(panel, spec);
}

/** Lines of Markdown; it asks nothing. */
export function text(
	spec: Pick<PanelSpec, 'title' | 'description' | 'span' | 'height'> & {lines: readonly string[]},
): Builder<Panel> {
	return new Text()
		.title(spec.title)
		.description(spec.description)
		.span(spec.span)
		.height(spec.height)
		.mode(TextMode.Markdown)
		.content(spec.lines.map(line => `- ${line}`).join('\n'));
}

/** What the builders of all kinds share. */
interface Fillable extends Builder<Panel> {
	title(value: string): this;
	description(value: string): this;
	datasource(value: typeof dataSource): this;
	unit(value: string): this;
	span(value: number): this;
	height(value: number): this;
	targets(value: Target[]): this;
	thresholds(value: ThresholdsConfigBuilder): this;
	decimals(value: number): this;
	min(value: number): this;
	max(value: number): this;
	mappings(value: ValueMapping[]): this;
	noValue(value: string): this;
	dataLinks(value: Link[]): this;
	links(value: Link[]): this;
	transformations(value: DataTransformerConfig[]): this;
	overrideByName(name: string, properties: Array<{id: string; value?: unknown}>): this;
}

function filled<Kind extends Fillable>(panel: Kind, spec: PanelSpec): Builder<Panel> {
	panel
		.title(spec.title)
		.description(spec.description)
		.datasource(dataSource)
		.unit(spec.unit)
		.span(spec.span)
		.height(spec.height)
		.targets([...spec.targets])
		.thresholds(
			new ThresholdsConfigBuilder()
				.mode(ThresholdsMode.Absolute)
				.steps([...(spec.thresholds ?? steps(spec.mappings ? neutral : good))]),
		);
	if (spec.decimals !== undefined) panel.decimals(spec.decimals);
	if (spec.min !== undefined) panel.min(spec.min);
	if (spec.max !== undefined) panel.max(spec.max);
	if (spec.mappings !== undefined) panel.mappings([...spec.mappings]);
	if (spec.noValue !== undefined) panel.noValue(spec.noValue);
	if (spec.valueLinks !== undefined) panel.dataLinks([...spec.valueLinks]);
	if (spec.links !== undefined) panel.links([...spec.links]);
	if (spec.transformations !== undefined) panel.transformations([...spec.transformations]);
	for (const {name, properties} of spec.overrides ?? []) panel.overrideByName(name, properties);
	return panel;
}

function lastValue(): Builder<ReduceDataOptions> {
	return new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields('');
}

function hiddenLegend(): VizLegendOptionsBuilder {
	return new VizLegendOptionsBuilder()
		.displayMode(LegendDisplayMode.List)
		.placement(LegendPlacement.Bottom)
		.showLegend(false)
		.calcs([]);
}

function byThresholds(): FieldColorBuilder {
	return new FieldColorBuilder().mode(FieldColorModeId.Thresholds);
}
