import {stripVTControlCharacters} from 'node:util';
import test from 'ava';
import {drawDiagnosis} from '../../src/cli/draw-diagnosis.ts';
import type {DrawOptions} from '../../src/cli/draw-lines.ts';
import type {DiagnosisJson} from '../../src/server/diagnosis-json.ts';
import {aCauseJson, aDiagnosisJson, answeredAt} from '../helpers/diagnoses.ts';

const plain: DrawOptions = {columns: 80, color: false, unicode: true};
const asked = {url: 'http://127.0.0.1:9753', nowMs: answeredAt};

function draw(part: Partial<DiagnosisJson> = {}, options: Partial<DrawOptions> = {}, url = asked.url): string {
	return drawDiagnosis(aDiagnosisJson(part), {...asked, url}, {...plain, ...options});
}

function isCommand(line: string): boolean {
	return /^ {4}\S/.test(line);
}

test('a link that is down is drawn from its verdict over cause and commands to its ladder', t => {
	t.is(
		draw(),
		`DOWN  tts june-gpu-1 from cluster, since 22:10 UTC, for 3 min

CAUSE (service-refused): The service does not listen. Certain: it was seen
  itself.
  june-gpu-1 refused the connection to port 8000, and its tunnel is up.

NEXT
  june-gpu-1: Does anything listen on that port?
    ss -ltnp 'sport = :8000'
  wherever tailprobe is: Is it still so?
    tailprobe probe --check tts --from cluster june-gpu-1

LADDER, from the bottom up
  ✔ own vantage       The vantage cluster is sound. (2 s ago)
  ? instance and pod  Nobody looks at it.
  ✗ connection        It refused the connection. (fresh)
      wanted: a connection to port 8000 within 2 s
  ? answer            There is no connection.

SEEN
  - tts june-gpu-1 from cluster is down (refused): It refused the connection.
    (fresh)
  - tunnel june-gpu-1 from cluster is up, direct, 12.0 ms. (3 s ago)

WHAT IT MEANS
  The machine answers, so nothing listens on that port: the program ended.
  Restart it.

ALSO
  - headscale: headscale does not answer (likely)

5 other links fail for this: tts/gpu2/june-gpu-1, tts/gpu3/june-gpu-1,
  tts/gpu4/june-gpu-1 …

NOT ASKED
  - The relay fra was not asked: its time was up.

Asked afresh by http://127.0.0.1:9753: 6 looks in 1.20 s.
Read more: http://127.0.0.1:9753/checks/tts%2Fcluster%2Fjune-gpu-1
`,
	);
});

test('a link that is up is drawn with its ladder and its last hour, and no cause', t => {
	const {ladder} = aDiagnosisJson();
	const {
		cause: _cause,
		since: _since,
		...up
	} = aDiagnosisJson({
		verdict: 'up',
		ladder: ladder.slice(0, 1),
		also: [],
		shared: {count: 0, checks: []},
		unasked: [],
		lastHour: Array.from({length: 60}, (_, minute) => (minute < 58 ? null : {up: 2, down: 0, unknown: 0})),
	});

	t.is(
		drawDiagnosis(up, asked, plain),
		`up  tts june-gpu-1 from cluster

LADDER, from the bottom up
  ✔ own vantage  The vantage cluster is sound. (2 s ago)

  ${'·'.repeat(58)}▁▁
  last hour: 4 of 4 up

Asked afresh by http://127.0.0.1:9753: 6 looks in 1.20 s.
`,
	);
});

test('what only slows a link that is up is called that', t => {
	t.regex(
		draw({verdict: 'up', cause: aCauseJson({effect: 'slows', title: 'The path goes by a relay'})}),
		/^SLOWED BY \([a-z-]+\): The path goes by a relay\. /m,
	);
});

test('what is lost or will end is a trouble, and slows nothing', t => {
	for (const part of [
		{id: 'tunnel-lossy', effect: 'slows'},
		{id: 'certificate-soon', effect: 'slows'},
		{effect: 'beside'},
	] as const)
		t.regex(draw({verdict: 'up', cause: aCauseJson(part)}), /^TROUBLE \([a-z-]+\): /m);
});

test('no sentence stands there twice', t => {
	const says = 'It refused the connection.';
	const told = draw({cause: aCauseJson({says, evidence: [{says}, {says: 'Its tunnel is up.'}]}), also: []});

	t.is(told.split(says).length - 1, 1, told);
	t.regex(told, /as said above/);
});

test('a fault is drawn by what it is about', t => {
	const told = draw({subject: {kind: 'incident', name: 'pool gpus'}, verdict: 'up'});

	t.regex(told, /^up {2}pool gpus/);
	t.regex(told, /^Read more: http:\/\/127\.0\.0\.1:9753\/$/m);
});

test('a vantage of which nothing is known is drawn as unknown, with what could not be looked at', t => {
	const {
		cause: _cause,
		asked: _asked,
		since: _since,
		...blind
	} = aDiagnosisJson({
		subject: {kind: 'vantage', name: 'gpu2'},
		verdict: 'unknown',
		ladder: [{rung: 'vantage', title: 'own vantage', state: 'unseen', says: 'No way leads to gpu2.', evidence: []}],
		also: [],
		shared: {count: 0, checks: []},
		unasked: [],
	});

	t.is(
		drawDiagnosis(blind, asked, plain),
		`UNKNOWN  vantage gpu2

CAUSE: none that is known fits.
  No rung is seen to be broken.

LADDER, from the bottom up
  ? own vantage  No way leads to gpu2.

Told from memory by http://127.0.0.1:9753.
`,
	);
});

test('where no cause fits, the first broken rung stands in its place', t => {
	const {cause: _cause, ...unnamed} = aDiagnosisJson();

	t.regex(
		drawDiagnosis(unnamed, asked, plain),
		/^CAUSE: none that is known fits\.\n {2}What breaks first is this: connection\. It refused the connection\.\n\nLADDER/m,
	);
});

test('the rung of the cause tells what was found there and the cause left out, other broken ones do not', t => {
	const found = {says: 'The port was open an hour ago.', at: '2023-11-14T21:13:20Z'};
	const [first, , connection, answer] = aDiagnosisJson().ladder as [RungJson, RungJson, RungJson, RungJson];
	const told = aCauseJson().evidence;

	const drawn = draw({
		ladder: [
			{...first, state: 'broken', evidence: [{says: 'Not that.', wanted: 'an answer'}]},
			{...connection, evidence: [...told, found]},
			{...answer, state: 'broken', evidence: [{says: 'Not this.', wanted: '200'}]},
		],
	});

	t.regex(drawn, /✗ connection .*\n {6}- The port was open an hour ago\. \(1 h ago\)\n {2}✗ answer/);
	t.is(drawn.split('It refused the connection').length - 1, 2, 'once in the cause, once in the ladder');
	t.notRegex(drawn, /Not this|200|Not that|an answer/);
});

type RungJson = DiagnosisJson['ladder'][number];

test('ASCII is enough', t => {
	const drawn = draw(
		{
			cause: aCauseJson({says: 'Wanted “up” – got → nothing … at Zürich.'}),
			also: [aCauseJson({title: 'x'.repeat(90)})],
		},
		{unicode: false},
	);

	t.notRegex(drawn, /[^\x20-\x7e\n]/);
	t.regex(drawn, /^ {2}ok own vantage {7}The vantage/m);
	t.regex(drawn, /^ {2}\? {2}instance and pod {2}Nobody/m);
	t.regex(drawn, /^ {2}!! connection {8}It refused/m);
	t.regex(drawn, /Wanted "up" - got -> nothing \.\.\. at Z\?rich\./);
	t.regex(drawn, /\(certain\)$/m, 'nothing is cut off');
});

test('colour adds nothing but colour, on verdict and marks', t => {
	const colored = draw({}, {color: true});

	t.is(stripVTControlCharacters(colored), draw());
	t.is(colored.match(/\u001b\[3[0-8]m/g)?.length, 1 + 4);
});

for (const columns of [40, 60, 80, 100])
	test(`in ${columns} columns nothing but commands is wider, however long the texts are`, t => {
		const long = `${'x'.repeat(5000)} ${'word '.repeat(40)}${'😀'.repeat(60)}`;
		const cause = aCauseJson({
			title: long,
			about: long,
			says: long,
			means: long,
			runbook: long,
			evidence: [{says: long, wanted: long}],
			next: [{where: long, run: `echo ${'y'.repeat(300)}`, why: long}],
		});

		const drawn = draw(
			{
				subject: {kind: 'node', name: long},
				cause,
				also: Array.from({length: 9}, () => cause),
				shared: {count: 3, checks: [long]},
				unasked: Array.from({length: 9}, () => long),
				ladder: aDiagnosisJson().ladder.map(rung => ({...rung, title: long, says: long})),
			},
			{columns},
			`http://${'z'.repeat(200)}`,
		);

		const wide = drawn.split('\n').filter(line => line.length > columns);
		t.deepEqual(wide, [`    echo ${'y'.repeat(300)}`]);
		t.true(drawn.isWellFormed());
		t.true(drawn.split('\n').length < 1000);
	});

test('at 40 columns what a rung says stands below its name', t => {
	t.regex(
		draw({}, {columns: 40}),
		/ {2}✗ connection\n {6}It refused the connection\. \(fresh\)\n {6}wanted: a connection to port 8000\n {8}within 2 s\n/,
	);
});

test('commands of this program ask the daemon that was asked', t => {
	const {next} = aCauseJson();
	const drawn = draw({}, {}, 'https://probe.example.com/below');

	t.deepEqual(drawn.split('\n').filter(isCommand), [
		`    ${next[0]?.run}`,
		'    tailprobe probe --url https://probe.example.com/below --check tts --from cluster june-gpu-1',
		'    (fresh)',
	]);
});

test('texts from outside cannot move the cursor or turn the line round, and such a command is not shown', t => {
	const evil = 'a\u001b[2J\u001b]0;x\u0007b\r\nc\u202ed\u009b31me';
	const cause = aCauseJson({
		title: evil,
		about: evil,
		says: evil,
		means: evil,
		runbook: evil,
		evidence: [{says: evil, wanted: evil}],
		next: [
			{where: evil, run: `echo ${evil}`, why: evil},
			{where: 'here', run: 'x'.repeat(5000), why: 'Too long.'},
		],
	});

	const drawn = draw({
		subject: {kind: 'check', name: evil, check: evil, target: evil, vantage: evil},
		cause,
		also: [cause],
		shared: {count: 1, checks: [evil]},
		unasked: [evil],
		ladder: aDiagnosisJson().ladder.map(rung => ({
			...rung,
			title: evil,
			says: evil,
			evidence: [{says: evil, wanted: evil}],
		})),
	});

	t.notRegex(drawn, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
	t.is(drawn.split('    (this command cannot be shown here as it is: --json has it)\n').length - 1, 2);
	t.notRegex(drawn, /echo/);
});

test('a clock that is ahead of the daemon’s makes no age negative', t => {
	const [first] = aDiagnosisJson().ladder as [RungJson];
	const ahead = {...first, evidence: [{says: first.says, at: '2023-11-14T23:00:00Z'}]};

	t.regex(draw({ladder: [ahead], since: '2023-11-15T01:00:00Z'}), /sound\. \(just now\)/);
});
