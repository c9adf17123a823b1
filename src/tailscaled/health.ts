/** tailscaled's health by code, out of one line of its IPN bus, with its own words for people. */

import {z} from 'zod';
import {lenient, text, timeOf} from '../headscale/lenient.ts';
import {oneLine} from '../util/errors.ts';
import {excessOf} from '../util/json-bounds.ts';
import {TailscaledError} from './local-get.ts';
import {type HealthWarning, severities} from './types.ts';

/** Every code that tailscaled knows on Linux; with `other`, the closed set of the label. Those that control makes up are all `control-health`. */
export const healthCodes = [
	'apply-disk-config',
	'blockblame-mitm-detected',
	'captive-portal-detected',
	'control-health',
	'derp-region-error',
	'derp-timed-out',
	'dns',
	'dns-empty-base-config',
	'dns-forward-failing',
	'dns-manager',
	'dns-read-os-config-failed',
	'dns-set-os-config-failed',
	'docker-stateful-filtering',
	'invalid-packet-filter',
	'ip-forwarding-off',
	'is-using-unstable-version',
	'local-log-config-error',
	'login-state',
	'magicsock-receive-func-error',
	'mapresponse-timeout',
	'network-status',
	'no-derp-connection',
	'no-derp-home',
	'no-tailnet-lock-state-dir',
	'no-udp4-bind',
	'nosnat-with-advertised-exit-node',
	'not-in-map-poll',
	'posture-checking-serial-collection-failed',
	'resolv-conf-overwritten',
	'resolv-conf-relabel-failed',
	'router',
	'security-update-available',
	'ssh-unavailable-selinux-enabled',
	'state-store-health',
	'sync-disabled',
	'tailnet-lock',
	'tls-cert-pending',
	'tls-connection-failed',
	'update-available',
	'wantrunning-false',
	'warming-up',
] as const;

const known: ReadonlySet<string> = new Set(healthCodes);
const maxWarnings = 200;

/**
 * The warnings that stand after this line; undefined when the line is about something else. Codes that are not known become one
 * `other`, since the earliest. Throws TailscaledError when the line is no message of the bus.
 */
export function parseBusLine(line: Buffer): readonly HealthWarning[] | undefined {
	// Most lines are about something else, some of them large.
	if (line[0] === openBrace && !line.includes('"Health"')) return undefined;
	const message = messageSchema.safeParse(parseJson(line));
	if (!message.success) throw new TailscaledError('tailscaled sent something else than messages on its IPN bus.');
	const {Health} = message.data;
	if (!Health) return undefined;
	const warnings = new Map<string, HealthWarning>();
	for (const [key, raw] of Object.entries(Health.Warnings ?? {}).slice(0, maxWarnings)) {
		const {WarnableCode, Severity, BrokenSince, Text} = warningSchema.parse(raw);
		const warning = toWarning(WarnableCode ?? key, Severity ?? '', timeOf(BrokenSince), wordsOf(Text ?? ''));
		warnings.set(warning.code, merge(warnings.get(warning.code), warning));
	}
	return [...warnings.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

const openBrace = 0x7b;

const messageSchema = z.object({
	Health: z.object({Warnings: z.record(z.string(), z.unknown()).nullish()}).nullish(),
});

const warningSchema = z
	.object({WarnableCode: text, Severity: text, BrokenSince: lenient(z.string()), Text: text})
	.catch({WarnableCode: undefined, Severity: undefined, BrokenSince: undefined, Text: undefined});

const maxWords = 200;

/** No key that a text may quote is told on. */
function wordsOf(raw: string): string | undefined {
	const words = oneLine(raw.slice(0, 10 * maxWords), 10 * maxWords);
	const clean = words.replace(/\b(?:tskey|hskey|nodekey|mkey|privkey)[-:][A-Za-z0-9_:-]+/g, '<redacted>');
	return clean === '' ? undefined : oneLine(clean, maxWords);
}

function toWarning(
	raw: string,
	severity: string,
	sinceMs: number | undefined,
	says: string | undefined,
): HealthWarning {
	const code = raw.startsWith('control-health.') ? 'control-health' : raw;
	return {
		code: known.has(code) ? code : 'other',
		severity: severities.find(name => name === severity) ?? 'unknown',
		...(sinceMs === undefined ? {} : {sinceMs}),
		...(says === undefined ? {} : {says}),
	};
}

/** Two under one code: the worse severity and its words, since the earlier. */
function merge(first: HealthWarning | undefined, second: HealthWarning): HealthWarning {
	if (!first) return second;
	const rank = ({severity}: HealthWarning) => (severity === 'unknown' ? -1 : severities.indexOf(severity));
	const sinceMs = Math.min(first.sinceMs ?? Number.POSITIVE_INFINITY, second.sinceMs ?? Number.POSITIVE_INFINITY);
	const worse = rank(second) > rank(first) ? second : first;
	return {...worse, code: first.code, ...(Number.isFinite(sinceMs) ? {sinceMs} : {})};
}

function parseJson(line: Buffer): unknown {
	if (excessOf(line) !== undefined) return undefined;
	try {
		return JSON.parse(line.toString());
	} catch {
		return undefined;
	}
}
