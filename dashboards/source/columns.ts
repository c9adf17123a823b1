/** Tables of several queries: which labels join them, and the columns in their order, with names, units and links. */

import type {DataTransformerConfig, Threshold, ValueMapping} from '@grafana/grafana-foundation-sdk/dashboard';
import {ThresholdsMode} from '@grafana/grafana-foundation-sdk/dashboard';
import type {Link} from './links.ts';
import type {Override} from './panels.ts';

/** A column: a label of the queries, or the value of one. */
export interface Column {
	/** The label, or `Value` of the only query, or `Value #B` of query B. */
	field: string;
	/** Its head; links go on naming the column by `field`. */
	title?: string;
	unit?: string;
	decimals?: number;
	/** Pixels. */
	width?: number;
	mappings?: readonly ValueMapping[];
	/** Colour the cell by value. */
	thresholds?: readonly Threshold[];
	links?: readonly Link[];
	/** Only there for links to take from. */
	isHidden?: boolean;
}

/**
 * Joins the rows of all queries that agree in `by` (or in all labels they share), and keeps these columns in this order.
 * @param sortedBy A column from whose lowest value the rows go up; those that agree in it stay as the query gave them.
 */
export function columns(
	list: readonly Column[],
	by?: string,
	sortedBy?: string,
): {transformations: DataTransformerConfig[]; overrides: Override[]} {
	const join: DataTransformerConfig =
		by === undefined ? {id: 'merge', options: {}} : {id: 'joinByField', options: {byField: by, mode: 'outer'}};
	return {
		transformations: [
			join,
			...(sortedBy === undefined ? [] : [{id: 'sortBy', options: {sort: [{field: sortedBy, desc: false}]}}]),
			{id: 'filterFieldsByName', options: {include: {names: list.map(({field}) => field)}}},
			{
				id: 'organize',
				options: {
					indexByName: Object.fromEntries(list.map(({field}, index) => [field, index])),
					renameByName: Object.fromEntries(
						list.flatMap(({field, title}) => (title === undefined ? [] : [[field, title]])),
					),
				},
			},
		],
		overrides: list.map(override).filter(({properties}) => properties.length > 0),
	};
}

function override(column: Column): Override {
	const properties: Override['properties'] = [];
	if (column.unit !== undefined) properties.push({id: 'unit', value: column.unit});
	if (column.decimals !== undefined) properties.push({id: 'decimals', value: column.decimals});
	if (column.width !== undefined) properties.push({id: 'custom.width', value: column.width});
	if (column.mappings !== undefined) properties.push({id: 'mappings', value: [...column.mappings]});
	if (column.thresholds !== undefined) {
		properties.push({id: 'thresholds', value: {mode: ThresholdsMode.Absolute, steps: [...column.thresholds]}});
	}
	if (column.mappings !== undefined || column.thresholds !== undefined) {
		properties.push({id: 'custom.cellOptions', value: {type: 'color-text'}});
	}
	if (column.links !== undefined) {
		const links = column.links.map(link => link.build());
		properties.push({id: 'links', value: links.map(({title, url, targetBlank}) => ({title, url, targetBlank}))});
	}
	// The first is how Grafana hid a column up to version 12.1, the second how it does since; each skips the one that it does not know.
	if (column.isHidden === true) {
		properties.push({id: 'custom.hidden', value: true});
		properties.push({id: 'custom.hideFrom', value: {viz: true, legend: true, tooltip: true}});
	}
	return {name: column.title ?? column.field, properties};
}
