/**
 * Abuse: schemathesis from /openapi.json against the daemon of the lab, and `/probe` with hostile requests against a daemon whose
 * operator allowed everything that can be allowed. What must not be reached has listeners that count, and what is secret was planted.
 */

import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {abuseProbe} from './abuse.ts';
import {forbiddenAddresses} from './hostile.ts';
import {isInside, runInside, setUpNetwork} from './inside.ts';
import {dnsAddress} from './kinds.ts';
import {createReport} from './report.ts';
import {ensureSchemathesis, runSchemathesis} from './schemathesis.ts';

const usage = `Usage: npm run fuzz -- [--short] [--requests N] [--seed N]

Hostile requests to /probe (default 6000) and two minutes of schemathesis; --short: 1500 and 30 s, for CI. The same seed draws
the same requests. Needs Linux, root or user namespaces, and python3 with venv for schemathesis.
`;

// Servers that are still there must not hold it.
process.exit(await main());

async function main(): Promise<number> {
	const {values} = parseArgs({
		options: {
			short: {type: 'boolean'},
			requests: {type: 'string'},
			seed: {type: 'string'},
			help: {type: 'boolean', short: 'h'},
		},
	});
	if (values.help) {
		process.stdout.write(usage);
		return 0;
	}
	const seed = Number(values.seed ?? 1 + (Date.now() % 1_000_000));
	const requests = Number(values.requests ?? (values.short ? 1500 : 6000));
	if (!(Number.isSafeInteger(seed) && Number.isSafeInteger(requests) && requests > 0)) {
		process.stderr.write(usage);
		return 64;
	}
	if (!isInside()) {
		// Inside nothing can be downloaded.
		await ensureSchemathesis();
		return await runInside();
	}
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-fuzz-'));
	const report = createReport();
	process.stdout.write(`seed ${seed}\n`);
	try {
		// Those of 127.0.0.0/8 and ::1 are there already.
		const forbidden = forbiddenAddresses.filter(address => !/^127\.|^::1$/.test(address));
		await setUpNetwork(folder, {
			local: [
				'100.64.0.1/16',
				'10.77.0.1/16',
				...forbidden.map(address => `${address}/${address.includes(':') ? 128 : 32}`),
			],
			nameserver: dnsAddress,
		});
		await abuseProbe({seed, requests, folder}, report);
		await runSchemathesis({seed, seconds: values.short ? 30 : 120, folder}, report);
	} finally {
		rmSync(folder, {recursive: true, force: true});
	}
	return report.end();
}
