import {spawnSync} from 'node:child_process';
import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';

const units = ['tailprobe', 'tailprobe-agent'] as const;
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!hasAnalyze && process.env.CI !== undefined) throw new Error('There is no systemd-analyze here: install systemd.');
/** Elsewhere these are shown as skipped. */
const withAnalyze = hasAnalyze ? test : test.skip;

for (const unit of units) {
	withAnalyze(`systemd finds nothing to complain of in ${unit}.service`, t => {
		const file = installed(t, unit, text => text);

		const {status, stdout, stderr} = analyze('verify', '--man=no', file);

		t.is(stdout + stderr, '');
		t.is(status, 0);
	});

	withAnalyze(`what is exposed of ${unit}.service is little, and systemd says how much`, t => {
		const {stdout} = analyze('security', '--offline=true', '--no-pager', `scripts/systemd/${unit}.service`);

		const [, level = ''] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
		t.log(`${unit}.service: ${level} of 10`);
		t.true(Number(level) > 0 && Number(level) <= 2.5, stdout.slice(-200));
	});

	test(`${unit}.service holds its secrets back, is not restarted for a wrong configuration, and starts after tailscaled`, t => {
		const text = readFileSync(`scripts/systemd/${unit}.service`, 'utf8');

		for (const line of [
			/^After=.*\btailscaled\.service\b/m,
			/^LoadCredential=\S+:\/etc\/tailprobe\//m,
			/^DynamicUser=yes$/m,
			/^RestartPreventExitStatus=78$/m,
			/^ProtectSystem=strict$/m,
			/^RestrictAddressFamilies=.*\bAF_NETLINK\b/m,
		])
			t.regex(text, line);
	});
}

withAnalyze('a mistake in a unit is found', t => {
	const file = installed(t, 'tailprobe', text => text.replace('ProtectSystem=strict', 'ProtectSystem=bogus'));

	const {stdout, stderr} = analyze('verify', '--man=no', file);

	t.regex(stdout + stderr, /bogus/);
});

/** The unit beside a stand-in for its program, which systemd wants to see. */
function installed(t: ExecutionContext, unit: string, change: (text: string) => string): string {
	const folder = mkdtempSync(join(tmpdir(), 'tailprobe-systemd-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	writeFileSync(join(folder, unit), '#!/bin/sh\n');
	chmodSync(join(folder, unit), 0o755);
	const text = readFileSync(`scripts/systemd/${unit}.service`, 'utf8');
	const file = join(folder, `${unit}.service`);
	writeFileSync(file, change(text).replaceAll(`/usr/local/bin/${unit}`, join(folder, unit)));
	return file;
}

function analyze(...args: string[]) {
	return spawnSync('systemd-analyze', args, {encoding: 'utf8', env: {PATH: process.env.PATH, SYSTEMD_COLORS: '0'}});
}
