/**
 * A node of the lab's cluster: what kubelet, kube-proxy and the cluster's DNS do, as far as the chart needs them. It takes the pods
 * that the API server gives to it and runs their containers as processes of this machine. Started with the path of its options.
 */

import {readFile} from 'node:fs/promises';
import {setTimeout as wait} from 'node:timers/promises';
import type {V1ConfigMap, V1Pod, V1Secret, V1Service} from '@kubernetes/client-node';
import {startDnsServer} from '../../../helpers/dns-server.ts';
import {ApiError, type ApiPlace, apiClient} from './api.ts';
import type {Objects} from './objects.ts';
import {type NodePlace, type PodRun, runPod} from './pod-run.ts';
import {type ApiAddress, namesOf, routesOf} from './services.ts';
import {now} from './status.ts';

/** What a node is started with. */
export interface NodeOptions extends NodePlace {
	name: string;
	api: ApiPlace;
	apiAddress: ApiAddress;
	/** Names outside of the cluster. */
	names: Readonly<Record<string, string>>;
}

interface Kept {
	pod: V1Pod;
	run: PodRun;
	index: number;
	/** What the API was told last. */
	told: string;
	ending: boolean;
	takenAt: number;
	wasReady: boolean;
}

/** How often the API is asked; kubelet would watch it, and write changed volumes within a minute. */
const roundMs = 300;
const tokenLifeMs = 40 * 60_000;

const options: NodeOptions = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8'));
const ask = apiClient(options.api);
const dns = await startDnsServer(listed(options.names), {host: options.dns, port: 53});
const kept = new Map<string, Kept>();
const data = new Map<string, Record<string, Buffer>>();
const tokens = new Map<string, {token: string; until: number}>();
let services: V1Service[] = [];

await register();
console.log('ready');
await live();

async function live(): Promise<never> {
	let trouble = '';
	while (true) {
		try {
			await round();
			trouble = '';
		} catch (error) {
			if ((error as Error).message !== trouble) console.error((error as Error).message);
			trouble = (error as Error).message;
		}
		await wait(roundMs);
	}
}

async function round(): Promise<void> {
	const own = await list<V1Pod>(`/api/v1/pods?fieldSelector=spec.nodeName%3D${options.name}`);
	services = await list<V1Service>('/api/v1/services');
	for (const namespace of new Set(own.flatMap(({metadata}) => metadata?.namespace ?? []))) await readData(namespace);
	Object.assign(dns.records, namesOf(services, own));
	for (const pod of own) await hold(pod);
	const there = new Set(own.map(({metadata}) => metadata?.uid));
	for (const one of kept.values()) if (!there.has(one.pod.metadata?.uid)) void end(one, 0);
	const rules = routesOf(services, own, options.apiAddress);
	for (const one of kept.values()) {
		if (one.ending) continue;
		await one.run.route(rules);
		// What went missing after the start leaves the volume as it was.
		await one.run.refresh().catch((error: Error) => {
			if (error.name !== 'NotThere') throw error;
		});
		await tell(one);
	}
}

/** Starts what is new, ends what should go. */
async function hold(pod: V1Pod): Promise<void> {
	const {uid = '', deletionTimestamp, deletionGracePeriodSeconds = 30} = pod.metadata ?? {};
	const known = kept.get(uid);
	if (known !== undefined) {
		if (deletionTimestamp !== undefined) void end(known, deletionGracePeriodSeconds);
		return;
	}
	if (deletionTimestamp !== undefined) return remove(pod);
	if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return;
	const used = new Set([...kept.values()].map(({index}) => index));
	let index = 0;
	while (used.has(index)) index += 1;
	const run = runPod(pod, index, options, objectsOf(pod), () => {
		const one = kept.get(uid);
		if (one !== undefined) void tell(one).catch(() => {});
	});
	kept.set(uid, {pod, run, index, told: '', ending: false, takenAt: Date.now(), wasReady: false});
	console.log(`${nameOf(pod)} was taken`);
}

async function end(one: Kept, graceSeconds: number): Promise<void> {
	if (one.ending) return;
	one.ending = true;
	await one.run.stop(graceSeconds);
	await tell(one).catch(() => {});
	await remove(one.pod).catch((error: Error) => console.error(error.message));
	kept.delete(one.pod.metadata?.uid ?? '');
	console.log(`${nameOf(one.pod)} is gone`);
}

async function remove({metadata}: V1Pod): Promise<void> {
	const path = `/api/v1/namespaces/${metadata?.namespace}/pods/${metadata?.name}`;
	await ask('DELETE', path, {gracePeriodSeconds: 0, preconditions: {uid: metadata?.uid}}).catch((error: unknown) => {
		if (!(error instanceof ApiError) || (error.code !== 404 && error.code !== 409)) throw error;
	});
}

/** Writes the status where it changed. */
async function tell(one: Kept): Promise<void> {
	const status = one.run.status();
	const text = JSON.stringify(status);
	if (text === one.told) return;
	const before = one.told;
	one.told = text;
	const {name, namespace} = one.pod.metadata ?? {};
	const isReady = (said: string) => said.includes('"type":"Ready","status":"True"');
	if (isReady(text) && !one.wasReady) {
		one.wasReady = true;
		console.log(`${nameOf(one.pod)} took ${Date.now() - one.takenAt} ms to be ready`);
	}
	try {
		await ask('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}/status`, {status});
	} catch (error) {
		if (one.told === text) one.told = before;
		throw error;
	}
}

function objectsOf({metadata, spec}: V1Pod): Objects {
	const {namespace = '', name, uid} = metadata ?? {};
	return {
		data: (kind, wanted) =>
			// A controller that the lab's cluster lacks would have put it there.
			kind === 'ConfigMap' && wanted === 'kube-root-ca.crt'
				? {'ca.crt': Buffer.from(options.api.ca)}
				: data.get(`${kind} ${namespace}/${wanted}`),
		token: async (audience, expirationSeconds = 3600) => {
			const key = `${uid} ${audience} ${expirationSeconds}`;
			const known = tokens.get(key);
			if (known !== undefined && Date.now() < known.until) return known.token;
			const account = spec?.serviceAccountName ?? 'default';
			const boundObjectRef = {kind: 'Pod', apiVersion: 'v1', name, uid};
			const answer = await ask('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`, {
				spec: {expirationSeconds, boundObjectRef, ...(audience !== undefined && {audiences: [audience]})},
			});
			const {token} = (answer as {status: {token: string}}).status;
			tokens.set(key, {token, until: Date.now() + tokenLifeMs});
			return token;
		},
	};
}

async function readData(namespace: string): Promise<void> {
	const secrets = await list<V1Secret>(`/api/v1/namespaces/${namespace}/secrets`);
	const maps = await list<V1ConfigMap>(`/api/v1/namespaces/${namespace}/configmaps`);
	for (const key of data.keys()) if (key.includes(` ${namespace}/`)) data.delete(key);
	const packed = (values: Record<string, string> | undefined) =>
		Object.entries(values ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value, 'base64')]);
	for (const {metadata, data: values} of secrets) {
		data.set(`Secret ${namespace}/${metadata?.name}`, Object.fromEntries(packed(values)));
	}
	for (const {metadata, data: plain = {}, binaryData} of maps) {
		const texts = Object.entries(plain).map(([key, value]): [string, Buffer] => [key, Buffer.from(value)]);
		data.set(`ConfigMap ${namespace}/${metadata?.name}`, Object.fromEntries([...texts, ...packed(binaryData)]));
	}
}

/** The node as an object of the API, so that the scheduler has one. */
async function register(): Promise<void> {
	const labels = {'kubernetes.io/hostname': options.name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64'};
	const node = {apiVersion: 'v1', kind: 'Node', metadata: {name: options.name, labels}};
	await ask('POST', '/api/v1/nodes', node).catch((error: unknown) => {
		if (!(error instanceof ApiError) || error.code !== 409) throw error;
	});
	const size = {cpu: '16', memory: '64Gi', pods: '100'};
	const conditions = [
		{type: 'Ready', status: 'True', reason: 'Lab', lastHeartbeatTime: now(), lastTransitionTime: now()},
	];
	const addresses = [{type: 'InternalIP', address: options.address}];
	const status = {capacity: size, allocatable: size, conditions, addresses};
	await ask('PATCH', `/api/v1/nodes/${options.name}/status`, {status});
}

async function list<T>(path: string): Promise<T[]> {
	return ((await ask('GET', path)) as {items: T[]}).items;
}

function nameOf({metadata}: V1Pod): string {
	return `${metadata?.namespace}/${metadata?.name}`;
}

function listed(names: Readonly<Record<string, string>>): Record<string, string[]> {
	return Object.fromEntries(Object.entries(names).map(([name, address]) => [name, [address]]));
}
