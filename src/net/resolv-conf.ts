/** /etc/resolv.conf and /etc/hosts, read by us as glibc reads them: names on a measured path never go through its blocking resolver. */

import {existsSync} from 'node:fs';
import {readChangingNow} from '../util/changing-file.ts';
import {messageOf} from '../util/errors.ts';
import {canonicalAddress} from './guard.ts';

export interface ResolvConf {
	/** Name servers in order, at most three, as `dns.Resolver` takes them. */
	servers: readonly string[];
	/** Domains to append, in order. */
	search: readonly string[];
	/** A name with at least this many dots is tried as it stands first. */
	ndots: number;
}

/** Addresses of each name (lower case) in the order of the file. */
export type Hosts = ReadonlyMap<string, readonly string[]>;

/** What a resolv.conf says. Lines and options that we have no use for are passed over, as glibc does. */
export function parseResolvConf(text: string): ResolvConf {
	const servers: string[] = [];
	let search: string[] = [];
	let ndots = 1;
	for (const line of text.split('\n')) {
		const [key, ...words] = line
			.replace(/[#;].*$/, '')
			.trim()
			.split(/\s+/);
		const server = canonicalAddress(words[0] ?? '');
		if (key === 'nameserver' && server && servers.length < 3) servers.push(server);
		if (key === 'search' || key === 'domain') search = words.map(word => word.toLowerCase()).slice(0, 32);
		if (key === 'options') ndots = ndotsOf(words) ?? ndots;
	}
	return {
		servers: servers.length > 0 ? servers : ['127.0.0.1'],
		search: search.filter(domain => domain !== '.'),
		ndots,
	};
}

/** What a hosts file says. Lines that don't begin with an address are passed over. */
export function parseHosts(text: string): Hosts {
	const hosts = new Map<string, string[]>();
	for (const line of text.split('\n')) {
		const [first = '', ...names] = line.replace(/#.*$/, '').trim().split(/\s+/);
		const address = canonicalAddress(first);
		if (!address) continue;
		for (const name of names) {
			const key = name.toLowerCase();
			const known = hosts.get(key);
			if (known) known.push(address);
			else hosts.set(key, [address]);
		}
	}
	return hosts;
}

/** The full names that a name may stand for, in the order in which they are asked. A final dot means: only this one. */
export function candidateNames(name: string, {search, ndots}: Pick<ResolvConf, 'search' | 'ndots'>): string[] {
	if (name.endsWith('.')) return [name.slice(0, -1)];
	const dots = name.split('.').length - 1;
	const appended = search.map(domain => `${name}.${domain.replace(/\.$/, '')}`).filter(full => full.length <= 253);
	return dots >= ndots ? [name, ...appended] : [...appended, name];
}

export interface SystemFile<T> {
	/** What it said when it could last be read; undefined where it is there and never could be. */
	value: T | undefined;
	/** A clause, while it cannot be read though it is there, or was. */
	fault?: string;
}

/**
 * A reader of a system file that parses it again only when it changed. It looks at most once a second. One that was never there counts
 * as empty, as for glibc; one that went away, or cannot be read any more, goes on saying what it said.
 */
export function createFileReader<T>(
	path: string,
	parse: (text: string) => T,
	now: () => number = () => performance.now(),
): () => SystemFile<T> {
	let content: Buffer | undefined;
	let known: SystemFile<T> | undefined;
	let lookedAt = Number.NEGATIVE_INFINITY;
	return () => {
		if (known && now() - lookedAt < 1000) return known;
		lookedAt = now();
		try {
			const found = readChangingNow(path, maxFileBytes);
			if (!known || found !== content) known = {value: parse(found.toString())};
			else if (known.fault !== undefined) known = {value: known.value};
			content = found;
		} catch (error) {
			if (content === undefined && !existsSync(path)) known = {value: parse('')};
			else known = {value: content && known?.value, fault: messageOf(error)};
		}
		return known;
	};
}

/** Lists of names to block in /etc/hosts have some megabytes. */
const maxFileBytes = 16 * 1024 * 1024;

function ndotsOf(words: readonly string[]): number | undefined {
	const digits = words.map(word => /^ndots:(\d{1,3})$/.exec(word)?.[1]).findLast(found => found !== undefined);
	return digits === undefined ? undefined : Math.min(Number(digits), 15);
}
