/** So much of Grafana's Classic JSON as is drawn. */

export interface DashboardJson {
	uid: string;
	title: string;
	panels: PanelJson[];
	templating: {list: VariableJson[]};
}

export interface PanelJson {
	type: string;
	title: string;
	gridPos: {x: number; y: number; w: number; h: number};
	targets?: TargetJson[];
	options?: {
		colorMode?: string;
		textMode?: string;
		legend?: {showLegend?: boolean; displayMode?: string; placement?: string; calcs?: string[]};
		content?: string;
	};
	fieldConfig?: {defaults: FieldJson; overrides: OverrideJson[]};
	transformations?: TransformationJson[];
}

export interface TargetJson {
	refId: string;
	expr: string;
	legendFormat?: string;
	instant?: boolean;
}

export interface FieldJson {
	unit?: string;
	decimals?: number;
	min?: number;
	max?: number;
	noValue?: string;
	displayName?: string;
	mappings?: MappingJson[];
	thresholds?: {steps: {value: number | null; color: string}[]};
	color?: {mode: string; fixedColor?: string};
	custom?: {
		stacking?: {mode?: string};
		drawStyle?: string;
		fillOpacity?: number;
		scaleDistribution?: {type?: string};
		thresholdsStyle?: {mode?: string};
		cellOptions?: {type: string};
		width?: number;
		hidden?: boolean;
	};
}

export interface MappingJson {
	type: string;
	options: unknown;
}

export interface OverrideJson {
	matcher: {id: string; options?: unknown};
	properties: {id: string; value?: unknown}[];
}

export interface TransformationJson {
	id: string;
	options: Record<string, unknown>;
}

interface VariableJson {
	name: string;
	type: string;
	allValue?: string;
	query?: unknown;
	current?: {value?: string | string[]};
}

/** The query as Grafana would send it with the choices that the dashboard begins with. */
export function fillVariables(
	expr: string,
	variables: readonly VariableJson[],
	seconds: {step: number; range: number},
) {
	const values = new Map(variables.map(variable => [variable.name, choiceOf(variable)]));
	// As Grafana reckons it where the data source says that it scrapes each `step`.
	values.set('__rate_interval', `${Math.max(4 * seconds.step, 60)}s`);
	values.set('__interval', `${seconds.step}s`);
	values.set('__range', `${seconds.range}s`);
	return expr.replace(/\$\{(\w+)(?::\w+)?\}|\$(\w+)/g, (whole, braced?: string, plain?: string) => {
		const value = values.get(braced ?? plain ?? '');
		if (value === undefined) throw new Error(`there is no variable for ${whole} in ${expr}`);
		return value;
	});
}

function choiceOf({allValue = '.*', query, current}: VariableJson): string {
	const chosen = current?.value ?? String(query ?? '');
	const values = typeof chosen === 'string' ? [chosen] : chosen;
	return values.includes('$__all') || values.join('') === '' ? allValue : values.join('|');
}

/** How a field looks: the defaults of the panel, and what is different for the field of this name. */
export function fieldOf(panel: PanelJson, name: string): FieldJson {
	const {defaults = {}, overrides = []} = panel.fieldConfig ?? {};
	const field: FieldJson = structuredClone(defaults);
	for (const {matcher, properties} of overrides) {
		if (matcher.id !== 'byName') throw new Error(`${panel.title}: an override by ${matcher.id} cannot be drawn`);
		if (matcher.options !== name) continue;
		for (const {id, value} of properties) {
			if (id.startsWith('custom.')) field.custom = {...field.custom, [id.slice('custom.'.length)]: value};
			else Object.assign(field, {[id]: value});
		}
	}
	return field;
}
