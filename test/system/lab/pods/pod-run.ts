/** One pod on the lab's node: its volumes, its network, its init containers in order, then the others, until it ends or is stopped. */

import {mkdir, mkdtemp, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as wait} from 'node:timers/promises';
import type {V1Container, V1Pod, V1PodStatus} from '@kubernetes/client-node';
import {asUser, type ImageRoot, isolated, rootScript} from './container-command.ts';
import {environmentOf, expand} from './environment.ts';
import {resolveInRoot} from './in-root.ts';
import {NotThere, type Objects} from './objects.ts';
import {type ContainerProcess, startContainer} from './process.ts';
import {makeSandbox, type Sandbox} from './sandbox.ts';
import {now, statusOf} from './status.ts';
import {type Supervised, supervise} from './supervise.ts';
import {makeVolumes, tokenVolume} from './volumes.ts';

/** What all pods of a node share. */
export interface NodePlace {
	directory: string;
	/** The namespace of the bridge. */
	hub: string;
	/** The node's own address. */
	address: string;
	images: readonly ImageRoot[];
	/** Put into every container: where the API server is. */
	env: Readonly<Record<string, string>>;
	/** Address of the cluster's DNS. */
	dns: string;
}

/** A pod that runs. */
export interface PodRun {
	status(): V1PodStatus;
	/** Brings its volumes up to date with the API. */
	refresh(): Promise<void>;
	route(rules: readonly string[]): Promise<void>;
	/** Ends its containers, sidecars last; resolves when all is gone. */
	stop(graceSeconds: number): Promise<void>;
}

/** How often kubelet asks the runtime what runs. */
const lookMs = 1000;
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Starts a pod. `index` is its number among the pods that run; `changed` is called when its status may have changed. */
export function runPod(pod: V1Pod, index: number, place: NodePlace, objects: Objects, changed: () => void): PodRun {
	const {name = '', namespace = '', uid = ''} = pod.metadata ?? {};
	const directory = join(place.directory, uid);
	const facts = {startTime: now(), waitsFor: undefined as string | undefined, isInitialized: false};
	const since = new Map<string, {status: string; at: string}>();
	const inits: Supervised[] = [];
	const mains: Supervised[] = [];
	let sandbox: Sandbox | undefined;
	let volumes = new Map<string, string>();
	let rules: readonly string[] = [];
	let end: 'Succeeded' | 'Failed' | undefined;
	let isStopping = false;

	const withAddress = (): V1Pod => ({
		...pod,
		status: {hostIP: place.address, ...(sandbox !== undefined && {podIP: sandbox.address})},
	});

	async function start(container: V1Container): Promise<ContainerProcess> {
		const image = imageOf(container, place.images);
		const scratch = await mkdtemp(join(directory, `${container.name}-`));
		const env = environmentOf(withAddress(), container, objects, {...image.env, ...place.env});
		const words = (list: readonly string[] | undefined) => (list ?? []).map(word => expand(word, env));
		const command = [
			...(container.command === undefined ? image.entrypoint : words(container.command)),
			...words(container.args),
		];
		const privileged = container.securityContext?.privileged === true;
		const mounts = (container.volumeMounts ?? []).map(({name: volume, mountPath, readOnly = false, subPath}) => {
			const from = volumes.get(volume);
			if (from === undefined) throw new Error(`The pod has no volume "${volume}".`);
			return {from: subPath === undefined ? from : join(from, subPath), to: mountPath, readOnly};
		});
		const token = volumes.get(tokenVolume);
		if (token !== undefined && !mounts.some(({to}) => to === tokenPath))
			mounts.push({from: token, to: tokenPath, readOnly: true});
		for (const file of ['hosts', 'hostname', 'resolv.conf'])
			mounts.push({from: join(directory, file), to: `/etc/${file}`, readOnly: false});
		for (const mount of mounts) mount.to = await resolveInRoot(image.root, mount.to);
		const script = rootScript(
			{
				image,
				mounts,
				readOnly: container.securityContext?.readOnlyRootFilesystem === true,
				privileged,
				scratch,
				workingDirectory: container.workingDir ?? '/',
			},
			[...asUser(pod, container, image), ...command],
		);
		const logFile = join(place.directory, `${namespace}_${name}_${container.name}.log`);
		return startContainer({command: [...(sandbox?.enter ?? []), ...isolated, script], env, logFile});
	}

	function keep(container: V1Container, restart: 'Always' | 'OnFailure' | 'Never'): Supervised {
		const image = imageOf(container, place.images);
		return supervise({
			container,
			restart,
			start: () => start(container),
			place: ({pid}) => ({
				address: sandbox?.address ?? '',
				container,
				enter: [
					'nsenter',
					`--target=${pid}`,
					'--mount',
					'--pid',
					'--net',
					'--ipc',
					'--uts',
					...asUser(pod, container, image),
				],
			}),
			changed,
		});
	}

	async function live(): Promise<void> {
		await mkdir(directory, {recursive: true});
		await makeVolumesOnceThere();
		if (isStopping) return;
		sandbox = await makeSandbox({
			hub: place.hub,
			hostname: name,
			index,
			sysctls: Object.fromEntries((pod.spec?.securityContext?.sysctls ?? []).map(({name: key, value}) => [key, value])),
		});
		await writeFiles(directory, sandbox.address, name, namespace, place.dns);
		await sandbox.route(rules);
		const policy = (pod.spec?.restartPolicy ?? 'Always') as 'Always' | 'OnFailure' | 'Never';
		for (const container of pod.spec?.initContainers ?? []) {
			if (isStopping) return;
			const isSidecar = container.restartPolicy === 'Always';
			const init = keep(container, isSidecar ? 'Always' : policy === 'Never' ? 'Never' : 'OnFailure');
			inits.push(init);
			if (isSidecar) await seenRunning(init);
			else if ((await init.ended) !== 0 && !isStopping) return finish('Failed');
		}
		if (isStopping) return;
		facts.isInitialized = true;
		mains.push(...(pod.spec?.containers ?? []).map(container => keep(container, policy)));
		const codes = await Promise.all(mains.map(main => main.ended));
		if (!isStopping) await finish(codes.every(code => code === 0) ? 'Succeeded' : 'Failed');
	}

	/** kubelet goes by what it saw a second ago: a sidecar that ended at once in between holds up all that follows. */
	async function seenRunning(sidecar: Supervised): Promise<void> {
		for (let seen = false; !seen && !isStopping; ) {
			await wait(lookMs);
			const {started, state} = sidecar.status();
			seen = started === true && state?.running !== undefined;
		}
	}

	async function makeVolumesOnceThere(): Promise<void> {
		while (!isStopping) {
			try {
				volumes = await makeVolumes(pod, join(directory, 'volumes'), objects);
				facts.waitsFor = undefined;
				return;
			} catch (error) {
				if (!(error instanceof NotThere)) throw error;
				facts.waitsFor = `MountVolume.SetUp failed: ${error.message}`;
				changed();
				await wait(500);
			}
		}
	}

	async function finish(how: 'Succeeded' | 'Failed'): Promise<void> {
		for (const init of [...inits].reverse()) await init.stop(2000);
		end = how;
		changed();
	}

	const living = live().catch((error: Error) => {
		facts.waitsFor = error.message;
		process.stderr.write(`${namespace}/${name}: ${error.stack}\n`);
		changed();
	});

	return {
		status: () =>
			statusOf(
				pod,
				{
					...facts,
					hostAddress: place.address,
					address: sandbox?.address,
					end,
					inits: inits.map(init => init.status()),
					mains: mains.map(main => main.status()),
				},
				since,
			),
		refresh: async () => {
			if (volumes.size > 0) await makeVolumes(pod, join(directory, 'volumes'), objects);
		},
		route: async next => {
			if (next.join() === rules.join()) return;
			rules = next;
			await sandbox?.route(rules);
		},
		stop: async graceSeconds => {
			isStopping = true;
			const graceMs = graceSeconds * 1000;
			await Promise.all(mains.map(main => main.stop(graceMs)));
			for (const init of [...inits].reverse()) await init.stop(graceMs);
			await living;
			await sandbox?.stop();
		},
	};
}

function imageOf({image = ''}: V1Container, images: readonly ImageRoot[]): ImageRoot {
	const found = images.find(({prefix}) => image.startsWith(prefix));
	if (found === undefined) throw new Error(`Failed to pull image "${image}": the lab has no root directory for it.`);
	return found;
}

async function writeFiles(
	directory: string,
	address: string,
	name: string,
	namespace: string,
	dns: string,
): Promise<void> {
	const search = [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'].join(' ');
	await writeFile(join(directory, 'hosts'), `127.0.0.1 localhost\n::1 localhost\n${address} ${name}\n`);
	await writeFile(join(directory, 'hostname'), `${name}\n`);
	await writeFile(join(directory, 'resolv.conf'), `search ${search}\nnameserver ${dns}\noptions ndots:5\n`);
}
