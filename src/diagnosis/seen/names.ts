/** The name of a link's target, and what was answered about it. Pure. */

import {isIP} from 'node:net';
import type {Check} from '../../engine/types.ts';
import {splitTarget} from '../../net/target.ts';
import type {Outcome} from '../../server/types.ts';
import {commandOf} from '../commands.ts';
import type {Look, Scene} from '../scene.ts';
import type {Command} from '../types.ts';

/** The name that a link looks up, in small letters; undefined where it has an address, or looks at its own machine. */
export function targetName({check}: Pick<Scene, 'check'>): string | undefined {
	if (!check) return undefined;
	const known = names.get(check.view.check);
	if (known !== undefined) return known === false ? undefined : known;
	const name = readName(check.view.check);
	names.set(check.view.check, name ?? false);
	return name;
}

/** Every failing check is asked several times; checks stay the same objects until the configuration changes. */
const names = new WeakMap<Check, string | false>();

function readName({type, target}: Check): string | undefined {
	if (target.address === 'self') return undefined;
	const host = type === 'dns' ? dnsTarget(target.address)?.name : splitTarget(target.address)?.host;
	if (host === undefined || isIP(host) !== 0 || !/^[A-Za-z0-9._-]{1,253}$/.test(host)) return undefined;
	return host.toLowerCase().replace(/\.$/, '');
}

/** A check that asks MagicDNS itself. */
export function asksMagicDns({world}: Pick<Scene, 'world'>, {view: {check}}: Look): boolean {
	if (check.type !== 'dns') return false;
	const server = splitTarget(world.landmarks.dnsServer)?.host ?? world.landmarks.dnsServer;
	const asked = dnsTarget(check.target.address)?.server ?? '';
	return (splitTarget(asked)?.host ?? asked) === server;
}

/** Server and name of `dns://SERVER/NAME?type=A`; of a bare server the name is an option of the check. */
function dnsTarget(address: string): {server: string; name?: string} | undefined {
	const parts = /^dns:\/\/([^/?]+)\/([^/?]+)/i.exec(address);
	if (parts?.[1] === undefined || parts[2] === undefined) return {server: address};
	return {server: parts[1], name: parts[2]};
}

/** What MagicDNS says of the node's name: asked for this diagnosis, else its checks from this vantage. */
export function dnsLooks(scene: Scene): readonly Look[] {
	const {check, neighbours} = scene;
	return [...(check ? [check] : []), ...neighbours].filter(look => asksMagicDns(scene, look));
}

/** No usable answer came, as opposed to an answer that was not wanted. */
export function isUnanswered(outcome: Outcome | undefined): boolean {
	return (
		outcome?.verdict === 'down' &&
		['timeout', 'refused', 'unreachable', 'reset'].includes(outcome.reason ?? '') &&
		outcome.reading?.facts.rcode === undefined
	);
}

/** Asks the configured MagicDNS for the whole of a name: dig completes none. */
export function digCommand({world, vantageName, check}: Scene, name: string, why: string): Command {
	const {dnsServer, domain} = world.landmarks;
	const {host = dnsServer, port} = splitTarget(dnsServer) ?? {};
	const [, asked = ''] = /^[A-Z0-9]+ (\S+)$/.exec(check?.outcome?.reading?.facts.query ?? '') ?? [];
	const isWhole = asked.toLowerCase().startsWith(name);
	const whole = isWhole ? asked : name.includes('.') || domain === undefined ? name : `${name}.${domain}`;
	const at = port === undefined || port === 53 ? [] : ['-p', String(port)];
	return commandOf(vantageName, ['dig', '+time=2', '+tries=1', ...at, `@${host}`, whole], why);
}

/** The outcomes that tell of the name, the freshest first. */
export function nameOutcomes(scene: Scene): readonly Outcome[] {
	const own = scene.check?.outcome;
	const asked = scene.world.fresh?.byMagicDns;
	return [...(asked ? [asked] : []), ...(own ? [own] : []), ...dnsLooks(scene).flatMap(({outcome}) => outcome ?? [])];
}

/** `june-gpu-1` of `june-gpu-1.tail.example.com`. */
export function labelOf(name: string): string {
	return name.split('.')[0] ?? name;
}
