import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {closedPort} from '../helpers/servers.ts';
import {until} from '../helpers/until.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;
const token = 'a-token-of-enough-characters';

interface InPod {
	tokenFile: string;
	/** As `kubectl exec` runs it: with the environment of the container. */
	exec(...args: string[]): Promise<{status: number | null; out: string; err: string}>;
}

/** A daemon as its container has it: it listens beyond loopback, its token is a file that the environment names. */
async function inPod(t: ExecutionContext): Promise<InPod> {
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-exec-'));
	const tokenFile = join(folder, 'token');
	const port = await closedPort();
	writeFileSync(tokenFile, `${token}\n`);
	writeFileSync(
		join(folder, 'tailprobe.yaml'),
		`web: {listen: ":${port}", bearer_tokens: [{name: operator, file: token}]}
vantages: [{name: cluster, type: local, tailscaled: false}]
checks: [{name: api, prober: tcp, via: direct, timeout: 500ms, targets: [{name: api, target: "nobody.invalid:1"}]}]
`,
	);
	const env = {...process.env, TAILPROBE_TOKEN_FILE: tokenFile, TAILPROBE_URL: `http://127.0.0.1:${port}`};
	const daemon: ChildProcess = spawn(process.execPath, [main, 'serve', '--config', join(folder, 'tailprobe.yaml')], {
		env,
		stdio: 'ignore',
	});
	t.teardown(async () => {
		const ended = once(daemon, 'exit');
		daemon.kill('SIGTERM');
		await ended;
		rmSync(folder, {recursive: true});
	});
	await until(async () => (await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => undefined))?.status === 200);
	const exec: InPod['exec'] = (...args) =>
		new Promise(resolve => {
			const child = execFile(process.execPath, [main, ...args], {env, timeout: 30_000}, (_error, out, err) =>
				resolve({status: child.exitCode, out, err}),
			);
		});
	return {tokenFile, exec};
}

test('in the container of a daemon that listens beyond loopback, probe and diagnose need nothing but its environment', async t => {
	const {tokenFile, exec} = await inPod(t);

	const probe = await exec('probe', '--check', 'api', '--json');
	const diagnosis = await exec('diagnose', 'api api', '--json');

	t.is(probe.err, '');
	// `unknown` where no name server answers.
	const statuses: Record<string, number> = {down: 1, unknown: 2};
	t.is(probe.status, statuses[JSON.parse(probe.out).outcome.verdict] ?? 0, probe.out);
	t.is(diagnosis.err, '');
	t.is(diagnosis.status, statuses[JSON.parse(diagnosis.out).verdict] ?? 0, diagnosis.out);

	rmSync(tokenFile);
	for (const args of [
		['probe', '--check', 'api'],
		['diagnose', 'api api'],
	]) {
		const {status, out, err} = await exec(...args);
		t.deepEqual([status, out], [78, '']);
		t.regex(
			err,
			/TAILPROBE_TOKEN_FILE names a token that cannot be used\. The secret in the file .*token cannot be read: there is no such file\. Put it there, or in a pod create the Secret/,
		);
	}
});
