import {existsSync, readdirSync, readFileSync} from 'node:fs';
import test from 'ava';
import {parse} from 'yaml';

interface Rule {
	alert?: string;
	expr: string;
	for?: string;
	keep_firing_for?: string;
	annotations?: {page_url?: string};
}

const docs = new URL('../../docs/', import.meta.url);
const alertsFolder = new URL('../../alerts/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, docs), 'utf8');
const rules = readdirSync(alertsFolder)
	.filter(name => name.endsWith('.yaml'))
	.flatMap(name => (parse(readFileSync(new URL(name, alertsFolder), 'utf8')) as {groups: {rules: Rule[]}[]}).groups)
	.flatMap(group => group.rules);
const alerts = [...new Set(rules.flatMap(({alert}) => alert ?? []))];
const pages = readdirSync(new URL('runbooks/', docs));
const headings = ['Meaning', 'Impact', 'How to look', 'How to mend', 'False positives'];

const rulesOf = (alert: string) => rules.filter(rule => rule.alert === alert);
const pageOf = (alert: string) => read(`runbooks/${alert.toLowerCase()}.md`);

test('every alert has a runbook, and every runbook an alert', t => {
	t.deepEqual(pages.toSorted(), alerts.map(alert => `${alert.toLowerCase()}.md`).sort());
});

test('every runbook has its five parts in order, none of them empty', t => {
	for (const alert of alerts) {
		const parts = pageOf(alert).split(/^## /m);
		t.is(parts[0]?.trim(), `# ${alert}`);
		t.deepEqual(
			parts.slice(1).map(part => part.split('\n', 1)[0]),
			headings,
			alert,
		);
		for (const part of parts.slice(1))
			t.true(part.split('\n').slice(1).join('').trim().length > 4, `${alert}: ${part}`);
	}
});

test('every runbook begins its looking with how tailprobe is called, and pastes the address where its alert has one', t => {
	for (const alert of alerts) {
		const [, look = ''] = pageOf(alert).split('## How to look\n');
		t.regex(
			look,
			/^\n`tailprobe` is called as \[Before the first alert\]\(\.\.\/alerts\.md#before-the-first-alert\)/,
			alert,
		);
		t.regex(look, /^tailprobe /m, alert);
		// The front page is what `tailprobe diagnose` tells anyhow.
		if (rulesOf(alert).some(({annotations}) => /\/(checks|nodes)\//.test(annotations?.page_url ?? '')))
			t.regex(look, /^tailprobe diagnose 'PAGE_URL'/m, alert);
	}
});

test('the times that a runbook names are those of its rules', t => {
	const wrong = alerts.flatMap(alert => {
		const text = pageOf(alert);
		const [, meaning = ''] = /^## Meaning\n([\s\S]*?)^## /m.exec(text) ?? [];
		const waits = [...rulesOf(alert).map(rule => seconds(rule.for)), ...(ofExpression[alert] ?? [])];
		const keeps = rulesOf(alert).map(rule => seconds(rule.keep_firing_for));
		return [
			...claims(meaning, `for (${spans})`).filter(([, span]) => !waits.includes(spelled(span))),
			...claims(text, `ends (${spans}) after`).filter(([, span]) => !keeps.includes(spelled(span))),
		].map(([claim]) => `${alert}: ${claim}`);
	});

	t.deepEqual(wrong, []);
});

test('every link of runbooks and of the page of alerts leads to something', t => {
	for (const path of ['alerts.md', ...pages.map(page => `runbooks/${page}`)])
		for (const [, target = ''] of read(path).matchAll(/\]\(([^)\s]+)\)/g)) {
			if (/^https?:/.test(target)) continue;
			const [file, anchor] = target.split('#');
			const url = file ? new URL(file, new URL(path, docs)) : new URL(path, docs);
			t.true(existsSync(url), `${path} leads to ${target}`);
			if (anchor) t.true(anchorsOf(readFileSync(url, 'utf8')).has(anchor), `${path} leads to ${target}`);
		}
});

/** Times that a page tells of the expression or of something else than the alert, in seconds. */
const ofExpression: Readonly<Record<string, readonly number[]>> = {
	// Keys that are made for an hour do not fire it.
	HeadscalePreAuthKeyExpiring: [3600],
	// The window of its recorded series.
	TailprobeRunsStopped: [120],
};

const units: Readonly<Record<string, number>> = {second: 1, minute: 60, hour: 3600};
const words = ['a', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const halves: Readonly<Record<string, number>> = {
	'a minute and a half': 90,
	'a quarter of an hour': 900,
	'half an hour': 1800,
};
const spans = `${Object.keys(halves).join('|')}|(?:\\d+|an|${words.join('|')}) (?:second|minute|hour)s?`;

/** Each claim with the span of time in it. */
function claims(text: string, pattern: string): Array<[claim: string, span: string]> {
	return [...text.matchAll(new RegExp(`\\b${pattern}`, 'gi'))].map(([claim, span = '']) => [claim, span.toLowerCase()]);
}

/** `ten minutes`, in seconds. */
function spelled(text: string): number {
	const [number = '', unit = ''] = text.split(' ');
	const count = /^\d+$/.test(number) ? Number(number) : words.indexOf(number === 'an' ? 'a' : number) + 1;
	return halves[text] ?? count * (units[unit.replace(/s$/, '')] ?? Number.NaN);
}

/** `1m15s`, in seconds. */
function seconds(text = ''): number {
	return [...text.matchAll(/(\d+)([smh])/g)].reduce(
		(sum, [, count, unit]) => sum + Number(count) * ({s: 1, m: 60, h: 3600}[unit ?? ''] ?? Number.NaN),
		0,
	);
}

function anchorsOf(markdown: string): Set<string> {
	const titles = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
		title.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1'),
	);
	return new Set(
		titles.map(title =>
			title
				.toLowerCase()
				.replace(/[^\p{L}\p{N}_ -]/gu, '')
				.replaceAll(' ', '-'),
		),
	);
}
