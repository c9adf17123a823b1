/** A headscale of some version with nodes, users and keys of every kind, read by tailprobe; and what is true of it. */

import {X509Certificate} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {type HeadscaleVersion, tailnetDomain} from './headscale.ts';
import {type Prober, startProber} from './prober.ts';
import {type NodeHost, nodeNames, startTailnet, type Tailnet} from './tailnet.ts';

/** One headscale with three nodes: `mon` and `gpu1` are ephemeral and of the user ozzu, `livekit` stays and is of guests. */
export interface Scene {
	tailnet: Tailnet;
	prober: Prober;
	/** No output of tailprobe may hold one of these. */
	secrets: string[];
	/** A pre-auth key of guests for nodes that stay. */
	reusableKey: string;
	/** Between which moments things were made, in seconds since 1970: when they expire follows. */
	made: {from: number; to: number};
}

/** Starts one. What ends it is put into `undo`. */
export async function startScene(version: HeadscaleVersion, undo: Array<() => Promise<void>>): Promise<Scene> {
	const hosts = ['gpu1', 'livekit', 'mon'] as const;
	const tailnet = await startTailnet({headscale: version, hosts, waiting: ['livekit']});
	undo.push(() => tailnet.stop());
	const {headscale} = tailnet;
	const print = async (...args: string[]) => (await headscale.cli(...args)).trim().split('\n').at(-1) ?? '';
	const from = Date.now() / 1000;
	await print('users', 'create', 'guests');
	// A user is meant by name up to 0.25, by id after.
	const user = version === '0.23.0' ? 'guests' : '2';
	const keyFor = (expiration: string, ...kind: string[]) =>
		print('preauthkeys', 'create', '--user', user, '--expiration', expiration, ...kind);
	const singleKey = await keyFor('1h');
	const reusableKey = await keyFor('2h', '--reusable');
	const others = [
		await keyFor('1s', '--ephemeral'),
		await print('apikeys', 'create', '--expiration', '30d'),
		await print('apikeys', 'create', '--expiration', '1s'),
	];
	const made = {from, to: Date.now() / 1000};
	const secrets = [await readFile(headscale.apiKeyFile, 'utf8'), headscale.authKey, singleKey, reusableKey, ...others];

	await signIn(tailnet, 'livekit', singleKey);
	const prober = await startProber(tailnet, 'mon', sceneConfig(tailnet));
	return {tailnet, prober, secrets, reusableKey, made};
}

/** The same for every version; `lists` says where nodes, users and keys come from. */
export function sceneConfig({headscale, node}: Tailnet, lists = `api_key: {file: ${headscale.apiKeyFile}}`): string {
	return `
vantages: [{name: cluster, type: local, tailscaled: {socket: ${node('mon').socket}}}]
headscale:
  url: ${headscale.url}
  ${lists}
  ca_file: ${headscale.caFile}
  metrics_url: ${headscale.metricsUrl}
  interval: 1s
  restart_grace: 1s
  expect_users: [ozzu, nobody]
tailnet: {domain: ${tailnetDomain}}
checks:
  - {name: tunnel, prober: tunnel, nodes: {}, interval: 3s, timeout: 2500ms}
`;
}

/** What tailscaled itself says. */
export const addressesOf = async (tailnet: Tailnet, host: NodeHost) =>
	(await tailnet.node(host).cli('ip')).trim().split('\n');

/** What headscale answers at an address of it, to a program of the lab. */
const ask = ({underlay, headscale}: Tailnet, url: string) =>
	underlay.run('hs', 'curl', ['-sf', '--cacert', headscale.caFile, url]);

/** When the certificate of headscale ends, in seconds since 1970. */
export async function certificateEnd({directory}: Tailnet): Promise<number> {
	const pem = await readFile(join(directory, 'hs.pem'));
	return Date.parse(new X509Certificate(pem).validTo) / 1000;
}

/** What its own metrics say. */
export async function processStart(tailnet: Tailnet): Promise<number> {
	const text = await ask(tailnet, tailnet.headscale.metricsUrl);
	return Number(/^process_start_time_seconds (.+)$/m.exec(text)?.[1]);
}

/** What its page /version says; it rejects where there is none. */
export async function versionPage(tailnet: Tailnet): Promise<string> {
	return JSON.parse(await ask(tailnet, `${tailnet.headscale.url}/version`)).version;
}

/** Joins with another key than the lab's. */
export async function signIn(tailnet: Tailnet, host: NodeHost, key: string): Promise<void> {
	const as = [`--login-server=${tailnet.headscale.url}`, `--authkey=${key}`, `--hostname=${nodeNames[host]}`];
	await tailnet.node(host).cli('up', ...as, '--timeout=30s');
}
