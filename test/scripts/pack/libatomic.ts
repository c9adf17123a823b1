import {execFile} from 'node:child_process';
import {copyFile, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import test from 'ava';
import {dynamicEntries, numberAt, readElf, stringAt, tags} from '../../../scripts/pack/elf.ts';
import {doWithoutLibatomic} from '../../../scripts/pack/libatomic.ts';
import {until} from '../../helpers/until.ts';

const run = promisify(execFile);

const neededBy = (bytes: Buffer) => {
	const elf = readElf(bytes);
	return dynamicEntries(elf, tags.needed).map(at => stringAt(elf, numberAt(bytes, at + 8)));
};

// Elsewhere the packed agent needs the library and says so.
const onX64 = process.arch === 'x64' ? test : test.skip;

onX64('Node.js runs without libatomic, threads and WebAssembly too', async t => {
	const scratch = await mkdtemp(join(tmpdir(), 'tailprobe-libatomic-'));
	t.teardown(() => rm(scratch, {recursive: true}));
	const file = join(scratch, 'node');
	await copyFile(process.execPath, file);
	const bytes = await readFile(file);
	const before = neededBy(bytes);

	const why = doWithoutLibatomic(bytes);

	t.is(why, undefined);
	t.deepEqual(
		neededBy(bytes),
		before.filter(name => name !== 'libatomic.so.1'),
	);
	await writeFile(file, bytes);
	// Many functions, many threads and a module of WebAssembly: whoever calls the function is among them.
	const script = `
		const {Worker} = require('node:worker_threads');
		const wasm = () => new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(
			'0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b', 'hex'))).exports.add(1, 2);
		const busy = () => Array.from({length: 5000}, (_, i) => new Function('return ' + i)()).reduce((a, b) => a + b, 0);
		const inThread = () => new Promise((resolve, reject) => new Worker('(' + busy + ')()', {eval: true}).on('exit', resolve).on('error', reject));
		Promise.all([inThread(), inThread(), inThread()]).then(codes => { gc(); console.log(codes.join(), wasm(), busy()); });
	`;
	let stdout = '';
	await until(async () => {
		try {
			({stdout} = await run(file, ['--expose-gc', '--eval', script], {env: {}, timeout: 20_000}));
			return true;
		} catch (error) {
			// A child that another test starts just now may still hold the file open for writing.
			if ((error as NodeJS.ErrnoException).code === 'ETXTBSY') return false;
			throw error;
		}
	});
	t.is(stdout, '0,0,0 3 12497500\n');
});

onX64('a program that needs no libatomic stays as it is', async t => {
	const bytes = await readFile('/bin/true');
	const before = Buffer.from(bytes);

	const why = doWithoutLibatomic(bytes);

	t.is(why, undefined);
	t.true(bytes.equals(before));
});

onX64('calls about anything else than eight bytes are left to the library, and the file stays as it was', async t => {
	const bytes = await readFile(process.execPath);
	const elf = readElf(bytes);
	const code = elf.loads.find(({executable}) => executable);
	// `mov edi, 8` becomes `mov edi, 4` everywhere.
	const [eight, four] = [Buffer.from('bf08000000', 'hex'), Buffer.from('bf04000000', 'hex')];
	const end = (code?.offset ?? 0) + (code?.fileSize ?? 0);
	for (let at = bytes.indexOf(eight); at !== -1 && at < end; at = bytes.indexOf(eight, at + 1)) four.copy(bytes, at);
	const before = Buffer.from(bytes);

	const why = doWithoutLibatomic(bytes);

	t.regex(why ?? '', /not every call of __atomic_compare_exchange is about eight bytes/);
	t.true(bytes.equals(before));
});

test('what is no ELF file is refused', t => {
	t.throws(() => doWithoutLibatomic(Buffer.from('#!/bin/sh\n'.padEnd(100))), {message: /no ELF file/});
});
