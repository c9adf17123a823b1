/** A network of the lab with nothing on it: enough for a cluster that needs no tailnet. */

import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Tailnet} from './tailnet.ts';
import {startUnderlay} from './underlay.ts';

/** Where programs of the lab run: a tailnet's hosts, or a network with nothing on it. */
export type Site = Pick<Tailnet, 'directory' | 'underlay' | 'beforeStop'>;

/** Makes a directory and a network with the hosts `hs`, which is the cluster's, and `mon`; both go at `stop`, what `beforeStop` was given first. */
export async function startSite(): Promise<Site & {stop(): Promise<void>}> {
	const directory = await mkdtemp(join(tmpdir(), 'tailprobe-system-'));
	const undo: Array<() => Promise<void>> = [() => rm(directory, {recursive: true, force: true})];
	const stop = async () => {
		for (const step of undo.splice(0).reverse()) await step();
	};
	try {
		const underlay = await startUnderlay(['hs', 'mon'], {}, directory);
		undo.push(() => underlay.stop());
		return {directory, underlay, beforeStop: step => void undo.push(async () => void (await step())), stop};
	} catch (error) {
		await stop();
		throw error;
	}
}
