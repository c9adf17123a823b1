/** Words for what a check is aimed at. Pure. */

import type {Check} from '../../engine/types.ts';
import {splitTarget} from '../../net/target.ts';
import type {Look} from '../scene.ts';

/** `tts on june-gpu-1`: one service, wherever it is looked at from. */
export function serviceName({view: {check}}: Look): string {
	const {target, type} = check;
	if (type === 'dns') return `${check.name} for ${target.name}`;
	const port = portOf({view: {check}});
	const where = target.peer === '' ? target.name : target.peer;
	return port === undefined ? `${check.name} on ${where}` : `port ${port} on ${where}`;
}

/** Of the machine behind the link, that is dialled; undefined where the address names none, or that of a DNS server. */
export function portOf({view: {check}}: {view: Pick<Look['view'], 'check'>}): number | undefined {
	const known = ports.get(check);
	if (known !== undefined) return known === false ? undefined : known;
	const port = check.type === 'dns' ? undefined : splitTarget(check.target.address)?.port;
	ports.set(check, port ?? false);
	return port;
}

/** Every failing check asks for those of all its neighbours; checks stay the same objects until the configuration changes. */
const ports = new WeakMap<Check, number | false>();
