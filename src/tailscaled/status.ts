/** What tailscaled says about itself and its relays, checked: nothing in it is trusted, all of it is bounded. */

import {z} from 'zod';
import {clean, cleanTags, flag, known, lenient, text, texts, timeOf} from '../headscale/lenient.ts';
import {canonicalAddress} from '../net/guard.ts';
import {TailscaledError} from './local-get.ts';
import {backendStates, type ClientVersion, type DerpMapSize, type OwnStatus} from './types.ts';

/** Reads the body of GET status?peers=false. Throws TailscaledError when it is none. */
export function parseStatus(body: string): OwnStatus {
	const found = statusSchema.safeParse(parseJson(body));
	if (!found.success) throw notIt('status');
	const {BackendState, Self, TUN, Version, MagicDNSSuffix, CurrentTailnet, Health, TailscaleIPs} = found.data;
	const suffix = MagicDNSSuffix || CurrentTailnet?.MagicDNSSuffix || '';
	return {
		backendState: backendStates.find(state => state === BackendState) ?? 'other',
		tun: TUN === true,
		version: clean(Version ?? '', /[^A-Za-z0-9.+_-]/g),
		magicDnsSuffix: clean(suffix.toLowerCase().replace(/\.$/, ''), /[^a-z0-9.-]/g),
		healthMessages: Health?.length ?? 0,
		relay: clean(Self?.Relay ?? '', /[^A-Za-z0-9._-]/g),
		addresses: (Self?.TailscaleIPs ?? TailscaleIPs ?? []).slice(0, 16).flatMap(raw => canonicalAddress(raw) ?? []),
		tags: cleanTags(Self?.Tags ?? []),
		...known({online: Self?.Online ?? undefined, keyExpiryMs: timeOf(Self?.KeyExpiry)}),
	};
}

/** Reads the body of GET derpmap; no regions before the first login. Throws TailscaledError when it is none. */
export function parseDerpMap(body: string): DerpMapSize {
	const found = derpMapSchema.safeParse(parseJson(body));
	if (!found.success) throw notIt('relay map');
	const regions = Object.values(found.data?.Regions ?? {});
	return {regions: regions.length, nodes: regions.reduce((sum, region) => sum + (region?.Nodes?.length ?? 0), 0)};
}

/** The client's version in the body of GET whois; undefined where it is not told. Throws TailscaledError when it is none. */
export function parseWhoisVersion(body: string): ClientVersion | undefined {
	const found = whoisSchema.safeParse(parseJson(body));
	if (!found.success) throw notIt('whois');
	return parseVersion(found.data.Node.Hostinfo?.IPNVersion ?? '');
}

/** major, minor and patch of a version, whatever stands behind them. */
export function parseVersion(version: string): ClientVersion | undefined {
	const [, major, minor, patch] = /^v?(\d{1,3})\.(\d{1,4})\.(\d{1,6})(?!\d)/.exec(version) ?? [];
	return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

const statusSchema = z.object({
	BackendState: z.string().min(1),
	Version: text,
	TUN: flag,
	MagicDNSSuffix: text,
	CurrentTailnet: lenient(z.object({MagicDNSSuffix: text})),
	Health: lenient(z.array(z.unknown())),
	TailscaleIPs: texts,
	Self: lenient(z.object({Online: flag, Relay: text, KeyExpiry: text, Tags: texts, TailscaleIPs: texts})),
});

const derpMapSchema = z
	.object({
		Regions: z.record(z.string(), lenient(z.object({Nodes: lenient(z.array(z.unknown()))}))).nullish(),
	})
	.nullable();

const whoisSchema = z.object({Node: z.object({Hostinfo: lenient(z.object({IPNVersion: text}))})});

function parseJson(body: string): unknown {
	try {
		return JSON.parse(body);
	} catch {
		return undefined;
	}
}

function notIt(what: string): TailscaledError {
	return new TailscaledError(`tailscaled answered with something else than its ${what}: is the socket its own?`);
}
