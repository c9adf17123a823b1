/** What the tailscaled beside another shell says about itself, asked in the same script as the checks. Pure. */

import {type TailscaledStatus, toStatus} from '../net/localapi-answers.ts';
import type {ShellOutput} from '../probes/types.ts';
import {messageOf, oneLine} from '../util/errors.ts';
import {excessOf} from '../util/json-bounds.ts';
import type {VantageTrouble} from '../vantages/types.ts';
import type {ScriptCommand} from './script.ts';

export interface OwnStatus {
	/** Running and answering. */
	sound: boolean;
	/** One sentence when not. */
	detail?: string;
	/** As those of the local vantage; only `trouble` where nothing was told. */
	facts: Record<string, string>;
	addresses: readonly string[];
	/** Its public key; '' where nothing was told. */
	nodeKey: string;
	/** Whether it has a tunnel device; undefined: not told. */
	tun?: boolean;
}

/** The question, by curl or else by tailscale's own command line. */
export function askStatus(socket: string): ScriptCommand {
	return {argv: ['sh', '-c', question, 'sh', socket], maxBytes: 65_536, limitSeconds: 3};
}

const question = `if command -v curl >/dev/null; then
exec curl -q -sS --max-time 2 --unix-socket "$1" 'http://local-tailscaled.sock/localapi/v0/status?peers=false'; fi
exec tailscale "--socket=$1" status --json --peers=false`;

/** What came of it. */
export function readStatus({status, stdout, stderr, timedOut, cut}: ShellOutput): OwnStatus {
	if (timedOut || status === 28) return silent('its tailscaled does not answer: it hangs, or has no CPU');
	if (status === 127)
		return silent('there is neither curl nor tailscale in the image, so its tailscaled cannot be asked');
	if (status !== 0) return silent(`its tailscaled cannot be asked: ${oneLine(stderr, 150) || `status ${status}`}`);
	let told: TailscaledStatus;
	try {
		const excess = cut ? 'too much' : excessOf(stdout);
		if (excess !== undefined) return silent(`its tailscaled answered with ${excess}`);
		told = toStatus(JSON.parse(stdout.toString()));
	} catch (error) {
		const words = error instanceof SyntaxError ? `answered "${oneLine(stdout.toString(), 80)}"` : messageOf(error);
		return silent(`its tailscaled cannot be understood: ${words}`);
	}
	const {backendState, version, tun, self, nodeKey, magicDnsSuffix: domain} = told;
	const facts: Record<string, string> = {backendState, version, tun: String(tun)};
	if (self) Object.assign(facts, {online: String(self.online), relay: self.relay});
	if (domain) facts.domain = domain;
	const known = {facts, addresses: self?.addresses ?? [], nodeKey, tun};
	if (backendState === 'Running') return {sound: true, ...known};
	return {sound: false, detail: `its tailscaled is in state ${backendState}: look at it there`, ...known};
}

function silent(detail: string): OwnStatus {
	const facts = {trouble: 'tailscaled-silent' satisfies VantageTrouble};
	return {sound: false, detail, facts, addresses: [], nodeKey: ''};
}
