/** What tailscaled warns of, in plain words by its code: its own texts change with its versions. */

import type {healthCodes} from '../tailscaled/health.ts';

/** A sentence for each code of high or medium severity; those that are not in the table have a general one. */
export function sayWarning(code: string): string {
	return Object.hasOwn(sentences, code) ? sentences[code as Code] : general;
}

/** Codes that only say once more that the control server is not reached. */
export const controlCodes: readonly string[] = [
	'not-in-map-poll',
	'mapresponse-timeout',
	'control-health',
	'tls-connection-failed',
] satisfies Code[];

type Code = (typeof healthCodes)[number];

const general = 'It warns of something that is not known here; `tailscale status` on its machine has the words.';

const sentences: Readonly<Record<Code, string>> = {
	'apply-disk-config': 'Its configuration file could not be applied.',
	'blockblame-mitm-detected': 'Something between it and the control server opens its encrypted connections.',
	'captive-portal-detected': 'Its network asks for a sign-in on a web page before it lets anything through.',
	'control-health': 'The control server tells it of a fault.',
	'derp-region-error': 'A relay region tells it of a fault.',
	'derp-timed-out': 'It has not heard from its relay for a while.',
	dns: 'DNS on its machine does not work as it should.',
	'dns-empty-base-config': "It did not find the machine's own DNS servers.",
	'dns-forward-failing': 'The DNS servers that it passes questions on to do not answer.',
	'dns-manager': 'It could not put its DNS settings into effect.',
	'dns-read-os-config-failed': "It could not read the machine's DNS settings.",
	'dns-set-os-config-failed': "It could not write the machine's DNS settings, so names of the tailnet may not resolve.",
	'docker-stateful-filtering': 'Its stateful filtering keeps containers from being reached.',
	'invalid-packet-filter': 'The control server sent access rules that it cannot read.',
	'ip-forwarding-off': 'The machine forwards no packets, so the routes that it offers lead nowhere.',
	'is-using-unstable-version': 'It is an unstable version.',
	'local-log-config-error': 'Its log settings could not be read.',
	'login-state': 'It is signed out, or its last sign-in failed.',
	'magicsock-receive-func-error': 'A part of it that receives packets has stopped; restart it.',
	'mapresponse-timeout': 'The control server has not sent it anything for minutes.',
	'network-status': 'Its machine has no network.',
	'no-derp-connection': 'It is not connected to its relay, so peers without a direct path cannot reach it.',
	'no-derp-home': 'It has found no relay that it can reach.',
	'no-tailnet-lock-state-dir': 'It has nowhere to keep the state of the tailnet lock.',
	'no-udp4-bind': 'It could not open a UDP port, so there are hardly any direct paths.',
	'nosnat-with-advertised-exit-node': 'It offers to be an exit node while its address translation is off.',
	'not-in-map-poll': 'It is not connected to the control server and does not learn of changes in the tailnet.',
	'posture-checking-serial-collection-failed': "It could not read the machine's serial numbers.",
	'resolv-conf-overwritten': 'Something else overwrites /etc/resolv.conf, so names of the tailnet may not resolve.',
	'resolv-conf-relabel-failed': 'It could not give /etc/resolv.conf its security label.',
	router: "It could not set the machine's routes or firewall.",
	'security-update-available': 'There is a security update for it.',
	'ssh-unavailable-selinux-enabled': 'Its SSH server may not work under SELinux.',
	'state-store-health': 'It cannot keep its state: after a restart it may have to sign in again.',
	'sync-disabled': 'Its synchronisation with the control server was switched off.',
	'tailnet-lock': 'The tailnet lock keeps it or its peers out.',
	'tls-cert-pending': 'It waits for the certificate of its name.',
	'tls-connection-failed': 'An encrypted connection to the control server failed.',
	'update-available': 'There is a newer version of it.',
	'wantrunning-false': 'It was switched off by `tailscale down`.',
	'warming-up': 'It is still starting.',
};
