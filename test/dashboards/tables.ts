import test from 'ava';
import {z} from 'zod';
import {dashboards} from '../../dashboards/source/registry.ts';
import {panelsOf} from '../helpers/dashboard-queries.ts';

const organized = z.object({
	indexByName: z.record(z.string(), z.number()),
	renameByName: z.record(z.string(), z.string()),
});

const heads: Readonly<Record<string, readonly string[]>> = {
	check: ['Check'],
	target: ['To'],
	peer: ['Machine'],
	pool: ['Pool'],
	critical: ['Critical'],
};

for (const dashboard of dashboards) {
	const tables = panelsOf(dashboard).flatMap(({type, title = '', transformations = [], fieldConfig}) => {
		if (type !== 'table') return [];
		const {indexByName, renameByName} = organized.parse(transformations.find(({id}) => id === 'organize')?.options);
		const overrides = fieldConfig?.overrides ?? [];
		return [{title, fields: Object.keys(indexByName), renameByName, overrides, defaults: fieldConfig?.defaults}];
	});

	test(`${dashboard.title} has a head for people on each column, the same for the same everywhere`, t => {
		for (const {title, fields, renameByName, overrides} of tables) {
			const isOfLinks = fields.includes('target');
			for (const field of fields) {
				const properties = overrides.find(({matcher}) => matcher.options === field)?.properties ?? [];
				if (properties.some(({id}) => id === 'custom.hidden')) continue;
				const head = renameByName[field] ?? field;
				t.regex(head, /^\p{Lu}|^(of|tailscaled|vast\.ai)$/u, `${field} of ${title}`);
				const wanted = field === 'vantage' ? (isOfLinks ? ['From'] : ['Vantage', 'Machine']) : heads[field];
				if (wanted !== undefined) t.true(wanted.includes(head), `${field} of ${title}: ${head}`);
			}
		}
	});

	test(`${dashboard.title} has a head for people on the corner of a matrix`, t => {
		const matrices = tables.filter(({fields}) => fields.length === 0);

		for (const {title, renameByName} of matrices) {
			const [[field, head] = []] = Object.entries(renameByName);
			t.regex(field ?? '', /^\w+\\\w+$/, title);
			t.regex(head ?? '', /^\p{Lu}/u, title);
		}
		t.pass();
	});

	test(`${dashboard.title} says yes and no where a label says true and false`, t => {
		for (const {title, fields, renameByName, overrides} of tables) {
			for (const field of fields.filter(name => ['critical', 'pages', 'ephemeral'].includes(name))) {
				const {properties = []} = overrides.find(({matcher}) => matcher.options === renameByName[field]) ?? {};
				const text = JSON.stringify(properties.find(({id}) => id === 'mappings')?.value);
				t.regex(text ?? '', /"true":\{"text":"yes".*"false":\{"text":"no"/, `${field} of ${title}`);
			}
		}
		t.pass();
	});

	test(`${dashboard.title} gives no colour to a cell without a value`, t => {
		for (const {title, defaults} of tables) {
			if (JSON.stringify(defaults?.custom)?.includes('color-background') === true)
				t.is(defaults?.thresholds?.steps[0]?.color, 'transparent', title);
		}
		t.pass();
	});

	test(`${dashboard.title} shows no budget below zero`, t => {
		for (const {title, overrides} of tables) {
			for (const {matcher, properties} of overrides.filter(each => each.matcher.options === 'Budget left'))
				t.regex(JSON.stringify(properties), /"0":\{"text":"used up"/, `${String(matcher.options)} of ${title}`);
		}
		t.pass();
	});
}

test('What rented machines cost has the same colours everywhere', t => {
	const panels = dashboards
		.flatMap(panelsOf)
		.filter(({type, targets}) => type === 'timeseries' && JSON.stringify(targets).includes('{{reach}}'));
	const looks = panels.map(({fieldConfig}) => JSON.stringify(fieldConfig?.overrides));

	t.is(panels.length, 2);
	t.regex(looks[0] ?? '', /reachable/);
	t.is(looks[0], looks[1]);
});

test('No axis counts in units that only Grafana knows', t => {
	const units = dashboards.flatMap(panelsOf).map(({title, fieldConfig}) => [title, fieldConfig?.defaults?.unit]);

	t.deepEqual(
		units.filter(([, unit]) => ['cpm', 'cps', 'ops', 'opm', 'bool_yes_no'].includes(unit ?? '')),
		[],
	);
});
