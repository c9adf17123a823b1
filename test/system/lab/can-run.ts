/** Whether the real parts can run here: a newcomer's machine is told what is missing, CI fails. */

import baseTest, {type TestFn} from 'ava';
import {whatIsMissing} from './what-is-missing.ts';

const missing = await whatIsMissing();
if (missing !== undefined && process.env.CI !== undefined) throw new Error(missing);

/** False where the tests of this process skip. */
export const canRun = missing === undefined;

/** AVA's `test.serial`, or `test.serial.skip` where the real parts cannot run. One lab serves a whole file, one test after another. */
export const systemTest = (canRun ? baseTest.serial : baseTest.serial.skip) as TestFn<unknown>['serial'];
