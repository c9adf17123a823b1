/** What a right configuration still needs of the machine: files, secrets, certificates. It may be there only where the daemon runs. */

import {readFileSync} from 'node:fs';
import {keepSecret} from '../agent/secret-keeper.ts';
import {filesNamed} from '../config/file-paths.ts';
import {readSecret} from '../config/secrets.ts';
import type {Config, SecretReference} from '../config/types.ts';
import {parseWebConfig} from '../config/web-config.ts';
import {type ContextFiles, secureContextFor} from '../net/tls-contexts.ts';
import {createCertificates} from '../server/door/certificates.ts';
import {createTokens} from '../server/door/tokens.ts';
import {systemClock} from '../util/clock.ts';
import {CannotLookError, UserError} from '../util/errors.ts';
import {shownPath} from '../util/shown-path.ts';
import {isReadable} from './is-readable.ts';

/** Sentences about files, environment variables, secrets and certificates that could not be used here and now. No content in them. */
export async function describeLacks(config: Config): Promise<string[]> {
	const options = [...config.modules.values(), ...config.checks].map(({options}) => options);
	const named = options.flatMap(filesNamed);
	const {apiKey, caFile} = config.headscale ?? {};
	const ways = config.vantages.flatMap(vantage =>
		vantage.type === 'remote' ? vantage.ways.map(way => ({way, of: `of vantage ${vantage.name}`})) : [],
	);
	const agents = ways.flatMap(({way, of}) =>
		way.type === 'agent' ? [{secret: way.secret, use: `agent.secret ${of}`}] : [],
	);
	const ofAgents = agents.map(({secret}) => secret);
	const keys = [
		{secret: apiKey, use: 'headscale.api_key'},
		{secret: config.vast?.apiKey, use: 'vast.api_key'},
	];
	const wanted = [...keys.map(({secret}) => secret), ...ofAgents].filter(secret => secret !== undefined);
	const files = [
		...[...keys, ...agents].map(({secret, use}) => ({path: secret && 'file' in secret ? secret.file : undefined, use})),
		{path: caFile, use: 'headscale.ca_file'},
		{path: config.web.configFile, use: 'web.config_file'},
		{path: config.kubernetes?.kubeconfigFile, use: 'kubernetes.kubeconfig_file'},
		...ways.flatMap(({way, of}) =>
			way.type === 'ssh'
				? [
						{path: way.identityFile, use: `ssh.identity_file ${of}`},
						{path: way.knownHostsFile, use: `ssh.known_hosts_file ${of}`},
					]
				: [],
		),
		...named.map(({path, key}) => ({path, use: key})),
	];
	/** What each is for, by its path. */
	const lacking = new Map(
		files.flatMap(({path, use}) => (path === undefined || isReadable(path) ? [] : [[path, use] as const])),
	);
	const isThere = (secret: SecretReference) => !('file' in secret && lacking.has(secret.file));
	const secrets = [
		...wanted.filter(isThere),
		...named.filter(({key, path}) => secretKeys.has(key) && !lacking.has(path)).map(({path}) => ({file: path})),
	];
	const pairs = [...options.flatMap(tlsFilesIn), {caFile}];
	const usable = pairs.filter(pair => !Object.values(pair).some(path => path !== undefined && lacking.has(path)));
	return [
		...new Set([
			...[...lacking].map(([path, use]) => `${shownPath(path)}, for ${use}, cannot be read here and now.`),
			...secrets.flatMap(faultOfSecret),
			...ofAgents.filter(isThere).flatMap(secret => keepSecret(secret, {clock: systemClock}).problem() ?? []),
			...(await Promise.all(usable.map(faultOfTls))).flat(),
			...createTokens().problems(config.web.bearerTokens),
			...(config.web.configFile === undefined || lacking.has(config.web.configFile)
				? []
				: faultOfWeb(config.web.configFile)),
			...(lacking.size === 0
				? []
				: [
						'A daemon starts without files that are missing, tells them in its log and at /-/ready, and uses each as soon as it is there.',
					]),
		]),
	];
}

/** Keys whose files hold one secret each. */
const secretKeys: ReadonlySet<string> = new Set([
	'bearer_token_file',
	'credentials_file',
	'file',
	'files',
	'password_file',
	'username_file',
]);

function faultOfSecret(reference: SecretReference): string[] {
	return faultOf(() => readSecret(reference));
}

async function faultOfTls(files: ContextFiles): Promise<string[]> {
	try {
		await secureContextFor(files);
		return [];
	} catch (error) {
		if (!(error instanceof CannotLookError)) throw error;
		return [`${error.message}.`.replace(/^./, first => first.toUpperCase())];
	}
}

/** The file was judged before, so that it is right in itself. */
function faultOfWeb(path: string): string[] {
	const judged = parseWebConfig(readFileSync(path, 'utf8'), path);
	const tls = judged.ok ? judged.web.tls : undefined;
	return tls ? faultOf(() => createCertificates(() => {}).look(tls)) : [];
}

function faultOf(use: () => unknown): string[] {
	try {
		use();
		return [];
	} catch (error) {
		if (!(error instanceof UserError)) throw error;
		return [error.message];
	}
}

/** Every `tls_config` in the options of a probe. */
function tlsFilesIn(options: unknown): ContextFiles[] {
	const tls = (options as {tls_config?: {ca_file?: string; cert_file?: string; key_file?: string}} | undefined)
		?.tls_config;
	return tls ? [{caFile: tls.ca_file, certFile: tls.cert_file, keyFile: tls.key_file}] : [];
}
