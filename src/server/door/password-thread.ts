/** Compares passwords with bcrypt hashes on a thread of its own, one at a time: each takes tens of milliseconds of CPU. */

import {parentPort} from 'node:worker_threads';
import bcrypt from 'bcryptjs';

export interface PasswordQuestion {
	id: number;
	password: string;
	hash: string;
}

export interface PasswordAnswer {
	id: number;
	right: boolean;
	tookMs: number;
}

parentPort?.on('message', ({id, password, hash}: PasswordQuestion) => {
	const began = performance.now();
	const right = bcrypt.compareSync(password, hash);
	const answer: PasswordAnswer = {id, right, tookMs: performance.now() - began};
	parentPort?.postMessage(answer);
});
