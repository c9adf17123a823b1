/** A real headscale: TLS by a CA of the lab's own, embedded DERP and STUN, metrics on :50480. */

import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {ensurePart} from '../../../scripts/parts.ts';
import {until} from '../../helpers/until.ts';
import {type Running, startProcess} from './processes.ts';
import type {Underlay} from './underlay.ts';

/** The versions that the lab can start. */
export type HeadscaleVersion = '0.29.2' | '0.26.1' | '0.23.0';

/** A running control server. */
export interface Headscale {
	version: HeadscaleVersion;
	url: string;
	metricsUrl: string;
	caFile: string;
	apiKeyFile: string;
	/** A reusable key for ephemeral nodes. */
	authKey: string;
	/** The program and the configuration that its command line needs. */
	program: string;
	configFile: string;
	/** Accepts connections and never answers. */
	freeze(): void;
	thaw(): void;
	/** Gone without a word. */
	kill(): Promise<void>;
	stop(): Promise<void>;
	/** Starts it again after `stop` or `kill`. */
	start(): Promise<void>;
	/** Its own command line, in its own host. Resolves to stdout. */
	cli(...args: string[]): Promise<string>;
	log(): Promise<string>;
}

/** The name under which the lab's hosts know it. */
export const headscaleName = 'headscale.lab';
/** The tailnet's domain. */
export const tailnetDomain = 'tail.ozzu.world';

/** Starts it inside a host, with one user, one pre-auth key and one API key. Resolves when /health answers. */
export async function startHeadscale(
	underlay: Underlay,
	host: string,
	version: HeadscaleVersion,
	directory: string,
): Promise<Headscale> {
	const program = await ensurePart(`headscale-${version}`);
	const configFile = join(directory, 'headscale.yaml');
	const caFile = join(directory, 'ca.pem');
	const apiKeyFile = join(directory, 'apikey');
	const logFile = join(directory, 'headscale.log');
	await makeCertificates(directory, underlay.address(host));
	await writeFile(configFile, config(directory, underlay.address(host)));
	const cli = (...args: string[]) => underlay.run(host, program, ['-c', configFile, ...args]);

	let running: Running;
	async function start(): Promise<void> {
		running = startProcess({
			namespace: underlay.namespace(host),
			command: program,
			args: ['-c', configFile, 'serve'],
			// Its DERP client trusts what the system trusts.
			env: {SSL_CERT_FILE: caFile},
			cwd: directory,
			logFile,
		});
		const curl = ['-sf', '--cacert', caFile, '--max-time', '1', '-o', '/dev/null', `https://${headscaleName}/health`];
		await until(async () => {
			if (!running.alive()) throw new Error(`headscale ${version} ended: ${(await running.log()).slice(-1000)}`);
			return underlay.run(host, 'curl', curl).then(
				() => true,
				() => false,
			);
		});
	}

	await start();
	await cli('users', 'create', 'ozzu');
	// A user is meant by name up to 0.25, by id after.
	const user = version === '0.23.0' ? 'ozzu' : '1';
	const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? '';
	const key = ['preauthkeys', 'create', '--user', user, '--reusable', '--ephemeral', '--expiration', '24h'];
	const authKey = lastLine(await cli(...key));
	await writeFile(apiKeyFile, lastLine(await cli('apikeys', 'create')), {mode: 0o600});
	return {
		version,
		url: `https://${headscaleName}`,
		metricsUrl: `http://${underlay.address(host)}:50480/metrics`,
		caFile,
		apiKeyFile,
		authKey,
		program,
		configFile,
		freeze: () => running.signal('SIGSTOP'),
		thaw: () => running.signal('SIGCONT'),
		kill: async () => {
			running.signal('SIGKILL');
			await running.exited;
		},
		stop: () => running.stop(),
		start,
		cli,
		log: () => running.log(),
	};
}

/** A CA, and what it signed for headscale and for `services` (any host's name, short or in the tailnet's domain). */
async function makeCertificates(directory: string, address: string): Promise<void> {
	const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
	const openssl = (...args: string[]) => execa('openssl', args, {cwd: directory});
	await openssl('req', '-x509', ...curve, '-days', '30', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=lab-ca');
	const names: Record<string, string> = {
		hs: `DNS:${headscaleName},IP:${address}`,
		services: `DNS:june-orchestrator,DNS:livekit,DNS:june-orchestrator.${tailnetDomain},DNS:livekit.${tailnetDomain}`,
	};
	for (const [name, alternatives] of Object.entries(names)) {
		await writeFile(join(directory, `${name}.ext`), `subjectAltName=${alternatives}\n`);
		await openssl('req', ...curve, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
		const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30', '-extfile', `${name}.ext`];
		await openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signed);
	}
}

const config = (directory: string, address: string) => `
server_url: https://${headscaleName}:443
listen_addr: 0.0.0.0:443
metrics_listen_addr: 0.0.0.0:50480
grpc_listen_addr: 127.0.0.1:50443
grpc_allow_insecure: false
tls_cert_path: ${directory}/hs.pem
tls_key_path: ${directory}/hs.key
noise: {private_key_path: ${directory}/noise.key}
prefixes: {v4: 100.64.0.0/10, v6: "fd7a:115c:a1e0::/48", allocation: sequential}
derp:
  server:
    enabled: true
    region_id: 999
    region_code: lab
    region_name: Lab DERP
    verify_clients: true
    stun_listen_addr: "0.0.0.0:3478"
    private_key_path: ${directory}/derp.key
    automatically_add_embedded_derp_region: true
    ipv4: ${address}
  urls: []
  paths: []
  auto_update_enabled: false
disable_check_updates: true
ephemeral_node_inactivity_timeout: 30m
database: {type: sqlite, sqlite: {path: ${directory}/db.sqlite, write_ahead_log: true}}
log: {level: info}
dns: {magic_dns: true, base_domain: ${tailnetDomain}, override_local_dns: false, nameservers: {global: []}}
unix_socket: ${directory}/headscale.sock
unix_socket_permission: "0770"
policy: {mode: database}
logtail: {enabled: false}
`;
