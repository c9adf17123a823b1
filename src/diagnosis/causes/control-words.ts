/** headscale as its sources show it: whether it answers, what stands in the way, and whether that can be why a link fails. Pure. */

import {splitTarget} from '../../net/target.ts';
import {noteHeadscale} from '../../server/page/headscale-notes.ts';
import type {SourceView} from '../../server/types.ts';
import {formatSpan} from '../../util/readable.ts';
import {count} from '../../util/words.ts';
import {commandOf, headscaleCommand, kubectlCommand} from '../commands.ts';
import {evidenceOf, evidenceOfSource} from '../evidence.ts';
import type {Look, Scene, World} from '../scene.ts';
import type {Command, Evidence, Finding} from '../types.ts';

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
 * What a control server that does not work does to a link. Tunnels that are there live without it; it can be why a link fails that is
 * aimed at it, whose node never joined, or that is one of many that died, with none left or only such as need no relay of its own.
 */
export function effectOfControl(scene: Scene): Pick<Finding, 'effect' | 'passesSmall'> {
	const {check, world} = scene;
	if (!check || check.verdict === 'up') return {effect: 'beside'};
	// However far a connection to headscale itself came.
	if (isAimedAtHeadscale(scene))
		return check.verdict === 'down' ? {effect: 'breaks', passesSmall: true} : {effect: 'beside'};
	if (check.verdict !== 'down' || check.view.check.target.via !== 'tailnet') return {effect: 'beside'};
	const tunnels = controlOf(world)?.tunnels;
	const isOneOfMany =
		tunnels !== undefined &&
		tunnels.dead.size > 1 &&
		scene.tunnel?.verdict === 'down' &&
		(tunnels.up.length === 0 || (isRelayDown(world) && tunnels.up.every(isDirect)));
	return {effect: isOneOfMany || hasNeverJoined(scene) ? 'breaks' : 'beside'};
}

/** headscale lists no such node, and neither its name nor its tunnel is known to those who look. */
export function hasNeverJoined({world, peer, node, tunnel, otherTunnels, check}: Scene): boolean {
	if (peer === '' || node !== undefined || check?.verdict !== 'down') return false;
	// A node that is only silent is known.
	if (!['resolve', 'unreachable'].includes(check.outcome?.reason ?? '')) return false;
	if (!world.sources.some(({name}) => name === 'headscale-nodes')) return false;
	return ![tunnel, ...otherTunnels].some(look => look?.verdict === 'up');
}

function isRelayDown(world: World): boolean {
	const asked = world.fresh?.relays.some(({tcp}) => tcp?.verdict === 'down') ?? false;
	return (
		asked ||
		['derp', 'stun'].some(type =>
			world.ofType(type).some(view => isOfHeadscale(world, view.check) && world.look(view).verdict === 'down'),
		)
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

/** What a note on the page says of this matter, as one sentence or two; undefined while there is none. */
export function noteOf(world: World, about: string): string | undefined {
	const found = notesOf(world).find(note => note.about === about && !note.isMild);
	if (!found) return undefined;
	const {says} = found;
	const rest = `${says.charAt(0).toLowerCase()}${says.slice(1)}`;
	if (says.startsWith('None ')) return `Of the ${about} ${rest}`;
	// What begins with a verb needs its subject.
	return /^(?:Is|Expires|Says|Does) /.test(says) ? `${about} ${rest}` : says;
}

const notes = new WeakMap<World, ReturnType<typeof noteHeadscale>>();

function notesOf(world: World): ReturnType<typeof noteHeadscale> {
	const told = notes.get(world) ?? noteHeadscale(world);
	notes.set(world, told);
	return told;
}
