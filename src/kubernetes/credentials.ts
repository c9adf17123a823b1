/** Who we are to the Kubernetes API and where it is: the service account of our pod, or a kubeconfig that was named. Never a guess. */

import {existsSync} from 'node:fs';
import {dirname, isAbsolute, join} from 'node:path';
import type {KubeConfig, User} from '@kubernetes/client-node';
import {parse} from 'yaml';
import {namespace} from '../config/kubernetes-schema.ts';
import type {KubernetesConfig} from '../config/types.ts';
import {readChangingNow} from '../util/changing-file.ts';
import {messageOf} from '../util/errors.ts';
import {KubernetesError} from './errors.ts';

export interface Surroundings {
	env: Readonly<Record<string, string | undefined>>;
	/** Where a pod finds its token and CA. */
	serviceAccountDir: string;
}

export const podSurroundings: Surroundings = {
	env: process.env,
	serviceAccountDir: '/var/run/secrets/kubernetes.io/serviceaccount',
};

/** Something that differs as soon as the credentials must be loaded again; tokens and CAs in files of their own are read at each request anyway. */
export function markOfCredentials(config: Pick<KubernetesConfig, 'kubeconfigFile'>): unknown {
	return config.kubeconfigFile === undefined ? 'pod' : readKubeconfig(config.kubeconfigFile);
}

/** Fills in an empty KubeConfig. Throws a KubernetesError when there is no API server to be found or nobody to be. */
export function loadCredentials(
	kubeConfig: KubeConfig,
	{kubeconfigFile, context}: Pick<KubernetesConfig, 'kubeconfigFile' | 'context'>,
	{env, serviceAccountDir}: Surroundings,
): void {
	kubeConfig.addAuthenticator(tokenFileAuthenticator);
	if (kubeconfigFile === undefined) loadOfPod(kubeConfig, env, serviceAccountDir);
	else loadFile(kubeConfig, kubeconfigFile, context);
}

function loadOfPod(kubeConfig: KubeConfig, env: Surroundings['env'], dir: string): void {
	const {KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443'} = env;
	const tokenFile = join(dir, 'token');
	if (!host || !existsSync(tokenFile)) {
		const missing = host ? `there is no ${tokenFile}` : 'KUBERNETES_SERVICE_HOST is not set';
		throw new KubernetesError(
			`No Kubernetes API server is known: ${missing}, as it would be in a pod with a service account. Name a kubeconfig file under kubernetes.kubeconfig_file, or mount the service account token.`,
			{failure: 'unanswered'},
		);
	}
	const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
	const user = {name: 'pod', authProvider: {name: providerName, config: {path: tokenFile}}};
	kubeConfig.loadFromClusterAndUser({name: 'pod', server, caFile: join(dir, 'ca.crt'), skipTLSVerify: false}, user);
}

function loadFile(kubeConfig: KubeConfig, path: string, context: string | undefined): void {
	const text = readKubeconfig(path).toString();
	try {
		kubeConfig.loadFromString(text);
		kubeConfig.makePathsAbsolute(dirname(path));
		if (context !== undefined) kubeConfig.setCurrentContext(context);
	} catch (error) {
		// The words of a parser may show what it stumbled over.
		const name = error instanceof Error ? error.name : 'Error';
		throw new KubernetesError(`The file ${path} of kubernetes.kubeconfig_file is no kubeconfig (${name}).`);
	}
	const wanted = kubeConfig.getCurrentContext();
	const cluster = kubeConfig.getCurrentCluster();
	if (!cluster?.server || !URL.canParse(cluster.server)) {
		const names = kubeConfig.getContexts().map(({name}) => name);
		throw new KubernetesError(
			`The context ${JSON.stringify(wanted ?? '')} of ${path} leads to no cluster with a server address. Contexts in it: ${names.slice(0, 20).join(', ') || 'none'}.`,
		);
	}
	const user = kubeConfig.getCurrentUser();
	if (!user) return;
	const tokenFile = tokenFileOf(text, user.name);
	if (tokenFile === undefined) return;
	const absolute = isAbsolute(tokenFile) ? tokenFile : join(dirname(path), tokenFile);
	Object.assign(user, {authProvider: {name: providerName, config: {path: absolute}}, token: undefined});
}

/** The namespace that we are at home in: that of our pod, or of the context in use. undefined: none is told. */
export function ownNamespace(
	{kubeconfigFile, context}: Pick<KubernetesConfig, 'kubeconfigFile' | 'context'>,
	{serviceAccountDir}: Surroundings,
): string | undefined {
	try {
		const told =
			kubeconfigFile === undefined
				? readChangingNow(join(serviceAccountDir, 'namespace'), 1024).toString().trim()
				: namespaceOfContext(readKubeconfig(kubeconfigFile).toString(), context);
		return namespace.safeParse(told).data;
	} catch {
		// Why nothing of it can be read is said by whoever wants to sign in with it.
		return undefined;
	}
}

function namespaceOfContext(kubeconfig: string, wanted: string | undefined): string | undefined {
	const file = parse(kubeconfig) as {
		'current-context'?: unknown;
		contexts?: {name?: unknown; context?: {namespace?: unknown}}[];
	} | null;
	const name = wanted ?? file?.['current-context'];
	const namespace = file?.contexts?.find(one => one.name === name)?.context?.namespace;
	return typeof namespace === 'string' ? namespace : undefined;
}

const maxKubeconfigBytes = 1024 * 1024;

function readKubeconfig(path: string): Buffer {
	try {
		return readChangingNow(path, maxKubeconfigBytes);
	} catch (error) {
		throw new KubernetesError(`The file ${path} of kubernetes.kubeconfig_file cannot be read: ${messageOf(error)}.`, {
			failure: 'unanswered',
		});
	}
}

/** client-node passes over `tokenFile`, which kubectl takes, and reads `token-file` only once. */
function tokenFileOf(kubeconfig: string, userName: string): string | undefined {
	const {users} = parse(kubeconfig) as {users?: {name?: unknown; user?: Record<string, unknown>}[]};
	const user = users?.find(({name}) => name === userName)?.user;
	const path = user?.tokenFile ?? user?.['token-file'];
	return typeof path === 'string' && path !== '' ? path : undefined;
}

const providerName = 'token-file';
const maxTokenBytes = 64 * 1024;

/** client-node keeps a token for a minute after it was rotated, and sends the line end of one that was written by hand. */
const tokenFileAuthenticator: Parameters<KubeConfig['addAuthenticator']>[0] = {
	isAuthProvider: (user: User) => user.authProvider?.name === providerName,
	async applyAuthentication(user, options) {
		const {path} = user.authProvider.config as {path: string};
		let token: string;
		try {
			token = readChangingNow(path, maxTokenBytes).toString().trim();
		} catch (error) {
			throw new KubernetesError(`The token in ${path} cannot be read: ${messageOf(error)}.`, {failure: 'unanswered'});
		}
		if (!/^[\u0021-\u007e]+$/.test(token))
			throw new KubernetesError(`What is in ${path} is no token.`, {failure: 'unanswered'});
		options.headers = {...options.headers, Authorization: `Bearer ${token}`};
	},
};
