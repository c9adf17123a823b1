/** How far a run of a service came, and what its machine does otherwise, read the same way by all causes and rungs of services. Pure. */

import type {PhaseName} from '../../engine/types.ts';
import {splitTarget} from '../../net/target.ts';
import {formatLatency} from '../../util/readable.ts';
import {evidenceOf} from '../evidence.ts';
import type {Look, Scene} from '../scene.ts';
import type {Evidence} from '../types.ts';
import {dialledTypes} from './kinds.ts';
import {portOf} from './subject-words.ts';
import {tunnelOf} from './tunnels.ts';

/** The parts of a run of a service, as rungs. */
export const stages = ['name', 'connect', 'tls', 'answer'] as const;
export type Stage = (typeof stages)[number];

/** A question to a DNS server is about a name, and no service of the node that is asked for. */
export function isService(look: Look | undefined): look is Look {
	return look !== undefined && look.view.check.type !== 'dns';
}

/** Whether its runs open a connection. */
export function isDialled({view: {check}}: Look): boolean {
	return dialledTypes.has(check.type);
}

/** Where a run that is down ended; undefined where it does not say, and of one that is not down. */
export function endOf({verdict, outcome}: Look): Stage | undefined {
	if (verdict !== 'down') return undefined;
	const {phases = {}, facts = {}} = outcome?.reading ?? {};
	return byReason[outcome?.reason ?? ''] ?? byPhase[(facts.phase ?? Object.keys(phases).at(-1)) as PhaseName];
}

/** What can only be found there, whatever phase the run was in. */
const byReason: Readonly<Record<string, Stage>> = {
	resolve: 'name',
	wrong_network: 'name',
	refused: 'connect',
	proxy: 'connect',
	tls: 'tls',
	protocol: 'answer',
	status: 'answer',
	content: 'answer',
};
const byPhase: Readonly<Record<PhaseName, Stage>> = {
	resolve: 'name',
	connect: 'connect',
	connect_proxy: 'connect',
	tls: 'tls',
	processing: 'answer',
	transfer: 'answer',
};

/** Whether the run opened a connection; undefined where it does not tell. */
export function didConnect(look: Look): boolean | undefined {
	if (look.verdict === 'unknown' || !look.outcome) return undefined;
	if (look.outcome.reading?.facts.answered === 'true') return true;
	if (look.verdict === 'up') return look.view.check.expect === undefined;
	const end = endOf(look);
	return end === undefined ? undefined : stages.indexOf(end) > stages.indexOf('connect');
}

/** The status that a service answered; undefined where it answered none. */
export function statusOf(look: Look): number | undefined {
	const found = look.outcome?.reading?.values.status_code ?? /\banswered (\d{3})\b/.exec(detailOf(look))?.[1];
	return found === undefined ? undefined : Number(found);
}

/** Seconds that were spent in these phases; undefined where it went through none of them. */
export function secondsIn({outcome}: Look, names: readonly PhaseName[]): number | undefined {
	const {phases = {}} = outcome?.reading ?? {};
	const spent = names.flatMap(name => phases[name] ?? []);
	return spent.length === 0 ? undefined : spent.reduce((sum, seconds) => sum + seconds, 0);
}

/** ` in 1.40 ms`, or '' where that is not known. */
export function tookIn(look: Look, names: readonly PhaseName[]): string {
	const seconds = secondsIn(look, names);
	return seconds === undefined ? '' : ` in ${formatLatency(seconds)}`;
}

/** `port 8000`, or the name of the check where its address names no port. */
export function portWords(look: Look): string {
	const port = portOf(look);
	return port === undefined ? `the port of ${look.view.check.name}` : `port ${port}`;
}

/** The machine as people call it: its node, else the target. */
export function machineName({peer, check}: Scene): string {
	return peer === '' ? (check?.view.check.target.name ?? '') : peer;
}

/** Services of the same machine at other ports, from the same vantage. */
export function servicesBeside({check, neighbours}: Scene): Look[] {
	if (!check) return [];
	const address = check.view.check.target.address;
	const port = portOf(check);
	return neighbours.filter(
		other =>
			isDialled(other) &&
			other.view.check.expect === undefined &&
			other.view.check.target.address !== address &&
			(port === undefined || portOf(other) !== port),
	);
}

/** What the link itself shows, then its tunnel, the same service from elsewhere, and other services of the machine. */
export function evidenceAround(
	scene: Scene,
	wanted: string,
	beside: readonly Look[] = servicesBeside(scene),
): Evidence[] {
	const {check, tunnel, elsewhere} = scene;
	return [
		...(check ? [evidenceOf(check, wanted)] : []),
		...(tunnel && tunnel !== check ? [evidenceOf(tunnel)] : []),
		...elsewhere.slice(0, shownAtMost).map(look => evidenceOf(look)),
		...beside.slice(0, shownAtMost).map(look => evidenceOf(look)),
	];
}

const shownAtMost = 3;

/** `, while its tunnel is up`, or '' where nobody knows that. */
export function whileUp(scene: Scene): string {
	return tunnelOf(scene)?.verdict === 'up' ? ', while its tunnel is up' : '';
}

/** Host and port for programs that want them as one word; undefined where the address names no port. */
export function hostAndPort(look: Look): string | undefined {
	// What else a URL holds before the host may be secret.
	const address = look.view.check.target.address.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i, '$1');
	const {host, port = defaultPort(address)} = splitTarget(address) ?? {host: ''};
	if (host === '' || port === undefined) return undefined;
	return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function defaultPort(address: string): number | undefined {
	if (/^(?:https|wss):/i.test(address)) return 443;
	return /^(?:http|ws):/i.test(address) ? 80 : undefined;
}

/** The sentence of its last run, or '' where there is none. */
export function detailOf({outcome}: Look): string {
	return outcome?.detail ?? '';
}
