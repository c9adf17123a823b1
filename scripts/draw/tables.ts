/** Answers as tables, and what transformations make of them. */

import type {PanelJson, TransformationJson} from './dashboard-json.ts';
import type {Series} from './prometheus.ts';
import type {Value} from './values.ts';

/** Rows by the name of their columns; a column that no row has is none. */
export interface Table {
	columns: string[];
	rows: Record<string, Value>[];
}

/** The rows of a panel, from the answers to its queries by their letter. */
export function shapeTable(panel: PanelJson, answers: ReadonlyMap<string, readonly Series[]>): Table {
	const isOne = answers.size === 1;
	let tables = [...answers]
		.filter(([, series]) => series.length > 0)
		.map(([refId, series]) => asTable(series, isOne ? 'Value' : `Value #${refId}`));
	for (const step of panel.transformations ?? []) tables = transform(step, tables);
	return tables[0] ?? {columns: [], rows: []};
}

function asTable(series: readonly Series[], valueName: string): Table {
	const labels = [...new Set(series.flatMap(({labels}) => Object.keys(labels)))].sort();
	return {
		columns: ['Time', ...labels, valueName],
		rows: series.map(one => ({
			Time: one.points.at(-1)?.[0],
			...Object.fromEntries(labels.map(label => [label, one.labels[label] ?? ''])),
			[valueName]: one.points.at(-1)?.[1],
		})),
	};
}

function transform({id, options}: TransformationJson, tables: Table[]): Table[] {
	const [first] = tables;
	if (first === undefined) return [];
	if (id === 'merge') return [join(tables, shared(tables))];
	if (id === 'joinByField') return [join(tables, [String(options.byField)])];
	if (id === 'filterFieldsByName') {
		const {names} = options.include as {names: string[]};
		return [{...first, columns: first.columns.filter(column => names.includes(column))}];
	}
	if (id === 'organize') return [organize(first, options)];
	if (id === 'groupingToMatrix') return [matrix(first, options as Record<string, string>)];
	if (id === 'sortBy') {
		const [{field = '', desc = false} = {}] = options.sort as {field: string; desc?: boolean}[];
		const sign = desc ? -1 : 1;
		return [{...first, rows: first.rows.toSorted((one, other) => sign * compare(one[field], other[field]))}];
	}
	throw new Error(`the transformation ${id} cannot be drawn`);
}

function shared(tables: readonly Table[]): string[] {
	return (tables[0]?.columns ?? []).filter(column => tables.every(({columns}) => columns.includes(column)));
}

/** An outer join: rows that agree in `by` become one. */
function join(tables: readonly Table[], by: readonly string[]): Table {
	if (tables.length < 2) return tables[0] ?? {columns: [], rows: []};
	const rows = new Map<string, Record<string, Value>>();
	for (const row of tables.flatMap(table => table.rows)) {
		const key = JSON.stringify(by.map(column => row[column] ?? ''));
		rows.set(key, {...rows.get(key), ...row});
	}
	return {columns: [...new Set(tables.flatMap(({columns}) => columns))], rows: [...rows.values()]};
}

function organize({columns, rows}: Table, options: Record<string, unknown>): Table {
	const {
		indexByName = {},
		renameByName = {},
		excludeByName = {},
	} = options as {
		indexByName?: Record<string, number>;
		renameByName?: Record<string, string>;
		excludeByName?: Record<string, boolean>;
	};
	const nameOf = (column: string) => renameByName[column] ?? column;
	return {
		columns: columns
			.filter(column => excludeByName[column] !== true)
			.toSorted((one, other) => (indexByName[one] ?? 99) - (indexByName[other] ?? 99))
			.map(nameOf),
		rows: rows.map(row => Object.fromEntries(Object.entries(row).map(([column, value]) => [nameOf(column), value]))),
	};
}

function matrix({rows}: Table, {columnField = '', rowField = '', valueField = ''}: Record<string, string>): Table {
	const corner = `${rowField}\\${columnField}`;
	const made = new Map<string, Record<string, Value>>();
	for (const row of rows) {
		const name = String(row[rowField]);
		made.set(name, {...made.get(name), [corner]: name, [String(row[columnField])]: row[valueField]});
	}
	return {columns: [corner, ...new Set(rows.map(row => String(row[columnField])))], rows: [...made.values()]};
}

function compare(one: Value, other: Value): number {
	return typeof one === 'number' && typeof other === 'number' ? one - other : String(one).localeCompare(String(other));
}
