/** Starts a thread of ours: its program is a file beside the caller's, or a part of the executable where tailprobe is packed as one file. */

import {getAsset, isSea} from 'node:sea';
import {Worker, type WorkerOptions} from 'node:worker_threads';
import {ownFile} from './own-file.ts';

/** `path` is relative to the file that `importMetaUrl` names; packing (`scripts/pack`) finds it in this very call, so it is written out there. */
export function startOwnWorker(path: string, importMetaUrl: string, options: Omit<WorkerOptions, 'eval'>): Worker {
	if (!isSea()) return new Worker(ownFile(path, importMetaUrl), options);
	return new Worker(getAsset(path.replace(/^.*\//, ''), 'utf8'), {...options, eval: true});
}
