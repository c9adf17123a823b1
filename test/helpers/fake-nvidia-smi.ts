/** An nvidia-smi as a real child process, in any of the lab's modes or as a script of the test's own. */

import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {type GpuMode, installFakeSmi} from '../../src/lab/fake-gpus.ts';

/** The lab's nvidia-smi in that mode, in a folder of its own. */
export function fakeSmi(t: ExecutionContext, mode: GpuMode): ReturnType<typeof installFakeSmi> {
	return installFakeSmi(aFolder(t), mode);
}

/** An nvidia-smi that is this shell script; `log` counts a line per start. */
export function scriptedSmi(t: ExecutionContext, script: string): {command: string; log: string} {
	const folder = aFolder(t);
	const command = join(folder, 'nvidia-smi');
	const log = join(folder, 'starts');
	writeFileSync(log, '');
	writeFileSync(command, `#!/bin/sh\necho "$@" >>'${log}'\n${script}\n`);
	chmodSync(command, 0o755);
	return {command, log};
}

/** A folder that is gone after the test. */
export function aFolder(t: ExecutionContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-smi-'));
	t.teardown(() => rmSync(folder, {recursive: true, force: true}));
	return folder;
}
