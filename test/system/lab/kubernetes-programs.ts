/** The programs of a real Kubernetes cluster in a host of the lab, with certificates of their own; each can be frozen, killed and started again. */

import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {execa} from 'execa';
import {ensurePart, type PartName} from '../../../scripts/parts.ts';
import {until} from '../../helpers/until.ts';
import {type Running, startProcess} from './processes.ts';

/** One program of the cluster. */
export interface Program {
	/** Takes connections and never answers. */
	freeze(): void;
	thaw(): void;
	/** Gone without a word. */
	kill(): Promise<void>;
	/** Starts it again after `kill`; resolves when it is ready. */
	start(): Promise<void>;
	stop(): Promise<void>;
	log(): Promise<string>;
}

/** Where the cluster runs, and what its programs share. */
export interface ClusterPlace {
	namespace: string;
	address: string;
	directory: string;
	/** Token of the administrator. */
	adminToken: string;
}

/** Port of the API server. */
export const apiPort = 6443;
const etcdPort = 2379;

/** A program that is not started yet. */
export function makeProgram(
	place: ClusterPlace,
	part: PartName,
	{id = part, args, isReady}: {id?: string; args: readonly string[]; isReady: (log: string) => Promise<boolean>},
): Program {
	let running: Running | undefined;
	const logFile = join(place.directory, `${id}.log`);
	const alive = (): Running => {
		if (running === undefined) throw new Error(`${id} was never started.`);
		return running;
	};
	return {
		start: async () => {
			const before = (await running?.log())?.length ?? 0;
			const started = startProcess({
				namespace: place.namespace,
				command: await ensurePart(part),
				args,
				// A test's machine has few cores, and more threads of Go collect garbage than work.
				env: {GOMAXPROCS: '2'},
				cwd: place.directory,
				logFile,
			});
			running = started;
			await until(
				async () => {
					const log = (await started.log()).slice(before);
					if (!started.alive()) throw new Error(`${id} ended: ${log.slice(-2000)}`);
					return isReady(log);
				},
				60_000,
				50,
			);
		},
		freeze: () => alive().signal('SIGSTOP'),
		thaw: () => alive().signal('SIGCONT'),
		kill: async () => {
			alive().signal('SIGKILL');
			await alive().exited;
		},
		stop: async () => void (await running?.stop()),
		log: async () => (await running?.log()) ?? '',
	};
}

/** etcd, on loopback. It never waits for the disk. */
export function makeEtcd(place: ClusterPlace): Program {
	const [client, peer] = [`http://127.0.0.1:${etcdPort}`, 'http://127.0.0.1:2380'];
	const args = [
		...['--name=lab', '--data-dir=etcd', '--unsafe-no-fsync', '--log-level=warn'],
		...[`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`],
		...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=lab=${peer}`],
	];
	return makeProgram(place, 'etcd', {args, isReady: () => answers(place, `${client}/health`)});
}

/** kube-apiserver with RBAC; service accounts have tokens where one is asked for, and are not put into pods. */
export function makeApiServer(place: ClusterPlace): Program {
	const args = [
		...[`--bind-address=${place.address}`, `--advertise-address=${place.address}`, `--secure-port=${apiPort}`],
		...['--endpoint-reconciler-type=none', `--etcd-servers=http://127.0.0.1:${etcdPort}`, '--profiling=false'],
		...['--service-cluster-ip-range=10.0.0.0/24', '--authorization-mode=RBAC', '--token-auth-file=tokens.csv'],
		...['--tls-cert-file=apiserver.pem', '--tls-private-key-file=apiserver.key', '--client-ca-file=ca.pem'],
		...['--service-account-issuer=https://kubernetes.default.svc', '--service-account-key-file=accounts.key'],
		...['--service-account-signing-key-file=accounts.key', '--disable-admission-plugins=ServiceAccount'],
		...['--kubelet-certificate-authority=ca.pem', '--kubelet-preferred-address-types=InternalIP'],
		...['--kubelet-client-certificate=apiserver-client.pem', '--kubelet-client-key=apiserver-client.key'],
	];
	const url = `https://${place.address}:${apiPort}/readyz`;
	return makeProgram(place, 'kube-apiserver', {args, isReady: () => answers(place, url)});
}

/** kube-controller-manager: nodes that fell silent become NotReady after the grace, then pods are evicted; Deployments become pods. */
export function makeControllerManager(place: ClusterPlace, graceSeconds: number): Program {
	const controllers = ['node-lifecycle', 'taint-eviction', 'deployment', 'replicaset', 'garbage-collector'];
	const args = [
		...['--kubeconfig=admin.kubeconfig', '--leader-elect=false', '--bind-address=127.0.0.1', '--secure-port=10257'],
		`--controllers=${controllers.map(name => `${name}-controller`).join()}`,
		...['--node-monitor-period=1s', `--node-monitor-grace-period=${graceSeconds}s`],
		'--service-account-private-key-file=accounts.key',
	];
	const isReady = () => answers(place, 'https://127.0.0.1:10257/healthz');
	return makeProgram(place, 'kube-controller-manager', {args, isReady});
}

/** kube-scheduler: pods that name no node get one, or say why not. */
export function makeScheduler(place: ClusterPlace): Program {
	const known = ['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'];
	const args = [
		...known.map(name => `--${name}=admin.kubeconfig`),
		...['--leader-elect=false', '--bind-address=127.0.0.1', '--secure-port=10259'],
	];
	const isReady = () => answers(place, 'https://127.0.0.1:10259/healthz');
	return makeProgram(place, 'kube-scheduler', {args, isReady});
}

/** A Virtual Kubelet node whose pods are shells; `serve: false`: without a kubelet, at loopback, as June's real one. */
export function makeVirtualKubelet(
	place: ClusterPlace,
	{name, port, serve}: {name: string; port: number; serve: boolean},
): Program {
	const args = [
		...['-kubeconfig=admin.kubeconfig', `-node=${name}`, `-address=${place.address}`, `-port=${port}`],
		...['-tls-cert=kubelet.pem', '-tls-key=kubelet.key', '-client-ca=ca.pem', `-serve=${serve}`],
	];
	return makeProgram(place, 'vknode', {
		id: `vknode-${name}`,
		args,
		isReady: async log => log.includes(`ready: ${name}`),
	});
}

/** What the programs find in their directory: a CA, certificates, the key of service accounts, the administrator's ways in. */
export async function makeClusterFiles({address, directory, adminToken}: ClusterPlace): Promise<void> {
	const openssl = (...args: string[]) => execa('openssl', args, {cwd: directory});
	const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
	await openssl(
		'req',
		'-x509',
		...curve,
		'-days',
		'30',
		'-keyout',
		'ca.key',
		'-out',
		'ca.pem',
		'-subj',
		'/CN=cluster-ca',
	);
	const servers = `subjectAltName=IP:${address},DNS:kubernetes.default.svc`;
	const certificates: ReadonlyArray<[name: string, subject: string, extension: string]> = [
		['apiserver', '/CN=kube-apiserver', `extendedKeyUsage=serverAuth\n${servers}`],
		['kubelet', '/O=system:nodes/CN=system:node:lab', `extendedKeyUsage=serverAuth\n${servers}`],
		['apiserver-client', '/O=system:masters/CN=kube-apiserver', 'extendedKeyUsage=clientAuth'],
	];
	for (const [name, subject, extension] of certificates) {
		const file = (ending: string) => `${name}.${ending}`;
		await writeFile(join(directory, file('ext')), `${extension}\n`);
		await openssl('req', ...curve, '-keyout', file('key'), '-out', file('csr'), '-subj', subject);
		const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30', '-extfile', file('ext')];
		await openssl('x509', '-req', '-in', file('csr'), '-out', file('pem'), ...signed);
	}
	await openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'accounts.key');
	const secret = {mode: 0o600};
	await writeFile(join(directory, 'tokens.csv'), `${adminToken},admin,admin,"system:masters"\n`, secret);
	await writeFile(join(directory, 'admin.kubeconfig'), kubeconfig({address, directory}, adminToken), secret);
}

/** A kubeconfig with one cluster, one user and one context. JSON is YAML. */
export function kubeconfig({address, directory}: Pick<ClusterPlace, 'address' | 'directory'>, token: string): string {
	const cluster = {server: `https://${address}:${apiPort}`, 'certificate-authority': join(directory, 'ca.pem')};
	return JSON.stringify({
		apiVersion: 'v1',
		kind: 'Config',
		'current-context': 'lab',
		clusters: [{name: 'lab', cluster}],
		users: [{name: 'lab', user: {token}}],
		contexts: [{name: 'lab', context: {cluster: 'lab', user: 'lab'}}],
	});
}

async function answers({namespace}: ClusterPlace, url: string): Promise<boolean> {
	const args = ['netns', 'exec', namespace, 'curl', '-sfk', '--max-time', '2', '-o', '/dev/null', url];
	return !(await execa('ip', args, {reject: false})).failed;
}
