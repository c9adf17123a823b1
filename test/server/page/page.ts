import {Script} from 'node:vm';
import test from 'ava';
import type {PlatformView} from '../../../src/inventory/platform-types.ts';
import {renderPage} from '../../../src/server/page/page.ts';
import {pageScript} from '../../../src/server/page/script.ts';
import {pageStyle} from '../../../src/server/page/style.ts';
import type {SourceView} from '../../../src/server/types.ts';
import {
	aCheck,
	aCheckView,
	aNode,
	aNodeView,
	anOutcome,
	aVantage,
	fakeDaemon,
	someTime,
	withServer,
} from '../../helpers/fake-daemon.ts';
import {downView, nowMs, readPage as read, view} from '../../helpers/status-page.ts';

test('what is wrong comes before everything else, each failing check with a link to its page', t => {
	const checks = [
		view('livekit', 'livekit'),
		downView('stt', 'gpu-1', someTime + 50_000, {confirmed: false}),
		downView('tts', 'gpu-2', someTime - 600_000),
	];

	const page = renderPage(fakeDaemon({checks: () => checks}), nowMs);

	const incidents = page.slice(page.indexOf('id="incidents"'), page.indexOf('id="checks"'));
	t.regex(incidents, /href="checks\/tts%2Fcluster%2Fgpu-2"/);
	t.regex(incidents, /href="checks\/stt%2Fcluster%2Fgpu-1"/);
	t.regex(incidents, /first seen 10 s ago, not confirmed yet/);
	t.notRegex(incidents, /livekit/);
});

test('the title and the head tell the whole in a few words', t => {
	const checks = [
		view('a', 'x'),
		downView('a', 'y', someTime),
		view('a', 'z', {verdict: 'unknown'}),
		view('a', 'w', {ran: false, verdict: 'unknown'}),
	];

	const page = renderPage(fakeDaemon({checks: () => checks}), nowMs);

	t.regex(page, /<title>[^<]+: [a-z][^<]+ · 1 down · 1 unknown · tailprobe<\/title>/);
	t.regex(
		read({checks: () => checks}),
		/^ tailprobe [^·]+ · 1 down · 1 unknown 1 up 1 down 1 unknown 1 not run yet 22:14:20 UTC/,
	);
});

test('sources that fail and vantages that cannot look are told among what is wrong', t => {
	const text = read({
		sources: () => [{name: 'headscale-nodes', ok: false, detail: 'It did not answer.', lastSuccessAt: someTime}],
		vantages: () => [aVantage({condition: 'sick', detail: 'tailscaled is stopped.'})],
	});

	t.regex(text, /1 source failing 1 vantage not sound/);
	t.regex(text, /Incidents .*headscale-nodes.* Checks/);
	t.regex(text, /Incidents .* headscale-nodes: last read 1 min ago\..* Checks/);
});

test('what is worth knowing stands below, and is counted in the head and the tab', t => {
	const problems = ['The node x has no address.'];

	const text = read({problems: () => problems});

	t.regex(renderPage(fakeDaemon({problems: () => problems}), nowMs), /<title>all up, 1 note · tailprobe<\/title>/);
	t.regex(
		text,
		/^ tailprobe all up, 1 note 1 up 1 note .* Worth knowing left out The node x has no address\. more Checks/,
	);
	t.notRegex(text, /Nothing is wrong/);
});

test('advice that is not pressing stands last and changes no headline', t => {
	const lasting = {count: 1, names: ['laptop'], ephemeral: 0, oldestSeenMs: someTime};
	t.regex(
		read({platform: () => ({headscale: {lingering: lasting}, tailscaled: []})}),
		/^ tailprobe all up 1 up .* Nothing is wrong\. Worth knowing minor old records 1 node has been offline for long: laptop/,
	);
	t.regex(
		read({platform: () => ({headscale: {lingering: lasting}, tailscaled: []}), problems: () => ['One.']}),
		/^ tailprobe all up, 1 note .* Worth knowing 1 of them minor left out One\. more old records/,
	);
});

test('what an incident says is not said again as a note', t => {
	const missingUsers = {count: 1, names: ['june']};

	const text = read({platform: () => ({headscale: {missingUsers}, tailscaled: []})});

	t.regex(
		text,
		/^ tailprobe headscale users: a user [^·]* · all up, 1 degraded 1 up 1 degraded .* Incidents 1 degraded .* june/,
	);
	t.notRegex(text, /Worth knowing/);
});

test('what an incident says with its subject is not said again as a note without one', t => {
	const certificate = {trusted: false, fault: 'wrong_host'} as const;

	const text = read({
		platform: () => ({headscale: {certificate}, tailscaled: []}),
		sources: () => [{name: 'headscale-health', ok: true, lastSuccessAt: someTime}],
	});

	t.regex(text, /certificate is not trusted: it is for another name/);
	t.notRegex(text, /Is not trusted/);
});

test('a command to type stands as code, and a lone backquote stays one', t => {
	const problems = ['Type `headscale <b>` or ` there'];

	t.true(
		renderPage(fakeDaemon({problems: () => problems}), nowMs).includes(
			'<p class="why">Type <code>headscale &#60;b&#62;</code> or &#96; there.</p>',
		),
	);
});

test('a source that this version does not have is neither read nor failing', t => {
	const sources: SourceView[] = [
		{name: 'headscale-users', ok: true, lastSuccessAt: someTime},
		{name: 'headscale-routes', ok: true, isUnsupported: true, detail: 'There is none.', lastSuccessAt: someTime},
	];

	const text = read({sources: () => sources});

	t.regex(text, /headscale-users read 1 min ago .* headscale-routes not in this version There is none\. – –/);
	t.notRegex(text, /failing/);
});

test('while the list of nodes cannot be read, what headscale said has its age', t => {
	const sources = [{name: 'headscale-nodes', ok: false, lastSuccessAt: nowMs - 51_000}];

	const text = read({sources: () => sources, nodes: () => [aNodeView({disagreement: 'online_but_unreachable'})]});

	t.regex(text, /headscale as of 51 s ago last seen .* headscale said online, no tunnel answers/);
	t.notRegex(read({}), /as of/);
});

test('a platform without a fault says so', t => {
	t.regex(read({}), /all up .* Nothing is wrong\./);
});

test('without a check the page says what to write', t => {
	t.regex(
		read({checks: () => []}),
		/There is nothing to watch yet\. Add a check to the configuration file.*checks: - name: tunnel/,
	);
	t.regex(
		read({checks: () => [], sources: () => [{name: 'headscale-nodes', ok: undefined}]}),
		/begin as soon as headscale has listed them/,
	);
});

test('before the first runs ended the page says how long that takes', t => {
	const checks = [view('a', 'x', {ran: false, verdict: 'unknown', last: undefined, strip: []})];

	t.regex(read({checks: () => checks}), /The first runs are under way\..*within 15 s/);
});

test('the matrix has a row for each target and a column for each vantage, worst first', t => {
	const checks = [
		view('tunnel', 'node-10'),
		view('tunnel', 'node-9'),
		view('tunnel', 'node-9', {verdict: 'unknown', last: anOutcome({verdict: 'unknown', reason: 'vantage'})}, 'gpu'),
		downView('tunnel', 'node-11', someTime),
	];

	const text = read({checks: () => checks}).replace(/.* Checks tunnel/, '');

	t.regex(
		text,
		/target from cluster from gpu node-11 from cluster down refused from gpu – node-9 from cluster up 12\.5 ms from gpu unknown nobody can look node-10 from cluster up 12\.5 ms from gpu –/,
	);
});

test('a tunnel shows its own latency and its path', t => {
	const check = aCheck({type: 'tunnel'});
	const reading = {ok: true, values: {tsmp_seconds: 0.0312}, facts: {path: 'derp', derp_region: 'fra'}};

	t.regex(read({checks: () => [aCheckView({check, last: anOutcome({reading})})]}), /up 31\.2 ms derp fra/);
});

test('a tunnel shows its loss', t => {
	const reading = {ok: true, values: {tsmp_seconds: 0.0312, loss_ratio: 1 / 3}, facts: {path: 'direct'}};

	t.regex(
		read({checks: () => [aCheckView({check: aCheck({type: 'tunnel'}), last: anOutcome({reading})})]}),
		/up 31\.2 ms direct loss 33 %/,
	);
});

test('every check that ran leads to its page, up or not', t => {
	const checks = [view('a', 'x'), downView('a', 'y', someTime), view('a', 'z', {ran: false})];

	const page = renderPage(fakeDaemon({checks: () => checks}), nowMs);

	const matrix = page.slice(page.indexOf('id="checks"'));
	t.deepEqual(
		[...matrix.matchAll(/href="(checks\/[^"]*)"/g)].map(([, path]) => path),
		['y', 'x'].map(target => `checks/a%2Fcluster%2F${target}`),
	);
});

test('a latency that cannot be true is only an upper bound, and says why', t => {
	const checks = [aCheckView({last: anOutcome({late: true, latenessMs: 40, durationMs: 777})})];

	const page = renderPage(fakeDaemon({checks: () => checks}), nowMs);

	t.regex(page, /title="tailprobe&#39;s own thread was 40\.0 ms late during this run: [^"]*">≤ 777 ms, late<\/span>/);
	t.notRegex(page.replace('≤ 777 ms, late', ''), /777 ms/);
});

test('a tunnel that was measured too late and has no round trip is just late', t => {
	const last = anOutcome({late: true, latenessMs: 40, reading: {ok: true, values: {}, facts: {path: 'direct'}}});
	const checks = [aCheckView({check: aCheck({type: 'tunnel'}), last})];

	t.regex(read({checks: () => checks}), /up late direct/);
});

test('the drawings of the last hour are explained once, above them', t => {
	const text = read({});

	t.regex(text, /Checks The last hour, a mark for each minute, now at the right: up, a failure, unknown, gaps where/);
	t.is(text.split('The last hour').length, 2);
	t.regex(
		renderPage(fakeDaemon(), nowMs),
		/<svg class="strip" role="img"[^>]*><title>up in all of the last 60 minutes</,
	);
});

test('when a node was last seen is told of those that are not online', t => {
	const seen = (online: boolean | undefined) => {
		const {online: _online, ...node} = aNode({lastSeenMs: nowMs - 30 * 86_400_000});
		return read({nodes: () => [aNodeView({node: online === undefined ? node : {...node, online}})]});
	};

	t.notRegex(seen(true), /30 d ago/);
	t.regex(seen(false), /offline 30 d ago/);
	t.regex(seen(undefined), /30 d ago/);
});

test('nodes show what headscale says beside what the tunnels see, worries first', t => {
	const nodes = [
		aNodeView({node: aNode({name: 'fine', keyExpiryMs: nowMs + 90 * 86_400_000})}),
		aNodeView({node: aNode({name: 'ends', keyExpiryMs: nowMs + 86_400_000, ephemeral: true, tags: ['tag:gpu']})}),
		aNodeView({
			node: aNode({name: 'odd', online: true}),
			tunnels: [{vantage: 'cluster', verdict: 'down'}],
			disagreement: 'online_but_unreachable',
		}),
		aNodeView({node: aNode({name: 'gone', keyExpiryMs: nowMs - 3_600_000}), tunnels: []}),
	];

	const text = read({nodes: () => nodes}).replace(/.* Nodes 4/, '');

	t.regex(
		text,
		/odd .* down headscale says online, no tunnel answers ends ephemeral .* tag:gpu online – in 1 d up 6\.10 ms direct gone .* expired 1 h ago not checked fine .* in 90 d/,
	);
});

test('a thousand nodes stay readable: the worst are shown and the rest is counted', t => {
	const names = Array.from({length: 1000}, (_, at) => `node-${at}`);
	const checks = ['tunnel', 'ssh'].flatMap(check =>
		names.map((name, at) => (at % 100 === 99 ? downView(check, name, someTime) : view(check, name))),
	);
	const nodes = names.map(name => aNodeView({node: aNode({name})}));
	const all = {count: 1000, names: names.slice(0, 20)};
	const platform: PlatformView = {
		headscale: {
			missingUsers: all,
			unservedRoutes: all,
			duplicateHostnames: {...all, cameBack: 500},
			lingering: {...all, ephemeral: 3},
		},
		tailscaled: [],
		clients: {oldest: '1.40.0', newest: '1.92.0', minimum: '1.80', belowMinimum: all, minorsApart: 52},
	};

	const page = renderPage(fakeDaemon({checks: () => checks, nodes: () => nodes, platform: () => platform}), nowMs);

	t.is(page.match(/<tr>/g)?.length, 2 * (1 + 50) + (1 + 100) + 2 + 2);
	t.is(page.match(/950 more checks not shown here \(950 up\)/g)?.length, 2);
	t.true((page.match(/and 995 more/g)?.length ?? 0) >= 5);
	t.regex(page, /900 more nodes not shown here \(900 without a worry\); <a href="\.\/\?all=nodes">show all nodes/);
	t.true(page.length < 250_000, `${page.length} characters`);
});

test('a failure of everything at once stays readable too', t => {
	const checks = Array.from({length: 3000}, (_, at) => downView('tunnel', `node-${at}`, someTime));

	const page = renderPage(fakeDaemon({checks: () => checks}), nowMs);

	t.regex(page, /2950 more checks not shown here \(2950 down\)/);
	t.true((page.match(/<li class="down" id=/g)?.length ?? 0) <= 20);
	t.true(page.length < 150_000, `${page.length} characters`);
});

test('nothing from outside becomes markup, wherever it comes in', t => {
	const evil = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`;
	const evilView = aCheckView({
		check: aCheck({
			key: evil,
			name: evil,
			vantage: evil,
			type: evil,
			target: {name: evil, address: evil, via: 'tailnet', peer: evil},
		}),
		verdict: 'down',
		downSince: someTime,
		last: anOutcome({
			verdict: 'down',
			reason: evil as 'tls',
			detail: evil,
			reading: {ok: false, values: {}, facts: {path: evil, derp_region: evil}},
		}),
	});
	const daemon = fakeDaemon({
		version: evil,
		checks: () => [evilView],
		nodes: () => [
			aNodeView({
				node: aNode({name: evil, owner: evil, tags: [evil], addresses: [evil]}),
				tunnels: [{vantage: evil, verdict: 'up', path: evil}],
			}),
		],
		vantages: () => [
			aVantage({name: evil, type: evil, condition: 'sick', detail: evil, facts: {[evil]: evil}}),
			aVantage({
				name: `${evil}2`,
				group: evil,
				type: evil,
				condition: 'sick',
				behind: evil,
				detail: evil,
				ways: [{type: evil, inUse: false, condition: 'gone', detail: evil}],
			}),
		],
		pools: () => [
			{
				name: evil,
				min: 2,
				usable: 0,
				unusable: 1,
				unknown: 0,
				members: [{name: evil, nodeId: evil, instanceId: evil, state: 'unusable', why: evil}],
			},
		],
		vast: () => ({
			count: 1,
			complete: true,
			pricePerHour: 1,
			unreachablePricePerHour: 1,
			unknownPricePerHour: 0,
			mismatches: {},
			instances: [
				{id: evil, label: evil, status: 'running', reach: 'never_joined', gpuModel: evil, message: evil, trouble: evil},
			],
			podsWithoutInstance: [evil],
		}),
		sources: () => [
			{name: evil, ok: false, detail: evil},
			{name: evil, ok: true, isUnsupported: true, detail: evil},
		],
		platform: () => ({
			headscale: {
				missingUsers: {count: 1, names: [evil]},
				unservedRoutes: {count: 1, names: [evil]},
				duplicateHostnames: {count: 1, names: [evil], cameBack: 0},
				lingering: {count: 1, names: [evil], ephemeral: 1, oldestSeenMs: 5},
			},
			tailscaled: [{vantage: evil, backendState: evil as 'other', warnings: [{code: evil, severity: 'high'}]}],
			clients: {minimum: evil, belowMinimum: {count: 1, names: [evil]}, oldest: evil, newest: evil, minorsApart: 99},
		}),
		problems: () => [evil],
	});

	const page = renderPage(daemon, nowMs);

	t.is(page.match(/<script/g)?.length, 1);
	t.regex(page, /<b>old records<\/b>/);
	t.notRegex(page, /<img/);
	t.deepEqual(
		[...page.matchAll(/<[a-z]+\b[^<>]*/g)].map(([tag]) => tag).filter(tag => /[\s"']on\w+=/.test(tag)),
		[],
	);
});

test('the page works within its own security policy: nothing inline, nothing from elsewhere', t => {
	const page = renderPage(fakeDaemon(), nowMs);

	t.notRegex(page, / style="| on[a-z]+="|<style|<script>|javascript:/);
	t.deepEqual(
		[...page.matchAll(/(?:src|href|action)="([^"#][^"]*)"/g)]
			.map(([, url]) => url)
			.filter(url => /^[a-z]+:|^\/\//.test(url ?? '')),
		[],
	);
	t.notRegex(pageStyle, /url\(|@import/);
});

test('the script can be parsed and is served with the page, its style and its icon', t => {
	t.notThrows(() => new Script(pageScript));
	return withServer(fakeDaemon(), async ({get}) => {
		for (const [path, type] of [
			['/', 'text/html; charset=utf-8'],
			['/page.js', 'text/javascript; charset=utf-8'],
			['/page.css', 'text/css; charset=utf-8'],
			['/favicon.svg', 'image/svg+xml; charset=utf-8'],
		] as const) {
			const {status, headers} = await get(path);

			t.is(status, 200);
			t.is(headers['content-type'], type);
		}
	});
});
