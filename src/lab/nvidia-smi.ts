/** The lab's nvidia-smi. The first argument is the file that names its mode; the others are what the real one takes. */

import {readFileSync, writeSync} from 'node:fs';
import {answerSmi, type GpuMode} from './fake-gpus.ts';

const [, , file = '', ...args] = process.argv;
const {stdout, stderr = '', exitCode, forEver} = answerSmi(args, readFileSync(file, 'utf8').trim() as GpuMode);

writeSync(1, stdout);
writeSync(2, stderr);
if (forEver === 'silent') setInterval(() => {}, 60_000);
else if (forEver === 'writing') for (;;) writeSync(1, stdout.repeat(1000));
process.exitCode = exitCode;
