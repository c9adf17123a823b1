/** schemathesis, from PyPI into a virtual environment of the cache, by exact version; and its run against the daemon of the lab. */

import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, writeFileSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {execa} from 'execa';
import {nodeEnvironment, nodeFlags} from '../as-started.ts';
import type {Report} from './report.ts';

const version = '4.32.5';
const environment = join(
	process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
	'tailprobe',
	`schemathesis-${version}`,
);
const program = join(environment, 'bin', 'st');

/** Throws where python3 cannot make it. */
export async function ensureSchemathesis(): Promise<void> {
	// Written last by pip.
	if (existsSync(program)) return;
	await rm(environment, {recursive: true, force: true});
	await execa('python3', ['-m', 'venv', environment]);
	await execa(join(environment, 'bin', 'pip'), [
		'install',
		'--quiet',
		'--disable-pip-version-check',
		`schemathesis==${version}`,
	]);
}

/** All of it but: 500 is what blackbox_exporter answers, and so what /probe promises, for a scrape timeout that is none. */
const settings = `[[operations]]
include-path = "/probe"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 500, 503]

[[operations]]
include-path = "/-/reload"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 500]

[[operations]]
include-path = "/sd/nodes"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503]
`;

const checks = [
	'not_a_server_error',
	'status_code_conformance',
	'content_type_conformance',
	'response_headers_conformance',
	'response_schema_conformance',
];

export async function runSchemathesis(
	{seed, seconds, folder}: {seed: number; seconds: number; folder: string},
	report: Report,
): Promise<void> {
	const settingsFile = join(folder, 'schemathesis.toml');
	writeFileSync(settingsFile, settings);
	const lab = await startLab(folder);
	const found = await execa(
		program,
		[
			`--config-file=${settingsFile}`,
			'run',
			`${lab.url}/openapi.json`,
			`--seed=${seed}`,
			'--max-examples=50',
			'--phases=examples,coverage,fuzzing',
			`--checks=${checks.join()}`,
			`--max-time=${seconds}`,
			'--max-failures=10',
			'--request-timeout=15',
			'--generation-database=none',
			'--no-color',
			'--warnings=off',
		],
		{cwd: folder, reject: false, all: true, timeout: (seconds + 120) * 1000},
	);
	const lines = found.all.split('\n').map(line => line.slice(0, 300));
	const failures = lines.slice(lines.findIndex(line => / FAILURES /.test(line)));
	const cases = /(\d+) generated/.exec(found.all)?.[1] ?? 'no';
	report.check(
		found.exitCode === 0 && Number(cases) > 0,
		'schemathesis finds no fault in what /openapi.json describes',
		found.exitCode === 0 ? `${cases} cases` : `${cases} cases\n${failures.slice(0, 60).join('\n')}`,
	);
	const bugs = await (await fetch(`${lab.url}/metrics`)).text();
	report.check(/^tailprobe_internal_errors_total 0$/m.test(bugs), 'and makes no internal error');
	const code = await lab.end();
	report.check(code === 0, 'and the lab ends in order', `exit ${code}`);
}

async function startLab(folder: string): Promise<{url: string; end(): Promise<number | null>}> {
	const child: ChildProcess = spawn(
		process.execPath,
		[...nodeFlags, fileURLToPath(new URL('../../src/main.ts', import.meta.url)), 'lab'],
		// A lab of the same user may be running already.
		{stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, ...nodeEnvironment, TMPDIR: folder}},
	);
	process.on('exit', () => child.kill('SIGKILL'));
	const exited = once(child, 'exit');
	let told = '';
	for (const stream of [child.stdout, child.stderr])
		stream?.setEncoding('utf8').on('data', (text: string) => {
			if (told.length < 100_000) told += text;
		});
	for (;;) {
		const url = / Look +(http:\S+?)\/\s/.exec(told)?.[1];
		if (url !== undefined) return {url, end};
		if (child.exitCode !== null) throw new Error(`the lab ended at once: ${told}`);
		await new Promise(resolve => setTimeout(resolve, 100));
	}

	async function end(): Promise<number | null> {
		child.kill('SIGTERM');
		return ((await exited) as [number | null])[0];
	}
}
