/** The relays of the tailnet, as the checks of them tell. Pure. */

import {splitTarget} from '../../net/target.ts';
import type {Look, Scene, World} from '../scene.ts';

/** What one check sees at once another sees at its next run: so much later a fault may seem to have begun. */
export const noticedWithinMs = 120_000;

/** As the check of it calls it. */
export function relayName({view: {check}}: Look): string {
	return `relay ${check.target.name}`;
}

/** Its last run says that the relay does not work. One that may not look, or does not find the name, says nothing of the relay. */
export function isRelayDown({verdict, outcome}: Look): boolean {
	return verdict === 'down' && !['forbidden', 'resolve', 'wrong_network', undefined].includes(outcome?.reason);
}

/**
 * Relays that are down as far as a vantage can tell, one look at each: its own where it looks itself, else that of another. None that
 * any vantage has reached since.
 */
export function relaysDown({world, vantageName}: Scene): Look[] {
	return relaysOf(world).flatMap(looks => {
		const own = looks.filter(({view, verdict}) => view.check.vantage === vantageName && verdict !== 'unknown');
		const down = own.some(isUp) ? undefined : (own.length > 0 ? own : looks).find(isRelayDown);
		return down && !looks.some(look => isUp(look) && endOf(look) >= relayDownSince(down)) ? [down] : [];
	});
}

/** Milliseconds since 1970: when it may have gone down, at the earliest. */
export function relayDownSince({view, outcome}: Look): number {
	return view.downSince ?? view.last?.startedAt ?? outcome?.startedAt ?? Number.POSITIVE_INFINITY;
}

/** Whether a check looks at the relay of this region, by its name or host; undefined where nothing tells. */
export function isOfRegion(world: World, look: Look, region: string): boolean | undefined {
	if (names(look, region)) return true;
	const isOfAnother =
		relaysOf(world).some(([other]) => other !== undefined && names(other, region)) ||
		regionsOf(world).some(code => names(look, code));
	if (isOfAnother) return false;
	// The one that is built into headscale has any code, and where tunnels use one region only it is that.
	const isBuiltIn = world.landmarks.headscale.includes(hostOf(look));
	return isBuiltIn && regionsOf(world).every(code => code === region) ? true : undefined;
}

function names({view: {check}}: Look, region: string): boolean {
	const words = `${check.target.name} ${splitTarget(check.target.address)?.host ?? ''}`
		.toLowerCase()
		.split(/[^a-z0-9]+/);
	return words.includes(region.toLowerCase());
}

const isUp = ({verdict}: Look) => verdict === 'up';

function endOf({outcome}: Look): number {
	return outcome ? outcome.startedAt + outcome.durationMs : 0;
}

function hostOf({view: {check}}: Look): string {
	return splitTarget(check.target.address)?.host.toLowerCase() ?? check.target.address;
}

/** All looks at each relay. */
function relaysOf(world: World): readonly (readonly Look[])[] {
	let relays = relaysByWorld.get(world);
	if (!relays) {
		relays = [...Map.groupBy(world.ofType('derp').map(world.look), hostOf).values()];
		relaysByWorld.set(world, relays);
	}
	return relays;
}

/** Codes of the regions that tunnels were seen to use. */
function regionsOf(world: World): readonly string[] {
	let codes = codesByWorld.get(world);
	if (!codes) {
		const used = world.ofType('tunnel').flatMap(view => world.look(view).outcome?.reading?.facts.derp_region ?? []);
		codes = [...new Set(used)];
		codesByWorld.set(world, codes);
	}
	return codes;
}

// Asked for every tunnel that is down, and the same for all.
const relaysByWorld = new WeakMap<World, readonly (readonly Look[])[]>();
const codesByWorld = new WeakMap<World, readonly string[]>();
