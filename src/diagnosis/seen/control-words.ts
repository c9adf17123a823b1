/** headscale as its sources show it: whether it answers, what stands in the way, and whether that can be why a link fails. Pure. */

import {splitTarget} from '../../net/target.ts';
import {noteHeadscale} from '../../notes/headscale-notes.ts';
import {sayAlone} from '../../notes/types.ts';
import type {SourceView} from '../../server/types.ts';
import {formatSpan} from '../../util/readable.ts';
import {count} from '../../util/words.ts';
import {commandOf, headscaleCommand, kubectlCommand} from '../commands.ts';
import {evidenceOf, evidenceOfSource} from '../evidence.ts';
import type {Look, Scene, World} from '../scene.ts';
import type {Command, Confidence, Evidence, Finding} from '../types.ts';
import {noticedWithinMs} from './relays.ts';
import {lastPathOf} from './tunnels.ts';

/**
 * `unreachable`: no connection. `frozen`: it accepts and answers nothing. `stuck`: it lives, and its API or main listener does not answer
 * in time. `proxy`: something else answers in its place. `database`: it says so, or answers 500. `certificate`: it is not let through.
 * `unauthorized`: the API turns our key away.
 */
export type ControlTrouble =
	| 'unreachable'
	| 'frozen'
	| 'stuck'
	| 'proxy'
	| 'database'
	| 'certificate'
	| 'unauthorized'
	| 'other';

/** headscale as its sources tell of it. */
export interface Control {
	/** Those that are read of it, as configured. */
	sources: readonly SourceView[];
	failing: readonly SourceView[];
	/** What keeps it from being read, if anything. */
	trouble: ControlTrouble | undefined;
	/** Of the failing source that shows it. */
	shownBy: SourceView | undefined;
	/** Tunnels from anywhere that are up and down, and the peers of those that are down. */
	tunnels: {up: readonly Look[]; down: readonly Look[]; dead: ReadonlySet<string>};
}

const known = new WeakMap<World, {control: Control | undefined}>();

/** Undefined where no headscale is configured. Worked out once for each world. */
export function controlOf(world: World): Control | undefined {
	const told = known.get(world) ?? {control: lookAt(world)};
	known.set(world, told);
	return told.control;
}

/** `headscale-nodes` by `nodes`; undefined where it is not read. */
export function sourceOf(world: World, part: string): SourceView | undefined {
	return world.sources.find(({name}) => name === `headscale-${part}`);
}

function lookAt(world: World): Control | undefined {
	const sources = world.sources.filter(({name}) => name.startsWith('headscale-'));
	if (sources.length === 0) return undefined;
	const failing = sources.filter(({ok}) => ok === false);
	const shownBy = failing.find(({name}) => name === 'headscale-health') ?? worstOfApi(failing);
	const tunnels = world.ofType('tunnel').map(world.look);
	const down = tunnels.filter(({verdict}) => verdict === 'down');
	return {
		sources,
		failing,
		shownBy,
		trouble: troubleOf(world, shownBy),
		tunnels: {
			up: tunnels.filter(({verdict}) => verdict === 'up'),
			down,
			dead: new Set(down.map(({view}) => view.check.target.peer)),
		},
	};
}

/** Metrics are read elsewhere, and a missing page is a matter of its own. */
function worstOfApi(failing: readonly SourceView[]): SourceView | undefined {
	const rank = ({name}: SourceView) => (name === 'headscale-nodes' ? 0 : 1);
	return failing
		.filter(
			({name}) => !['headscale-metrics', 'headscale-key', 'headscale-certificate', 'headscale-policy'].includes(name),
		)
		.toSorted((one, other) => rank(one) - rank(other))[0];
}

function troubleOf(world: World, shownBy: SourceView | undefined): ControlTrouble | undefined {
	const {isHealthy, isApiHealthy} = world.platform.headscale ?? {};
	if (!shownBy) return isHealthy === false || isApiHealthy === false ? 'database' : undefined;
	const {obstacle, failure, name} = shownBy;
	if (obstacle === 'certificate' || obstacle === 'unauthorized') return obstacle;
	if (obstacle === 'silent') return livesBeside(world, name) ? 'stuck' : 'frozen';
	if (obstacle === 'foreign') return 'proxy';
	if (obstacle !== undefined || failure === 'unanswered') return 'unreachable';
	if (isHealthy === false || isApiHealthy === false || failure === 'status 500') return 'database';
	return 'other';
}

/** Another part of the same process answered the last time. */
function livesBeside(world: World, silent: string): boolean {
	return ['headscale-health', 'headscale-metrics'].some(
		name => name !== silent && world.sources.some(source => source.name === name && source.ok === true),
	);
}

/** Whether the check dials headscale itself, past the tailnet. */
export function isAimedAtHeadscale({check, world}: Pick<Scene, 'check' | 'world'>): boolean {
	return check !== undefined && isOfHeadscale(world, check.view.check);
}

function isOfHeadscale({landmarks}: World, {type, target, expect}: Look['view']['check']): boolean {
	if (type === 'dns' || target.via !== 'direct' || expect !== undefined || landmarks.headscale.length === 0)
		return false;
	const host = splitTarget(target.address)?.host.toLowerCase();
	return host !== undefined && landmarks.headscale.includes(host);
}

/**
 * What a control server that does not work does to a link, where its trouble was seen with this confidence. Tunnels that are there live
 * without it; it can be why a link fails that is aimed at it, whose node never joined, or that is one of many that died since, with none
 * left or only such as need no relay of its own. Of other links than those to itself that is never certain.
 */
export function effectOfControl(
	scene: Scene,
	seen: Confidence,
): Pick<Finding, 'effect' | 'passesSmall' | 'confidence'> {
	const {check} = scene;
	const beside = {effect: 'beside', confidence: seen} as const;
	if (!check || check.verdict === 'up') return beside;
	// However far a connection to headscale itself came.
	if (isAimedAtHeadscale(scene))
		return check.verdict === 'down' ? {effect: 'breaks', passesSmall: true, confidence: seen} : beside;
	if (check.verdict !== 'down' || check.view.check.target.via !== 'tailnet') return beside;
	const explains = diedWithIt(scene) || (hasNeverJoined(scene) && (beganSince(scene, check) ?? true));
	return explains ? {effect: 'breaks', confidence: seen === 'certain' ? 'likely' : seen} : beside;
}

/** It went by a relay, as headscale has one built in, and died when headscale did, together with others. */
function diedWithIt(scene: Scene): boolean {
	const {world, tunnel} = scene;
	const tunnels = controlOf(world)?.tunnels;
	return (
		tunnels !== undefined &&
		tunnels.dead.size > 1 &&
		tunnel?.verdict === 'down' &&
		(tunnels.up.length === 0 || (relaysOfItDown(world).length > 0 && tunnels.up.every(isDirect))) &&
		beganSince(scene, tunnel) === true &&
		lastPathOf(world, tunnel)?.path === 'derp'
	);
}

/** Whether the link is down no longer than headscale is; undefined where nobody knows since when headscale is. */
function beganSince({world, nowMs}: Scene, {view, outcome}: Look): boolean | undefined {
	const control = controlOf(world);
	const relays = relaysOfItDown(world).flatMap(({view: {downSince}}) => downSince ?? []);
	const sinceMs =
		(control?.shownBy ?? sourceOf(world, 'key'))?.failingSince ?? (relays.length > 0 ? Math.min(...relays) : undefined);
	if (sinceMs === undefined) return undefined;
	return (view.downSince ?? outcome?.startedAt ?? nowMs) >= sinceMs - noticedWithinMs;
}

/** headscale lists no such node, and neither its name nor its tunnel is known to those who look. */
export function hasNeverJoined({world, peer, node, tunnel, otherTunnels, check}: Scene): boolean {
	if (peer === '' || node !== undefined || check?.verdict !== 'down') return false;
	// A node that is only silent is known.
	if (!['resolve', 'unreachable'].includes(check.outcome?.reason ?? '')) return false;
	if (!world.sources.some(({name}) => name === 'headscale-nodes')) return false;
	return ![tunnel, ...otherTunnels].some(look => look?.verdict === 'up');
}

/** Checks of the relay and the STUN server that are built into headscale, those that are down. */
function relaysOfItDown(world: World): Look[] {
	return ['derp', 'stun'].flatMap(type =>
		world
			.ofType(type)
			.filter(view => isOfHeadscale(world, view.check))
			.map(world.look)
			.filter(({verdict}) => verdict === 'down'),
	);
}

function isDirect({outcome}: Look): boolean {
	return outcome?.reading?.facts.path === 'direct';
}

/** Sources that cannot be read, how old the list is, checks of headscale itself, and tunnels that live without it. */
export function evidenceOfControl({world, check, nowMs}: Scene, most: readonly SourceView[] = []): Evidence[] {
	const control = controlOf(world);
	if (!control) return [];
	const {failing, tunnels} = control;
	const shown = [...new Set([...most, ...failing])].slice(0, sourcesShown);
	const aimed = world.checks.filter(
		view =>
			view.ran && view.verdict !== 'up' && view.check.key !== check?.view.check.key && isOfHeadscale(world, view.check),
	);
	return [
		...shown.map(source => ({...evidenceOfSource(source), ...(source.ok === false ? {wanted: 'an answer'} : {})})),
		...(check && check.verdict !== 'up' ? [evidenceOf(check)] : []),
		...aimed.slice(0, 2).map(view => evidenceOf(world.look(view))),
		...listAge(world, nowMs),
		...(tunnels.up.length + tunnels.down.length === 0
			? []
			: [
					{
						says: `${tunnels.up.length} of ${count(tunnels.up.length + tunnels.down.length, 'tunnel')} that could be looked at ${tunnels.up.length === 1 ? 'is' : 'are'} up; those do not need it.`,
						atMs: nowMs,
					},
				]),
	];
}

const sourcesShown = 4;

/** How old the list of nodes is, where it is not read at present. */
function listAge(world: World, nowMs: number): Evidence[] {
	const {ok, lastSuccessAt} = sourceOf(world, 'nodes') ?? {};
	if (ok !== false) return [];
	return [
		lastSuccessAt === undefined
			? {says: 'The list of nodes was never read.', wanted: 'a list of nodes'}
			: {
					says: `The list of nodes is ${formatSpan(nowMs - lastSuccessAt)} old.`,
					wanted: 'a list of now',
					atMs: lastSuccessAt,
				},
	];
}

/** ` for 12 min`, since the source fails. */
export function failingFor(source: SourceView | undefined, nowMs: number): string {
	return source?.failingSince === undefined ? '' : ` for ${formatSpan(nowMs - source.failingSince)}`;
}

/** Asks for the health page; undefined where no address is known. */
export function healthCommand({world}: Pick<Scene, 'world'>, where: string, why: string): Command | undefined {
	const url = world.landmarks.headscaleUrl;
	return url === undefined
		? undefined
		: commandOf(where, ['curl', '-sS', '-m', '5', '-i', `${url.replace(/\/+$/, '')}/health`], why);
}

/** The usual next steps while headscale does not work: its pod and its log, its health page, its own list. */
export function controlCommands(scene: Scene, logWhy: string): [Command, ...Command[]] {
	const pod = scene.world.landmarks.headscalePod;
	const health = healthCommand(scene, 'where tailprobe runs', 'What answers there: wanted is 200 with "pass".');
	const process = pod
		? [
				kubectlCommand(
					['-n', pod.namespace, 'get', 'pods', '-l', pod.selector, '-o', 'wide'],
					'Whether it runs and is ready.',
				),
				kubectlCommand(['-n', pod.namespace, 'logs', '-l', pod.selector, '--tail', '50'], logWhy),
			]
		: [commandOf('where headscale runs', ['journalctl', '-u', 'headscale', '-n', '50'], logWhy)];
	const list = headscaleCommand(scene, ['nodes', 'list'], 'Whether it answers its own command line.');
	return before([...(health ? [health] : []), ...process], [list]);
}

/** `some` first, which may be none. */
export function before(some: readonly Command[], rest: [Command, ...Command[]]): [Command, ...Command[]] {
	const [first, ...others] = some;
	return first ? [first, ...others, ...rest] : rest;
}

/** What the note of this matter says; undefined while there is none, or only a mild one. */
export function noteOf(world: World, about: string): string | undefined {
	const found = notesOf(world).find(note => note.about === about && !note.isMild);
	return found && sayAlone(found);
}

const notes = new WeakMap<World, ReturnType<typeof noteHeadscale>>();

function notesOf(world: World): ReturnType<typeof noteHeadscale> {
	const told = notes.get(world) ?? noteHeadscale(world);
	notes.set(world, told);
	return told;
}
