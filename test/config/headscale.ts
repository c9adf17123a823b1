import test from 'ava';
import {parseConfig} from '../../src/config/load.ts';

const headscale = (...lines: string[]) =>
	parseConfig(['headscale:', '  url: http://h.example', ...lines.map(line => `  ${line}`)].join('\n'), 'c.yaml');
const mistakesIn = (...lines: string[]) => {
	const loaded = headscale(...lines);
	return loaded.ok ? [] : loaded.mistakes;
};

test('inventories are read every minute, nobody is expected, and a day makes a record linger', t => {
	const loaded = headscale();

	t.like(loaded.ok && loaded.config.headscale, {
		inventorySchedule: '* * * * *',
		expectUsers: [],
		lingerAfterMs: 86_400_000,
	});
});

test('a cron line, users without repetition and a duration are taken', t => {
	const loaded = headscale(
		'api_key: {env: KEY}',
		'inventory_schedule: "*/5 * * * *"',
		'expect_users: [ozzu, ada.b, ozzu]',
		'linger_after: 2h',
	);

	t.like(loaded.ok && loaded.config.headscale, {
		inventorySchedule: '*/5 * * * *',
		expectUsers: ['ozzu', 'ada.b'],
		lingerAfterMs: 7_200_000,
	});
});

test('what is no cron line of five fields is told with its place', t => {
	for (const line of ['every minute', '* * * * * *', '61 * * * *', '@daily'])
		t.regex(
			mistakesIn(`inventory_schedule: "${line}"`).join(),
			/c\.yaml:3.*headscale\.inventory_schedule.*cron line of five fields/s,
		);
});

test('a mail address is no name of a user here: it would become a label', t => {
	t.regex(mistakesIn('api_key: {env: KEY}', 'expect_users: [ada@example.com]').join(), /without what follows an @/);
});

test('expected users need a way to list users', t => {
	t.regex(mistakesIn('expect_users: [ozzu]').join(), /only listed with an api_key or a cli/);
	t.deepEqual(mistakesIn('expect_users: [ozzu]', 'cli: {command: [headscale]}'), []);
});
