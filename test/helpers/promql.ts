/** PromQL as a tree: what a query selects, and which labels its result can have. */

import {parser} from '@prometheus-io/lezer-promql';

type Node = ReturnType<typeof parser.parse>['topNode'];

export interface Selector {
	metric: string;
	matchers: Array<{label: string; operator: string; value: string}>;
	/** The function right around it, such as `rate`; '' where there is none. */
	inside: string;
	/** `5m` of `x[5m]`, '' for an instant selector. */
	range: string;
}

/** Labels by metric; throws for a name that nobody exports or records. */
export type LabelsOfMetric = (metric: string) => readonly string[];

/** Everything that a query selects. Throws with the place where it is no PromQL. */
export function selectorsOf(query: string): Selector[] {
	const found: Selector[] = [];
	walk(parsed(query), node => {
		if (node.name === 'VectorSelector') found.push(selectorAt(node, query));
	});
	return found;
}

/** Sums and counts of a query, each with the labels of what it adds up. */
export function sumsOf(query: string, metrics: LabelsOfMetric): Array<{text: string; labels: Set<string>}> {
	const found: Array<{text: string; labels: Set<string>}> = [];
	walk(parsed(query), node => {
		const operator = node.getChild('AggregateOp');
		if (operator === null || !['sum', 'count', 'avg'].includes(query.slice(operator.from, operator.to))) return;
		const body = node.getChild('FunctionCallBody') ?? node;
		const inner = query.slice(body.from, body.to);
		found.push({text: query.slice(node.from, node.to), labels: labelsOf(inner, metrics)});
	});
	return found;
}

/**
 * Labels that series of the result can have. Throws where the query is no PromQL, and, unless it is lenient, where the query
 * aggregates, matches or filters by a label that what it is applied to cannot have.
 */
export function labelsOf(query: string, metrics: LabelsOfMetric, isLenient = false): Set<string> {
	const text = (node: Node) => query.slice(node.from, node.to);

	/** Labels of several names that the clause of an aggregation or of a match lists. */
	const listed = (node: Node | null): string[] => (node === null ? [] : node.getChildren('LabelName').map(text));

	function demand(names: readonly string[], labels: ReadonlySet<string>, where: Node): void {
		const missing = names.filter(name => !labels.has(name));
		if (missing.length > 0 && !isLenient)
			throw new Error(`${missing.join(', ')}: no such label in ${text(where)}, which has ${[...labels].join(', ')}.`);
	}

	function of(node: Node): Set<string> {
		switch (node.name) {
			case 'VectorSelector': {
				const {metric, matchers} = selectorAt(node, query);
				const labels = new Set(metrics(metric));
				demand(
					matchers.map(({label}) => label),
					labels,
					node,
				);
				return labels;
			}
			case 'AggregateExpr':
				return aggregated(node);
			case 'FunctionCall':
				return called(node);
			case 'BinaryExpr':
				return combined(node);
			default:
				return union(children(node).map(of));
		}
	}

	function aggregated(node: Node): Set<string> {
		const operands = children(node.getChild('FunctionCallBody') ?? node);
		const inner = union(operands.map(of));
		const modifier = node.getChild('AggregateModifier');
		const names = listed(modifier?.getChild('GroupingLabels') ?? null);
		const keepsSeries = ['topk', 'bottomk'].includes(text(node.getChild('AggregateOp') ?? node).toLowerCase());
		demand(names, inner, node);
		if (keepsSeries) return inner;
		return modifier?.getChild('Without') ? minus(inner, names) : new Set(names);
	}

	function called(node: Node): Set<string> {
		const body = children(node.getChild('FunctionCallBody') ?? node);
		const labels = union(body.map(of));
		const name = text(node.getChild('FunctionIdentifier') ?? node);
		const strings = body.filter(each => each.name === 'StringLiteral').map(each => unquoted(text(each)));
		if (name === 'label_join' || name === 'label_replace') labels.add(strings[0] ?? '');
		if (name === 'histogram_quantile') labels.delete('le');
		if (name === 'absent' || name === 'vector' || name === 'scalar' || name === 'time') return new Set();
		return labels;
	}

	function combined(node: Node): Set<string> {
		const operands = children(node).filter(({name}) => !isOperator(name) && name !== 'MatchingModifierClause');
		const [left = new Set<string>(), right = new Set<string>()] = operands.map(of);
		const clause = node.getChild('MatchingModifierClause');
		const [named, extra] = clause?.getChildren('GroupingLabels').map(listed) ?? [];
		const names = named ?? [];
		if (clause) demand(names, union([left, right]), node);
		demand(extra ?? [], clause?.getChild('GroupLeft') ? right : left, node);
		if (node.getChild('Or')) return union([left, right]);
		if (node.getChild('And') || node.getChild('Unless')) return left;
		if (operands.some(isNumber)) return union([left, right]);
		if (clause?.getChild('GroupLeft')) return union([left, new Set(extra)]);
		if (clause?.getChild('GroupRight')) return union([right, new Set(extra)]);
		if (clause?.getChild('On')) return new Set(names);
		return minus(left, names);
	}

	return of(parsed(query));
}

function parsed(query: string): Node {
	const top = parser.parse(query).topNode;
	walk(top, node => {
		if (node.type.isError)
			throw new Error(`No PromQL at ${node.from}, "${query.slice(node.from, node.from + 30)}", of ${query}`);
	});
	return top;
}

function walk(node: Node, visit: (node: Node) => void): void {
	visit(node);
	for (const child of children(node)) walk(child, visit);
}

function children(node: Node): Node[] {
	const list: Node[] = [];
	for (let child = node.firstChild; child !== null; child = child.nextSibling) list.push(child);
	return list;
}

function selectorAt(node: Node, query: string): Selector {
	const text = (each: Node | null) => (each === null ? '' : query.slice(each.from, each.to));
	const matrix = node.parent?.name === 'MatrixSelector' ? node.parent : null;
	const call = ancestor(matrix ?? node);
	return {
		metric: text(node.getChild('Identifier')),
		matchers: (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map(each => ({
			label: text(each.getChild('LabelName')),
			operator: text(each.getChild('MatchOp')),
			value: unquoted(text(each.getChild('StringLiteral'))),
		})),
		inside: text(call?.getChild('FunctionIdentifier') ?? null),
		range: text(matrix?.getChild('DurationExpr') ?? null),
	};
}

/** The function call of which a node is an argument. */
function ancestor(node: Node): Node | null {
	let above = node.parent;
	while (above !== null && (above.name === 'FunctionCallBody' || above.name === 'StepInvariantExpr'))
		above = above.parent;
	return above?.name === 'FunctionCall' ? above : null;
}

function isOperator(name: string): boolean {
	return [
		'Add',
		'Sub',
		'Mul',
		'Div',
		'Mod',
		'Pow',
		'Eql',
		'EqlC',
		'Neq',
		'Gtr',
		'Lss',
		'Gte',
		'Lte',
		'And',
		'Or',
		'Unless',
		'BoolModifier',
	].includes(name);
}

/** A number, or what comes to one: nothing that has labels is in it. */
function isNumber(node: Node): boolean {
	let isPlain = true;
	walk(node, ({name}) => {
		if (name === 'VectorSelector') isPlain = false;
	});
	return isPlain;
}

function union(sets: ReadonlyArray<ReadonlySet<string>>): Set<string> {
	return new Set(sets.flatMap(set => [...set]));
}

function minus(labels: ReadonlySet<string>, names: readonly string[]): Set<string> {
	return new Set([...labels].filter(name => !names.includes(name)));
}

function unquoted(literal: string): string {
	return literal.slice(1, -1);
}
