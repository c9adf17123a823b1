/**
 * The daemon as users run it, for a million probes of good, dead, slow, resetting, lying and endless targets that come and go:
 * what it holds must stay flat, its counters must add up, each verdict must be the deserved one, and it must end when it is told to.
 */

import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {isInside, runInside, setUpNetwork} from './inside.ts';
import {dnsAddress} from './kinds.ts';
import {createReport} from './report.ts';
import {runSoak, type SoakOptions} from './run.ts';

const usage = `Usage: npm run soak -- [--short] [--probes N] [--minutes N] [--scale N] [--seed N] [--kill SECONDS] [--trace FILE]

Ends after so many probes (default 1000000) or minutes (default 60), whatever comes first. --short: two and a half minutes, for CI: memory takes its first to become level.
--scale multiplies the number of targets; 1 are about 650, twice a second each.
--kill: the measuring thread dies so often (default 60, short 20). --trace: what was held from time to time, as CSV. Needs Linux, and root or user namespaces.
`;

// Servers that are still there must not hold it.
process.exit(await main());

async function main(): Promise<number> {
	const {values} = parseArgs({
		options: {
			short: {type: 'boolean'},
			probes: {type: 'string'},
			minutes: {type: 'string'},
			scale: {type: 'string'},
			seed: {type: 'string'},
			kill: {type: 'string'},
			trace: {type: 'string'},
			help: {type: 'boolean', short: 'h'},
		},
	});
	if (values.help) {
		process.stdout.write(usage);
		return 0;
	}
	const options: SoakOptions = {
		probes: positive('probes', values.probes, 1_000_000),
		seconds: 60 * positive('minutes', values.minutes, values.short ? 1.6 : 60),
		scale: positive('scale', values.scale, 1),
		seed: positive('seed', values.seed, 1 + (Date.now() % 1_000_000)),
		isShort: values.short ?? false,
		killSeconds: positive('kill', values.kill, values.short ? 20 : 60),
		trace: values.trace,
	};
	if (!isInside()) return await runInside();
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-soak-'));
	const report = createReport();
	try {
		await setUpNetwork(folder, {local: ['100.64.0.1/16', '10.77.0.1/16'], nameserver: dnsAddress});
		await runSoak(options, folder, report);
	} finally {
		rmSync(folder, {recursive: true, force: true});
	}
	return report.end();
}

function positive(name: string, text: string | undefined, otherwise: number): number {
	const value = text === undefined ? otherwise : Number(text);
	if (value > 0 && Number.isFinite(value)) return value;
	process.stderr.write(`--${name} expects a number above 0, got ${JSON.stringify(text)}.\n\n${usage}`);
	process.exit(64);
}
