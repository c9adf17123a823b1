/** Links that work, worse than wanted or not for long any more: each fault once. Pure. */

import type {CheckView} from '../server/types.ts';
import {isUnsound} from '../vantages/unsound.ts';
import {certificateSoon, endsSoon} from './causes/certificate-soon.ts';
import {isThrottled} from './causes/gpu-throttled.ts';
import {nodeListedOffline} from './causes/node-listed-offline.ts';
import {isFlapping} from './causes/path-flapping.ts';
import {slownessOf as slownessOfService} from './causes/service-slow.ts';
import {isLossyTunnel} from './causes/tunnel-lossy.ts';
import {slownessOf as slownessOfTunnel} from './causes/tunnel-slow.ts';
import {explain, incidentId, shortAbout} from './explain.ts';
import type {Incident} from './incidents.ts';
import type {Look, World} from './scene.ts';
import {pathOf} from './seen/tunnels.ts';
import type {NamedCause} from './types.ts';

interface Sign {
	isShown(look: Look, world: World): boolean;
	/** The cause that all tunnels of a vantage show together where it is on its side. */
	shared?: string;
}

/** What may be wrong with a link that is up. Cheap to see: it only chooses which links are asked for their causes. */
const signs: readonly Sign[] = [
	{
		isShown: (look, world) => isTunnel(look) && pathOf(look) === 'derp' && !isFirst(world, look),
		shared: 'udp-blocked',
	},
	{isShown: (look, world) => isTunnel(look) && isFlapping(world, look)},
	{isShown: (look, world) => isTunnel(look) && isLossyTunnel(world, look), shared: 'tunnel-lossy'},
	{
		isShown: (look, world) => isTunnel(look) && slownessOfTunnel(world, look) !== undefined && !isFirst(world, look),
		shared: 'tunnel-slow',
	},
	{isShown: (look, world) => slownessOfService(world, look) !== undefined && !isFirst(world, look)},
	{isShown: (look, world) => endsSoon(look, world.nowMs)},
	{isShown: (look, world) => isTunnel(look) && world.node(look.view.check.target.peer)?.disagreement !== undefined},
	{isShown: look => look.view.check.type === 'gpu' && isThrottled(look)},
];

/** Of each sign. */
const askedAtMost = 50;

/** Those that none of `known` tells; others may work wherever it yields. */
export function* findDegraded(world: World, known: readonly Incident[]): Generator<void, Incident[]> {
	const told = new Set(known.map(({id}) => id));
	const faults = new Map<string, {cause: NamedCause; views: Set<CheckView>}>();
	for (const [{shared: sharedId}, showing] of yield* listShowing(world)) {
		const ofVantages = new Map<string, string>();
		let asked = 0;
		for (const view of showing) {
			const {vantage} = view.check;
			// What is on the side of the vantage all of its tunnels have.
			const shared = faults.get(ofVantages.get(vantage) ?? '');
			if (shared) shared.views.add(view);
			if (shared || asked++ >= askedAtMost) continue;
			yield;
			for (const cause of causesOf(world, view)) {
				const id = incidentId(cause);
				if (told.has(id)) continue;
				const fault = faults.get(id) ?? {cause, views: new Set()};
				faults.set(id, fault);
				fault.views.add(view);
				if (cause.id === sharedId && cause.about === `vantage ${vantage}`) ofVantages.set(vantage, id);
			}
		}
	}
	return Array.from(faults, ([id, {cause, views}]) => ({
		id,
		state: 'degraded',
		cause,
		checks: [...views],
		about: shortAbout(cause),
	}));
}

/** Links that are up, by what they show. What a vantage sees that cannot look says little. */
function* listShowing(world: World): Generator<void, Map<Sign, CheckView[]>> {
	const blind = new Set(world.vantages.filter(isUnsound).map(({name}) => name));
	const showing = new Map(signs.map(sign => [sign, [] as CheckView[]]));
	for (const view of world.checks) {
		if (!view.ran || view.verdict !== 'up' || view.check.expect !== undefined || blind.has(view.check.vantage))
			continue;
		yield;
		const look = world.look(view);
		if (look.verdict !== 'up' || look.outcome?.verdict !== 'up' || look.outcome.late) continue;
		for (const sign of signs) {
			const views = showing.get(sign) ?? [];
			// What is shared may concern all tunnels of a vantage.
			if (sign.shared === undefined && views.length >= askedAtMost) continue;
			if (sign.isShown(look, world)) views.push(view);
		}
	}
	return showing;
}

/** What makes the link worse, and what will end it or its node. Whatever else is true beside it is told by those that it breaks. */
function causesOf(world: World, view: CheckView): NamedCause[] {
	const {cause, also} = explain(world, view);
	return [...(cause ? [cause] : []), ...also].filter(({effect, id}) => effect === 'slows' || foreboding.has(id));
}

const foreboding: ReadonlySet<string> = new Set([certificateSoon.id, nodeListedOffline.id]);

/** The first packets go by a relay, and the first answers are slow: that is no state yet. */
function isFirst(world: World, {view, outcome}: Look): boolean {
	const [newest, before] = world.recent(view);
	return before === undefined && newest !== undefined && newest.startedAt === outcome?.startedAt;
}

const isTunnel = ({view: {check}}: Look) => check.type === 'tunnel' && check.target.peer !== '';
