import test from 'ava';
import type {Incident} from '../../../src/diagnosis/incidents.ts';
import {renderIncident, renderIncidents} from '../../../src/server/page/incident-cards.ts';
import {readQuery} from '../../../src/server/page/query.ts';
import {anOutcome, someTime} from '../../helpers/fake-daemon.ts';
import {aCause, anIncident, asText, downView, nowMs, view} from '../../helpers/status-page.ts';

const place = {nowMs, root: '', isNode: (name: string) => name.startsWith('gpu-')};
const card = (part: Partial<Incident> = {}, sources = []) => renderIncident(anIncident(part), sources, place).text;
const read = (part: Partial<Incident> = {}) => asText(card(part));
const query = (search: string) => readQuery(new URLSearchParams(search));

function list(incidents: readonly Incident[], search = ''): string {
	return renderIncidents({incidents, sources: [], nowMs, isNode: place.isNode}, query(search))?.text ?? '';
}

test('a card tells cause, what it is about, since when, what was seen, how sure that is, and the next command', t => {
	t.regex(
		read(),
		/^ down The service does not listen tts on gpu-1 since 22:13:20 UTC \(1 min\) gpu-1 refuses connections to port 8000\. Restart it with systemctl \. Certain: it was seen itself\. Next , on gpu-1: Whether a program listens\. ss -ltnp 1 check down for it down tts gpu-1 from cluster refused What was seen, and what to try next tts gpu-1 from cluster is down\. Wanted: a connection\. 3 s ago Next , wherever tailprobe is: Whether it still refuses\. tailprobe probe ladder and history of tts gpu-1 $/,
	);
});

test('how sure a cause is stands there in words', t => {
	t.regex(read({cause: aCause({confidence: 'likely'})}), /Likely: the usual reason/);
	t.regex(
		read({cause: aCause({confidence: 'consistent'})}),
		/A guess: it fits what was seen, and other causes would fit too\./,
	);
});

test('a command stands in a box of its own that takes the focus and is named by what it is for', t => {
	t.regex(
		card({cause: aCause({next: [{where: 'on <x>', run: `echo '<b>'`, why: 'Why'}]})}),
		/<p class="small" id="(run-\w+)-why">.*on &#60;x&#62;.*\n<code class="command" id="\1" tabindex="0" role="textbox" aria-readonly="true" aria-labelledby="\1-why">echo &#39;&#60;b&#62;&#39;<\/code>/,
	);
});

test('a failure that is not confirmed yet says so, unless another of the same fault is', t => {
	const fresh = downView('tts', 'gpu-1', nowMs - 3000, {confirmed: false});

	t.regex(
		read({checks: [fresh]}),
		/first seen 3 s ago, not confirmed yet If it stays, its cause is certain: it was seen itself\./,
	);
	t.notRegex(read({checks: [fresh, downView('stt', 'gpu-1', someTime)]}), /not confirmed/);
});

test('checks of one fault are links with vantage and reason; what failed long before tells since when, and whether as now', t => {
	const other = downView('stt', 'gpu-1', someTime - 120_000);
	const changed = downView('ssh', 'gpu-1', someTime - 120_000, {reasonSince: someTime});
	const twin = {...view('tts', 'gpu-1', {}, 'gpu-2'), verdict: 'down' as const, downSince: someTime};

	const text = card({checks: [downView('tts', 'gpu-1', someTime), twin, other, changed]});

	t.regex(
		asText(text),
		/4 checks down for it down tts gpu-1 from cluster refused down tts gpu-1 from gpu-2 down stt gpu-1 from cluster refused, already since 22:11:20 UTC down ssh gpu-1 from cluster refused, down for another reason since 22:11:20 UTC/,
	);
	t.regex(text, /href="checks\/stt%2Fcluster%2Fgpu-1"/);
});

test('of what nobody can look at a card tells what was known before, when it was tried last, and when it is tried next', t => {
	const blind = view('tts', 'gpu-1', {
		verdict: 'unknown',
		downSince: someTime - 10_000,
		downReason: 'timeout',
		last: anOutcome({verdict: 'unknown', reason: 'vantage', startedAt: nowMs - 4000}),
	});

	t.regex(
		read({state: 'unknown', checks: [blind]}),
		/^ unknown .* It was down since 22:13:10 UTC \(1 min\), timeout\. last tried 4 s ago, again within 15 s\./,
	);
});

test('a fault of a source tells how old what is known of it is', t => {
	const cause = aCause({about: 'headscale', evidence: []});
	const silent = {ok: false, lastSuccessAt: someTime, lastTriedAt: nowMs - 2000};
	const sources = [
		{name: 'headscale-nodes', ...silent},
		{name: 'headscale-health', ...silent},
		{name: 'headscale-users', ok: true},
		{name: 'vast-instances', ...silent},
	];

	t.regex(
		asText(renderIncident(anIncident({cause, checks: []}), sources, place).text),
		/headscale-nodes, headscale-health: last read 1 min ago, last tried 2 s ago\. Next/,
	);
});

test('a failing service shows how its answer begins', t => {
	const reading = {ok: false, values: {}, facts: {body_start: '<h1>no room</h1>'}};
	const last = anOutcome({verdict: 'down', reason: 'status', reading});

	t.regex(
		card({checks: [downView('a', 'x', someTime, {last})]}),
		/Its answer begins: <q>&#60;h1&#62;no room&#60;\/h1&#62;<\/q>/,
	);
});

test('what is down comes before what nobody can look at, and that before what is only worse; of each the newest', t => {
	const named = (id: string, part: Partial<Incident>) =>
		anIncident({id, cause: aCause({title: id}), checks: [], ...part});

	const text = list([
		named('slow', {state: 'degraded', sinceMs: nowMs}),
		named('old', {sinceMs: someTime - 3_600_000}),
		named('blind', {state: 'unknown', sinceMs: nowMs}),
		named('new', {sinceMs: someTime}),
		named('broad', {sinceMs: someTime - 20_000, checks: [downView('a', 'x', 1), downView('b', 'x', 1)]}),
	]);

	const titles = [...text.matchAll(/<\/span> (\w+) <span class="about">/g)].map(([, title]) => title);
	t.deepEqual(titles, ['broad', 'new', 'old', 'blind', 'slow']);
});

test('many incidents are bounded, with a link to pages that have them all', t => {
	const many = Array.from({length: 95}, (_, at) => anIncident({id: `fault ${at}`, checks: []}));

	t.is(list(many).match(/<li class="down"/g)?.length, 20);
	t.regex(list(many), /75 more incidents not shown here; <a href="\.\/\?all=incidents">show all incidents/);
	t.is(list(many, 'all=incidents&page=3').match(/<li class="down"/g)?.length, 15);
	t.regex(asText(list(many, 'all=incidents&page=2')), /the page before · page 2 of 3 · the next page/);
});

test('a fault of thousands of checks lists a few of them', t => {
	const checks = Array.from({length: 5000}, (_, at) => downView('tts', `gpu-${at}`, someTime));

	const text = card({checks});

	t.regex(text, /5000 checks down for it/);
	t.regex(text, /and 4980 more checks/);
	t.true(text.length < 12_000, `${text.length}`);
});

test('the filter keeps incidents by their words and by their checks', t => {
	const incidents = [
		anIncident(),
		anIncident({id: 'x', about: 'livekit', checks: [], cause: aCause({says: 'no', about: 'y'})}),
	];

	t.regex(asText(list(incidents, 'filter=GPU-1')), /Incidents 1 of 2 have “GPU-1” down/);
	t.regex(asText(list(incidents, 'filter=livekit+listen')), /livekit since/);
	t.regex(asText(list(incidents, 'filter=nothing')), /Incidents 0 of 2 have “nothing” $/);
});

test('nothing of a cause becomes markup, and nothing turns the text around', t => {
	const evil = `"'><script>\u202ealert(1)</script>`;
	const cause = aCause({
		title: evil,
		says: evil,
		means: evil,
		about: `node ${evil}`,
		evidence: [{says: evil, wanted: evil}],
		next: [{where: evil, run: evil, why: evil}],
	});

	const text = card({id: evil, about: evil, cause});

	t.notRegex(text, /<script|\u202e/);
	t.is(text.match(/"'/g), null);
});

const links = (part: Partial<Incident>) =>
	[...card(part).matchAll(/<a href="([^"]+)">(?!<)([^<]+)<\/a>/g)].map(([, href, text]) => `${text} ${href}`);

test('the first link of a card leads to what is at fault, and the check that tells most comes after it', t => {
	const blind = view('tunnel', 'june', {verdict: 'unknown'}, 'gpu-1');
	const checks = [{...blind, check: {...blind.check, target: {...blind.check.target, peer: 'june'}}}];
	const of = (about: string) => links({checks, cause: aCause({about})}).slice(1);
	const lead = 'ladder and history of tunnel june checks/tunnel%2Fgpu-1%2Fjune';

	t.deepEqual(of('vantage gpu-1'), ['node gpu-1 nodes/gpu-1', lead]);
	t.deepEqual(of('vantage cluster'), ['vantages #vantages', lead]);
	t.deepEqual(of('node gpu-2'), ['node gpu-2 nodes/gpu-2', lead]);
	t.deepEqual(of('headscale')[0], 'sources #sources');
	t.deepEqual(of('port 8000 on june'), [lead, 'node june nodes/june']);
});

test('what fails and what nobody can look at are counted apart', t => {
	const blind = view('tts', 'gpu-2', {verdict: 'unknown'});

	t.regex(read({checks: [downView('tts', 'gpu-1', someTime), blind, blind]}), /1 check down, 2 unknown for it/);
	t.regex(read({state: 'unknown', checks: [blind]}), /1 check unknown for it/);
});

test('who suffers is told: services by name, nobody but us, or all that wait for news', t => {
	const blind = view('tts', 'gpu-2', {verdict: 'unknown'});
	const dead = [downView('tts', 'gpu-1', someTime), downView('stt', 'gpu-1', someTime)];

	t.regex(read({checks: dead}), /Suffers: tts, stt on gpu-1\./);
	t.regex(
		read({checks: [blind], cause: aCause({rung: 'vantage'})}),
		/Suffers: monitoring only; what it looked at may be/,
	);
	t.regex(
		read({checks: [], cause: aCause({id: 'headscale-frozen'})}),
		/Suffers: no machine can join or be told of news\./,
	);
	t.notRegex(read(), /Suffers/);
});

test('what the page can ask by itself has a link beside its command', t => {
	const next = (name: string) => ({where: 'gpu-1', run: `tailprobe diagnose ${name}`, why: 'How it is.'});

	t.regex(card({cause: aCause({next: [next('gpu-1')]})}), /<a href="nodes\/gpu-1#ask">Ask afresh on its page<\/a>/);
	t.notRegex(card({cause: aCause({next: [next('cluster')]})}), /#ask/);
});

test('sources with other ages are told once, with all of their names', t => {
	const cause = aCause({about: 'headscale', evidence: []});
	const sources = [5, 9, 7].map((age, at) => ({
		name: `headscale-${at}`,
		ok: false,
		lastSuccessAt: nowMs - age * 10_000,
		lastTriedAt: nowMs - age * 1000,
	}));

	t.regex(
		asText(renderIncident(anIncident({cause, checks: []}), sources, place).text),
		/headscale-0, headscale-1, headscale-2: last read 50 s to 1 min ago, last tried 5 s to 9 s ago\./,
	);
});
