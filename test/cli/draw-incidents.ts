import test from 'ava';
import {drawIncidents} from '../../src/cli/draw-incidents.ts';
import type {DrawOptions} from '../../src/cli/draw-lines.ts';
import {aCauseJson, anIncidentJson, answeredAt} from '../helpers/diagnoses.ts';

const plain: DrawOptions = {columns: 80, color: false, unicode: true};
const asked = {url: 'http://127.0.0.1:9753', nowMs: answeredAt};

test('each fault is drawn once, with its cause, since when, and one command to look further', t => {
	const quiet = anIncidentJson({
		state: 'degraded',
		about: 'headscale',
		since: '2023-11-13T20:00:00Z',
		cause: aCauseJson({
			id: 'headscale-api-key-expiring',
			title: 'An API key ends soon',
			says: 'It ends in 3 d.',
			confidence: 'certain',
		}),
		checks: {count: 0, keys: []},
	});
	const broad = anIncidentJson({checks: {count: 60, keys: ['a/b/c', 'd/e/f', 'g/h/i', 'j/k/l']}});

	t.is(
		drawIncidents([broad, quiet], asked, plain),
		`2 faults now, says http://127.0.0.1:9753:

DOWN  tts on june-gpu-1, since 22:10 UTC, for 3 min
  service-refused: The service does not listen. Certain: it was seen itself.
  june-gpu-1 refused the connection to port 8000, and its tunnel is up.
  60 checks fail for this: a/b/c, d/e/f, g/h/i …
    tailprobe diagnose a/b/c

degraded  headscale, since 2023-11-13 20:00 UTC, for 1 d 2 h
  headscale-api-key-expiring: An API key ends soon. Certain: it was seen itself.
  It ends in 3 d.
  june-gpu-1: Does anything listen on that port?
    ss -ltnp 'sport = :8000'
`,
	);
});

test('where nothing is wrong, that is said', t => {
	t.is(drawIncidents([], asked, plain), 'up  Nothing is wrong now, says http://127.0.0.1:9753.\n');
});

test('the command is quoted for the shell, names the daemon, and holds no escapes', t => {
	const draw = (key: string) =>
		drawIncidents([anIncidentJson({checks: {count: 1, keys: [key]}})], {...asked, url: 'http://lab:9999'}, plain);

	t.regex(draw("http $(id)/x/it's"), /^ {4}tailprobe diagnose --url http:\/\/lab:9999 'http \$\(id\)\/x\/it'\\''s'$/m);
	t.notRegex(draw('a\u001b[2Jb\u009b31m'), /[\u001b\u009b]/);
	t.regex(draw('a\u001b[2Jb'), /this command cannot be shown here/);
	t.regex(draw('--token-file=/etc/hostname'), /diagnose --url http:\/\/lab:9999 -- --token-file=/);
});

test('a thousand faults are not a thousand blocks', t => {
	const drawn = drawIncidents(
		Array.from({length: 1000}, () => anIncidentJson()),
		asked,
		plain,
	);

	t.regex(drawn, /^1000 faults now/);
	t.regex(drawn, /\n980 more: --json has all\.\n$/);
	t.true(drawn.split('\n').length < 200);
});

test('of a vantage from which nobody can look, the vantage is what to look at', t => {
	const gone = anIncidentJson({state: 'unknown', cause: aCauseJson({about: 'vantage gpu 2'})});

	t.regex(drawIncidents([gone], asked, plain), /^ {4}tailprobe diagnose vantage 'gpu 2'$/m);
});

test('what is only unknown is told apart from what is down', t => {
	const mixed = anIncidentJson({checks: {count: 8, down: 3, unknown: 5, keys: ['a/b/c']}});

	t.regex(drawIncidents([mixed], asked, plain), /8 checks for this: 3 down, 5 unknown: a\/b\/c …/);
	t.regex(
		drawIncidents([anIncidentJson({checks: {count: 2, down: 2, unknown: 0, keys: []}})], asked, plain),
		/2 checks fail for this\./,
	);
});
