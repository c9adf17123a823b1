import test from 'ava';
import {createExposition} from '../../src/metrics/exposition.ts';
import {labelSet} from '../../src/metrics/label-set.ts';
import type {MetricDef} from '../../src/metrics/types.ts';

const def: MetricDef = {name: 'tailprobe_thing', type: 'gauge', help: 'A thing.', labels: ['peer']};

async function render(exposition: ReturnType<typeof createExposition>): Promise<string> {
	let text = '';
	for await (const chunk of exposition.render()) text += chunk;
	return text;
}

test('collected samples replace those of the time before', async t => {
	const exposition = createExposition();
	let peers = ['a', 'b'];
	exposition.collected([def], () => peers.map(peer => ({name: def.name, labels: {peer}, value: 1})));

	const first = await render(exposition);
	peers = ['b'];
	const second = await render(exposition);

	t.is(
		first,
		'# HELP tailprobe_thing A thing.\n# TYPE tailprobe_thing gauge\ntailprobe_thing{peer="a"} 1\ntailprobe_thing{peer="b"} 1\n',
	);
	t.is(second, '# HELP tailprobe_thing A thing.\n# TYPE tailprobe_thing gauge\ntailprobe_thing{peer="b"} 1\n');
});

test('a family without series is not shown at all', async t => {
	const exposition = createExposition();
	exposition.gauge(def);

	t.is(await render(exposition), '');
});

test('hostile label values are escaped', async t => {
	const exposition = createExposition();
	exposition.gauge(def).set(labelSet({peer: 'a"\n\\} 1\nevil 2'}), 1);

	const text = await render(exposition);

	t.is(text.split('\n').length, 4);
	t.true(text.includes('peer="a\\"\\n\\\\} 1\\nevil 2"'));
});

test('other work gets its turn between two families', async t => {
	const exposition = createExposition();
	for (let at = 0; at < 5; at++)
		exposition.gauge({...def, name: `tailprobe_thing_${at}`}).set(labelSet({peer: 'a'}), 1);
	let turns = 0;
	const counting = setInterval(() => turns++, 0);

	for await (const _chunk of exposition.render()) await new Promise(resolve => setTimeout(resolve, 2));
	clearInterval(counting);

	t.true(turns >= 4);
});

test('a row that several places share is one family', async t => {
	const exposition = createExposition();

	exposition.gauge(def).set(labelSet({peer: 'a'}), 1);
	exposition.gauge({...def}).set(labelSet({peer: 'b'}), 2);

	t.regex(await render(exposition), /peer="a"\} 1\n.*peer="b"\} 2\n$/);
});

test('two rows of one name that differ are a mistake of ours', t => {
	const exposition = createExposition();
	exposition.gauge(def);

	t.throws(() => exposition.gauge({...def, help: 'Something else.'}), {message: /declared twice, differently/});
	t.throws(() => exposition.counter({...def, type: 'counter'}), {message: /declared twice, differently/});
});

test('hidden families are not shown and not collected, and what moves them goes on', async t => {
	let hidden: ReadonlySet<string> = new Set(['tailprobe_list', 'tailprobe_thing', 'tailprobe_times']);
	const exposition = createExposition({hidden: () => hidden});
	const list: MetricDef = {...def, name: 'tailprobe_list'};
	const shown: MetricDef = {...def, name: 'tailprobe_shown'};
	const times: MetricDef = {...def, name: 'tailprobe_times', type: 'histogram'};
	let collected = 0;
	exposition.collected([list], () => {
		collected++;
		return [{name: list.name, labels: {peer: 'a'}, value: 1}];
	});
	exposition.collected([shown, {...def, name: 'tailprobe_also'}], () => [
		{name: shown.name, labels: {peer: 'a'}, value: 1},
	]);
	exposition.gauge(def).set(labelSet({peer: 'a'}), 1);
	const histogram = exposition.histogram(times, [1]);
	histogram.observe(labelSet({peer: 'a'}), 0.5);

	const before = await render(exposition);
	histogram.observe(labelSet({peer: 'a'}), 0.5);
	t.is(collected, 0);
	hidden = new Set();
	const after = await render(exposition);

	t.is(before, '# HELP tailprobe_shown A thing.\n# TYPE tailprobe_shown gauge\ntailprobe_shown{peer="a"} 1\n');
	for (const line of ['tailprobe_list{peer="a"} 1', 'tailprobe_thing{peer="a"} 1', 'tailprobe_times_count{peer="a"} 2'])
		t.true(after.includes(`${line}\n`), line);
});

test('what is hidden is asked for once for each rendering', async t => {
	let asked = 0;
	const exposition = createExposition({
		hidden() {
			asked++;
			return new Set(asked === 1 ? [] : ['tailprobe_thing', 'tailprobe_more']);
		},
	});
	exposition.gauge(def).set(labelSet({peer: 'a'}), 1);
	exposition.gauge({...def, name: 'tailprobe_more'}).set(labelSet({peer: 'a'}), 1);

	t.is((await render(exposition)).split('\n').length, 7);
	t.is(await render(exposition), '');
	t.is(asked, 2);
});
