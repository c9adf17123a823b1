/** What is worth knowing although nothing fails: loss, relays, slowness, names that MagicDNS did not tell, what headscale and tailscaled miss. Pure. */

import {noteHeadscale} from '../../notes/headscale-notes.ts';
import {describePace, longestPhase, mayBeSlow} from '../../notes/pace.ts';
import {noteTailscaled} from '../../notes/tailscaled-notes.ts';
import type {CheckNote, Note} from '../../notes/types.ts';
import {noteUnsupported} from '../../notes/unsupported-notes.ts';
import {clockText} from '../../util/format-time.ts';
import {formatPath} from '../../util/readable.ts';
import {asSentence, count, listNames} from '../../util/words.ts';
import {isUnsound} from '../../vantages/unsound.ts';
import type {CheckView, Outcome} from '../types.ts';
import type {Snapshot} from './snapshot.ts';

/** Runs over which loss is counted. */
const lossRuns = 6;

/** All notes, those that reach furthest first. Checks that are down or unknown are told elsewhere. */
export function findNotes(snapshot: Snapshot): Note[] {
	// A vantage that cannot look has one card, above; what little it still sees says nothing.
	const blind = new Set(snapshot.vantages.filter(isUnsound).map(({name}) => name));
	const seen = snapshot.checks.filter(({check}) => !blind.has(check.vantage));
	const told = listTold(snapshot);
	const found = seen.flatMap(view => findOne(view, snapshot, told.get(view.check.key)) ?? []).toSorted(compareFound);
	const resolved = noteResolution(found, snapshot);
	const rest = found.filter(({note, byPeers}) => note && !(byPeers && resolved.has(byPeers)));
	const platform = [...noteTailscaled(snapshot), ...noteHeadscale(snapshot)];
	const notes = [
		...resolved.values(),
		...platform,
		...snapshot.ownNotes,
		...foldUnderTunnels(rest),
		...noteNodes(snapshot),
		...noteProblems(snapshot),
		...noteUnsupported(snapshot),
	];
	return [...notes.filter(note => !note.isMild), ...notes.filter(note => note.isMild)];
}

interface Found {
	view: CheckView;
	/** Undefined when nothing is odd about the check itself. */
	note: CheckNote | undefined;
	/** Its vantage, when the name came from tailscaled's list of peers and that is where its time went, or all that is odd. */
	byPeers: string | undefined;
	/** Its vantage, when the name came from tailscaled's list of peers. */
	fellBack: string | undefined;
}

function findOne(view: CheckView, snapshot: Snapshot, told: ReadonlySet<string> | undefined): Found | undefined {
	const {check, ran, verdict} = view;
	if (!ran || verdict !== 'up') return undefined;
	const {last} = view;
	if (!last) return undefined;
	const pings = last.reading?.values.pings_sent !== undefined;
	// What a run found that could not look (lost pings, a slow answer) is our own fault and not the target's.
	const recent = pings || mayBeSlow(view, last) ? snapshot.recent(check.key).filter(isAboutTarget) : [];
	const loss = describeLoss(recent);
	const path = check.type === 'tunnel' ? describePath(last, recent, snapshot.nowMs) : undefined;
	const pace = describePace(view, recent);
	const says = [
		isTold.path.some(id => told?.has(id)) ? undefined : path,
		isTold.loss.some(id => told?.has(id)) ? undefined : loss,
		isTold.pace.some(id => told?.has(id)) ? undefined : pace,
	]
		.filter(part => part !== undefined)
		.join(' ');
	const fellBack = last.reading?.facts.resolved_by === 'peers' ? check.vantage : undefined;
	if (says === '' && fellBack === undefined) return undefined;
	const onlyPace = loss === undefined && path === undefined;
	return {
		view,
		note: says === '' ? undefined : {name: check.name, target: check.target.name, key: check.key, says},
		byPeers: onlyPace && longestPhase(last)?.[0] === 'resolve' ? fellBack : undefined,
		fellBack,
	};
}

/** Incidents that say the same. */
const isTold = {
	path: ['udp-blocked', 'path-flapping', 'relay-down'],
	loss: ['tunnel-lossy'],
	pace: ['tunnel-slow', 'service-slow'],
};

/** Ids of the causes of the incidents that a check belongs to, by its key. */
function listTold({incidents}: Snapshot): Map<string, Set<string>> {
	const told = new Map<string, Set<string>>();
	for (const {state, cause, checks} of incidents) {
		if (state !== 'degraded') continue;
		for (const {check} of checks) told.set(check.key, (told.get(check.key) ?? new Set()).add(cause.id));
	}
	return told;
}

function isAboutTarget({verdict}: Outcome): boolean {
	return verdict !== 'unknown';
}

function compareFound({view: {check: one}}: Found, {view: {check: other}}: Found): number {
	const rank = (type: string) => (type === 'tunnel' ? 0 : 1);
	return (
		rank(one.type) - rank(other.type) ||
		one.name.localeCompare(other.name, 'en') ||
		one.target.name.localeCompare(other.target.name, 'en', {numeric: true}) ||
		(one.key < other.key ? -1 : 1)
	);
}

/** Pings of the last runs, tunnels' and plain ones. */
function describeLoss(recent: readonly Outcome[]): string | undefined {
	const runs = recent.filter(({reading}) => reading?.values.pings_sent !== undefined).slice(0, lossRuns);
	const sum = (name: string) => runs.reduce((total, {reading}) => total + (reading?.values[name] ?? 0), 0);
	const lost = sum('pings_lost');
	if (lost === 0) return undefined;
	return `Lost ${lost} of ${count(sum('pings_sent'), 'ping')} in the last ${runs.length === 1 ? 'run' : `${runs.length} runs`}.`;
}

function describePath(last: Outcome, recent: readonly Outcome[], nowMs: number): string | undefined {
	const {path, derp_region: region} = last.reading?.facts ?? {};
	if (path !== 'derp' && path !== 'peer_relay') return undefined;
	const through = path === 'derp' ? `a DERP relay (${region ?? 'of an unknown region'})` : 'a peer relay';
	const before = recent.find(({reading}) => reading?.facts.path !== undefined && reading.facts.path !== path);
	const was = before?.reading?.facts;
	const until =
		before && was ? `, ${formatPath(was.path, was.derp_region)} until ${clockText(before.startedAt, nowMs)}` : '';
	return `Goes through ${through}${until}.`;
}

/** One note per vantage whose names did not come from MagicDNS though it has a tunnel device to ask it. */
function noteResolution(found: readonly Found[], {checks, vantages}: Snapshot): Map<string, Note> {
	const notes = new Map<string, Note>();
	const userspace = new Set(vantages.filter(({facts}) => facts.tun === 'false').map(({name}) => name));
	for (const [vantage, fallen] of Map.groupBy(found, ({fellBack}) => fellBack)) {
		if (vantage === undefined || userspace.has(vantage)) continue;
		const named = checks.filter(({check, verdict, last}) => {
			const by = last?.reading?.facts.resolved_by;
			return check.vantage === vantage && verdict === 'up' && (by === 'magicdns' || by === 'peers');
		});
		const what =
			fallen.length === named.length
				? 'MagicDNS does not answer'
				: `MagicDNS did not answer ${fallen.length} of ${count(named.length, 'check')} in the last run`;
		notes.set(vantage, {
			about: 'MagicDNS',
			from: vantage,
			says: `${what}; addresses come from tailscaled's own list of peers.`,
			also: fallen.filter(({byPeers}) => byPeers).flatMap(({note}) => note ?? []),
		});
	}
	return notes;
}

/** What is odd about the checks of a node whose tunnel is odd comes with the tunnel. */
function foldUnderTunnels(found: readonly Found[]): Note[] {
	const placeOf = ({view: {check}}: Found) => JSON.stringify([check.vantage, check.target.peer]);
	const heads = new Map<string, Found>();
	for (const each of found)
		if (
			each.note &&
			each.view.check.type === 'tunnel' &&
			each.view.check.target.peer !== '' &&
			!heads.has(placeOf(each))
		)
			heads.set(placeOf(each), each);
	const behind = Map.groupBy(
		found.filter(each => heads.get(placeOf(each)) !== each),
		each => heads.get(placeOf(each)),
	);
	const alone = behind.get(undefined) ?? [];
	return [...heads.values(), ...alone].flatMap(head => {
		const {note, view} = head;
		if (!note) return [];
		const also = (behind.get(head) ?? []).flatMap(each => each.note ?? []);
		return [{about: `${note.name} ${note.target}`, from: view.check.vantage, says: note.says, key: note.key, also}];
	});
}

/** Nodes that headscale calls offline though a tunnel to them answers. */
function noteNodes({nodes, sources, incidents}: Snapshot): Note[] {
	// An old list contradicts nothing.
	if (sources.some(({name, ok}) => name === 'headscale-nodes' && ok === false)) return [];
	const answering = nodes.filter(
		({node, tunnels}) => node.online === false && tunnels.some(({verdict}) => verdict === 'up'),
	);
	const told = new Set(incidents.flatMap(({cause}) => (cause.id === 'node-listed-offline' ? cause.about : [])));
	const disputed = answering.filter(({disagreement}) => disagreement !== undefined);
	const odd = disputed.filter(({node}) => !told.has(`node ${node.name}`));
	const excused = answering.length - disputed.length;
	const says = [
		odd.length > 0
			? `Calls ${listNames({count: odd.length, names: odd.map(({node}) => node.name)})} offline, though a tunnel there answers.`
			: '',
		excused > 0
			? `Was restarted and calls ${count(excused, 'node')} offline whose tunnels answer; that is not held against them for a while.`
			: '',
	].filter(part => part !== '');
	return says.length === 0 ? [] : [{about: 'headscale', says: says.join(' '), more: '#nodes', also: []}];
}

function noteProblems({problems}: Snapshot): Note[] {
	const [first] = problems;
	if (first === undefined) return [];
	const says =
		problems.length === 1
			? asSentence(first)
			: `${problems.length} entries were left out. The first: ${asSentence(first)}`;
	return [{about: 'left out', says, more: '#problems', also: []}];
}
