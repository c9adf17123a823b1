/** Probes of a container, as kubelet makes them: from the node, in a rhythm, and counted. */

import {setTimeout as wait} from 'node:timers/promises';
import type {V1Container, V1Probe} from '@kubernetes/client-node';
import {execa} from 'execa';
import {request} from 'undici';

/** Where a probe looks. */
export interface ProbePlace {
	/** Of the pod. */
	address: string;
	container: V1Container;
	/** What stands before a command that runs in the container. */
	enter: readonly string[];
}

/** Asks until it is stopped, and tells each time that the verdict holds: enough answers in a row were good, or bad. */
export async function keepProbing(
	probe: V1Probe,
	place: ProbePlace,
	signal: AbortSignal,
	tell: (isGood: boolean) => void,
): Promise<void> {
	const {initialDelaySeconds = 0, periodSeconds = 10, successThreshold = 1, failureThreshold = 3} = probe;
	let [good, bad] = [0, 0];
	const pause = (seconds: number) => wait(seconds * 1000, undefined, {signal}).catch(() => {});
	await pause(initialDelaySeconds);
	while (!signal.aborted) {
		if (await answersWell(probe, place)) [good, bad] = [good + 1, 0];
		else [good, bad] = [0, bad + 1];
		if (signal.aborted) return;
		if (good >= successThreshold) tell(true);
		if (bad >= failureThreshold) tell(false);
		await pause(periodSeconds);
	}
}

async function answersWell(
	{httpGet, exec, timeoutSeconds = 1}: V1Probe,
	{address, container, enter}: ProbePlace,
): Promise<boolean> {
	const timeout = timeoutSeconds * 1000;
	if (exec !== undefined) {
		const [command = '', ...args] = [...enter, ...(exec.command ?? [])];
		return !(await execa(command, args, {reject: false, timeout})).failed;
	}
	if (httpGet === undefined) throw new Error(`A probe of ${container.name} is neither httpGet nor exec.`);
	const port = container.ports?.find(({name}) => name === httpGet.port)?.containerPort ?? httpGet.port;
	const scheme = (httpGet.scheme ?? 'HTTP').toLowerCase();
	const headers = Object.fromEntries((httpGet.httpHeaders ?? []).map(({name, value}) => [name, value]));
	try {
		const url = `${scheme}://${httpGet.host ?? address}:${port}${httpGet.path ?? '/'}`;
		const answer = await request(url, {headers, signal: AbortSignal.timeout(timeout)});
		await answer.body.dump();
		return answer.statusCode >= 200 && answer.statusCode < 400;
	} catch {
		return false;
	}
}
