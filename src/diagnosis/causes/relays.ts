/** The relays of the tailnet, as the checks of them tell. Pure. */

import type {Look, Scene, World} from '../scene.ts';

/** The relay that a check looks at by its code, where only one can be meant; else the name of the target. */
export function relayName(world: World, {view: {check}}: Look): string {
	const codes = codesOf(world);
	return `relay ${codes.length === 1 ? codes[0] : check.target.name}`;
}

/** Checks of relays that are down, those from this vantage first. */
export function relaysDown({world, vantageName}: Scene): Look[] {
	const isOwn = ({view: {check}}: Look) => (check.vantage === vantageName ? 0 : 1);
	return world
		.ofType('derp')
		.filter(view => view.verdict !== 'up' || world.fresh !== undefined)
		.map(world.look)
		.filter(({verdict, outcome}) => verdict === 'down' && isOfRelay(outcome?.reason))
		.toSorted((one, other) => isOwn(one) - isOwn(other));
}

/** A check that may not look, or does not find the name, says nothing of the relay. */
function isOfRelay(reason: string | undefined): boolean {
	return reason !== undefined && !['forbidden', 'resolve', 'wrong_network'].includes(reason);
}

/** Codes of the regions that tunnels were seen to use, and that the fresh answers name. */
function codesOf(world: World): readonly string[] {
	let codes = codesByWorld.get(world);
	if (!codes) {
		const used = world.ofType('tunnel').flatMap(view => world.look(view).outcome?.reading?.facts.derp_region ?? []);
		const home = world.fresh?.peer?.kind === 'known' ? world.fresh.peer.status.relay : '';
		codes = [...new Set([...used, ...(home === '' ? [] : [home])])];
		codesByWorld.set(world, codes);
	}
	return codes;
}

const codesByWorld = new WeakMap<World, readonly string[]>();
