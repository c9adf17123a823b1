import {existsSync, readFileSync, statSync} from 'node:fs';
import test from 'ava';
import {version} from '../../src/util/version.ts';
import {parseContainerfile} from '../system/lab/containerfile.ts';

const text = readFileSync('Containerfile', 'utf8');
const stages = parseContainerfile(text);
const final = stages.at(-1);
const copied = stages.flatMap(({steps}) =>
	steps.flatMap(step => (step.kind === 'copy' && step.stage === undefined ? step.from : [])),
);

test('the image runs as a user without rights, says its ports, and has no check of health that would double the probes of a pod', t => {
	t.like(final, {user: '65532:65532', ports: ['9753', '9754'], entrypoint: ['/usr/local/bin/tailprobe']});
	t.notRegex(text, /^HEALTHCHECK/m);
});

test('the image names the version of package.json', t => {
	t.is(final?.labels['org.opencontainers.image.version'], version);
});

test('images are named with their registry and an exact version or suite', t => {
	t.deepEqual(
		stages.map(({from}) => from),
		[`docker.io/library/node:${process.versions.node}-bookworm-slim`, 'docker.io/library/debian:bookworm-slim'],
	);
});

test('what is copied is there, and let through by .containerignore, which lets nothing else through', t => {
	const [all, ...through] = readFileSync('.containerignore', 'utf8')
		.split('\n')
		.filter(line => line !== '' && !line.startsWith('#'));

	t.is(all, '*');
	t.deepEqual(through.toSorted(), copied.map(path => `!${path.replace(/\/$/, '')}`).toSorted());
	for (const path of copied) t.true(existsSync(path), path);
});

test('the scripts that are run can be run', t => {
	const called = stages.flatMap(({steps}) => steps.flatMap(step => (step.kind === 'run' ? step.command : [])));
	const files = called.map(command => command.split(' ')[0]?.replace(/^\/mnt\//, 'scripts/image/') ?? '');

	t.true(files.length > 0);
	for (const file of files) t.true((statSync(file).mode & 0o111) !== 0, file);
});

test('what the parser does not know is refused, and not passed over', t => {
	for (const line of [
		'HEALTHCHECK CMD true',
		'COPY --chown=1:1 a b/',
		'COPY a b',
		'RUN --network=none true',
		'RUN $NOWHERE',
		'ADD a b/',
	])
		t.throws(() => parseContainerfile(`FROM x\n${line}\n`), {message: /not understood here/}, line);
});
