/** Whether there is a browser: a newcomer's machine is told that it lacks one, CI fails. */

import baseTest, {type TestFn} from 'ava';
import {lacksBrowser} from './browser.ts';

if (lacksBrowser !== undefined && process.env.CI !== undefined) throw new Error(lacksBrowser);
if (lacksBrowser !== undefined) console.log(lacksBrowser);

/** False where the tests of this process skip. */
export const canBrowse = lacksBrowser === undefined;

/** AVA's `test.serial`, or `test.serial.skip` where there is no browser. */
export const browserTest = (canBrowse ? baseTest.serial : baseTest.serial.skip) as TestFn<unknown>['serial'];
